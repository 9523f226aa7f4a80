"""Templates of an operator's, tried before the first end that they are to tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bulkdelete.consumers.letter import Letters, one_line
from bulkdelete.consumers.report import Report
from bulkdelete.domain.notify import Outcome
from bulkdelete.projections.answers import FailureCause

FACTS: dict[str, Any] = {
    "operation_id": "7f3a1d52-6c1b-4be8-9a52-3c5f0d9f2b10", "name": "Closed cases", "status": "succeeded",
    "database": "crm", "requested_by": "ops@example.com", "deleted": 1_204_551, "failed": 361,
    "cascaded": {"task": 9_228}, "unlinked": {"email": 12},
    "queries": [
        {
            "entity": "contact", "strategy": "keys", "matched": 1_204_912, "estimated": 1_204_912,
            "deleted": 1_204_551, "failed": 361, "vanished": 0,
        },
    ],
    "duration_seconds": 4_012.4, "submitted_at": "2026-11-23T19:40:02.113Z", "started_at": "2026-11-23T19:40:03Z",
    "ended_at": "2026-11-23T20:46:55Z", "cut_off": "2026-11-23T19:40:02.113Z", "waiting_for": None,
    "postponed_until": None, "rate": None, "reason": None, "field": None, "retry_of": None,
    "remaining": {"0": "records that match may still be arriving"},
}  # fmt: skip
CAUSE = FailureCause(
    361, "contact", "23503", "update or delete on table contact violates a key", "incident_customer", "incident", True,
    "4711", 5, ["12", "17", "80"],
)  # fmt: skip


def sample(outcome: Outcome) -> Report:
    """An operation that ended so."""
    if outcome is Outcome.COMPLETED_WITH_FAILURES:
        return Report(outcome, FACTS, (CAUSE,), 2, b"entity,record_id\r\n", 200)
    reason = (
        {"status": "failed", "reason": "no such entity", "field": "queries[0]"} if outcome is Outcome.FAILED else {}
    )
    return Report(outcome, {**FACTS, "failed": 0, "remaining": {}, **reason})


def check_templates(folder: Path) -> str | None:
    """What is wrong with an operator's templates, or None: each is tried with a sample."""
    letters = Letters("", folder)
    for outcome in Outcome:
        report = sample(outcome)
        for suffix in ("txt", "html"):
            words = {"report": report, **report.facts, "title": report.title}
            try:
                letters.templates.get_template(f"{outcome}.{suffix}").render(words)
            except Exception as error:
                return f"{outcome}.{suffix}: {type(error).__name__}: {one_line(error)}"
    return None
