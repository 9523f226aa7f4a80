"""Asking a database which records a query means, as a deletion would."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bulkdelete.domain.job import Job
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.domain.query.writing import expression_of
from bulkdelete.records.scope import Scope
from bulkdelete.records.target import Target
from tests.language.dates import Clock, FiscalYear
from tests.language.evaluator import Evaluator, Record
from tests.records.databases import Database

EVERYTHING: list[dict[str, Any]] = [
    {
        "EntityName": "item",
        "Criteria": {"FilterOperator": "Or", "Conditions": [
            {"AttributeName": name, "Operator": "Under", "Values": [1]} for name in ("up", "own")
        ]},
        "LinkEntities": [
            {"LinkFromAttributeName": "id", "LinkToEntityName": "part", "LinkToAttributeName": "item"},
            {"LinkFromAttributeName": "up", "LinkToEntityName": "item", "LinkToAttributeName": "id"},
            {"LinkFromAttributeName": "own", "LinkToEntityName": "person", "LinkToAttributeName": "id",
             "LinkCriteria": {"FilterOperator": "Or", "Conditions": [
                 {"AttributeName": name, "Operator": "Under", "Values": [1]} for name in ("id", "boss")
             ]}},
        ],
    }
]  # fmt: skip
"""A query that names every entity and hierarchy: with its catalogue all the others can be read."""


@dataclass
class Asking:
    """One database, and the terms on which it is asked."""

    database: Database
    target: Target
    settings: dict[str, Any]
    connection: sa.Connection | None = None
    scope: Scope | None = None

    def ids(self, tree: QueryTree) -> set[int]:
        """The ids that the predicate selects; the job is read from JSON, as always."""
        assert self.connection is not None
        if self.scope is None:
            everything = Job.read({"name": "x", "queries": EVERYTHING, **self.settings})
            self.scope = Scope.of(everything, self.connection, self.target.dialect)
        job = Job.read({"name": "x", "queries": [expression_of(tree)], **self.settings})
        scope = Scope(job, self.scope.catalogue, self.target.dialect)
        entity = scope.entity(0)
        now = job.chosen_now
        assert now is not None
        return set(self.connection.execute(sa.select(entity.table.c.id).where(scope.where(0, entity, now))).scalars())


def evaluator(records: dict[str, list[Record]], settings: dict[str, Any], database: Database) -> Evaluator:
    """The same terms, for the evaluator."""
    month, day = map(int, settings.get("fiscal_year_start", "01-01").split("-"))
    return Evaluator(
        records,
        Clock(
            datetime.datetime.fromisoformat(settings["now"]).astimezone(datetime.UTC), ZoneInfo(settings["time_zone"])
        ),
        FiscalYear(month, day, settings.get("fiscal_period", "quarterly")),
        settings["user"],
        settings.get("text", "database"),
        database.name == "sqlite",
    )
