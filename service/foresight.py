"""What a job will do, as data: the preview of a person, and of another program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bulkdelete.domain.job import Job
from bulkdelete.domain.query.explaining import Explanation, explained
from bulkdelete.records.effects import Outlook, outlooks
from bulkdelete.records.plans import Plan, planned
from bulkdelete.records.preview import Preview
from bulkdelete.records.target import Target

SECONDS = 30.0
"""How long one look at the database may take; past it, its estimates are told."""


@dataclass(frozen=True)
class Foresight:
    """What one query of a job will do."""

    outlook: Outlook
    explanation: Explanation
    plan: Plan
    entity: str

    def to_json(self) -> dict[str, Any]:
        """As plain data, with stable names."""
        one, walk = self.outlook, self.plan.walk
        found: dict[str, Any] = {
            "entity": self.entity, "count": one.count, "exact": one.exact, "blocked": one.blocked,
            "explanation": self.explanation.sentence, "matches_empty": list(self.explanation.matches_empty),
            "readings": list(self.explanation.readings), "sql": self.plan.sql,
            "plan": {"strategy": walk.shape["kind"], "units": walk.units, "estimated": walk.estimated,
                     "indexes": self.plan.indexes},
            "effects": [effect.to_json() for effect in one.effects], "sample": list(one.sample),
        }  # fmt: skip
        return found if one.record_ids is None else {**found, "record_ids": list(one.record_ids)}


def foreseen(
    target: Target, job: Job, preview: Preview, ids: bool = False, seconds: float = SECONDS
) -> list[Foresight]:
    """What each query of a job will do, in the job's order. Writes nothing that lasts, and locks nothing."""
    scope, dialect, terms = preview.scope, target.dialect, job.terms(job.cut_off(preview.at))
    count = len(job.queries)
    with target.available(), dialect.reading(target.engine, seconds, snapshot=True) as connection:
        wheres = [scope.where(index, scope.entity(index), preview.at) for index in range(count)]
        plans = [planned(connection, dialect, scope, index, wheres[index]) for index in range(count)]
        found = outlooks(connection, dialect, scope, wheres, preview.walks, ids)
    names = scope.entity_names()
    return [
        Foresight(found[index], explained(scope.tree(index), terms), plans[index], names[index])
        for index in range(count)
    ]


def why_in_this_order(preview: Preview) -> str:
    """Why the queries run in the order they do."""
    order, names = preview.scope.order(), preview.scope.entity_names()
    if order == list(range(len(order))):
        return "in the order of the job"
    reasons = []
    for at, index in enumerate(order):
        for later in order[at + 1 :]:
            if later < index:
                reasons.append(f"{names[index]} before {names[later]}, whose records it restricts")
    return "; ".join(dict.fromkeys(reasons)) + "; else in the order of the job"


def as_data(job: Job, preview: Preview, found: list[Foresight]) -> dict[str, Any]:
    """The whole preview as plain data, with stable names."""
    return {
        "name": job.name,
        "cut_off": job.cut_off(preview.at).isoformat().replace("+00:00", "Z"),
        "order": preview.scope.order(),
        "order_reason": why_in_this_order(preview),
        "expected": {
            "records": preview.forecast.records,
            "seconds": preview.forecast.seconds,
            "source": preview.forecast.source,
            "log_bytes": preview.forecast.log_bytes,
            "freed_bytes": preview.forecast.freed_bytes,
            "kept_bytes": preview.forecast.kept_bytes,
        },
        "queries": [one.to_json() for one in found],
        "cautions": [{"text": one.text, "grave": one.grave} for one in preview.cautions],
    }
