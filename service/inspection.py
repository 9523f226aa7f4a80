"""What a database says of a job's queries before anything is decided: their SQL, and how it would find the records."""

from __future__ import annotations

import contextlib
import datetime
from dataclasses import dataclass
from typing import Any

from bulkdelete.domain.job import Job
from bulkdelete.records.plans import Plan, plans_of
from bulkdelete.records.target import PLANNING_SECONDS, Target
from bulkdelete.service.wording import describe_walk


@dataclass(frozen=True)
class Inspection:
    """One query as the database sees it."""

    at: datetime.datetime
    found: Plan

    @property
    def sql(self) -> str:
        """The condition that the database evaluates, in a SELECT of the keys."""
        return self.found.sql

    @property
    def plan(self) -> dict[str, Any]:
        """Strategy, units, estimate and the indexes that are used."""
        walk = self.found.walk
        return {"strategy": walk.shape["kind"], "units": walk.units, "estimated": walk.estimated,
                "indexes": self.found.indexes}  # fmt: skip

    @property
    def told(self) -> list[str]:
        """The plan in words."""
        used = f"by the index {', '.join(self.found.indexes)}" if self.found.indexes else "without an index"
        return [describe_walk(self.found.walk), f"the condition is looked up {used}"]


def inspected(job: Job, address: str) -> list[Inspection]:
    """Each query of a job. Raises InvalidJobError where it does not fit the database."""
    with contextlib.closing(Target(address)) as target:
        scope = target.scope(job)
        with target.available(), target.dialect.reading(target.engine, PLANNING_SECONDS) as connection:
            at, plans = plans_of(connection, target.dialect, scope)
    return [Inspection(at, one) for one in plans]
