"""Report: what is told of an operation that has ended, the same in every channel."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.notify import Outcome
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.summary import summary
from bulkdelete.projections.answers import Failure, FailureCause
from bulkdelete.projections.failed import failures_of
from bulkdelete.projections.plain import as_json

MOST_CAUSES = 10
SHORT = 8
HEADS = (
    "entity", "record_id", "query_index", "error_number", "error_description", "constraint", "blocking_entity",
    "blocking_count", "blocking_sample",
)  # fmt: skip
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be calculated by a spreadsheet."""
TITLES = {
    Outcome.COMPLETED: "Completed",
    Outcome.COMPLETED_WITH_FAILURES: "Completed with failures",
    Outcome.FAILED: "Failed",
}


@dataclass(frozen=True)
class Report:
    """An operation that has ended, and why some of its records stayed."""

    outcome: Outcome
    facts: dict[str, Any]
    """The operation, as `bulkdelete status --json` tells it."""
    causes: tuple[FailureCause, ...] = ()
    """The most frequent ones."""
    more_causes: int = 0
    table: bytes | None = None
    """The failures as CSV, as many as fit."""
    rows: int = 0
    """How many failures are in the table."""
    place: str = ""
    """What the commands are told besides, such as where the state is."""

    @property
    def title(self) -> str:
        """How it ended, in words."""
        return TITLES[self.outcome]

    @property
    def short(self) -> str:
        """The operation's id, as people type it."""
        return str(self.facts["operation_id"])[:SHORT]

    @property
    def cascaded(self) -> int:
        """Records of other entities that went along."""
        return sum(self.facts["cascaded"].values())

    def command(self, verb: str, *more: str) -> str:
        """A command about this operation, as people type it."""
        return " ".join(("bulkdelete", verb, self.short, *more)) + self.place

    def data(self) -> dict[str, Any]:
        """The report as JSON data: what webhooks get."""
        told = [one.to_json() for one in self.causes]
        return {**self.facts, "outcome": str(self.outcome), "causes": told, "more_causes": self.more_causes}


def report_of(
    application: BulkDeletes, operation: Operation, outcome: Outcome, most_bytes: int, place: str = ""
) -> Report:
    """What is told of an operation; the table of failures has at most so many bytes."""
    facts = summary(operation)
    if not facts["failed"]:
        return Report(outcome, facts, place=place)
    with failures_of(application, operation.id) as views:
        causes = views.causes(operation.id)
        table, rows = csv_of(views.failures_by_cause(operation.id), most_bytes) if most_bytes else (None, 0)
    few, more = tuple(causes[:MOST_CAUSES]), max(0, len(causes) - MOST_CAUSES)
    return Report(outcome, facts, few, more, table if rows else None, rows, place)


def csv_of(failures: Iterable[Failure], most_bytes: int) -> tuple[bytes, int]:
    """Failures as CSV, as many as fit into so many bytes; and how many these are."""
    table = row(HEADS)
    used, rows, lines = len(table), 0, [table]
    for failure in failures:
        line = row(cell(getattr(failure, name)) for name in HEADS)
        used += len(line)
        if used > most_bytes:
            break
        lines.append(line)
        rows += 1
    return b"".join(lines), rows


def row(cells: Iterable[str]) -> bytes:
    """One line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8", "backslashreplace")


def cell(value: Any) -> str:
    """A value as text that no spreadsheet calculates."""
    text = "" if value is None else value if isinstance(value, str) else as_json(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
