"""What one operation asks of one target: the job held against the database's catalogue."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from uuid import UUID

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.records.catalogue import Attribute, Catalogue, Entity, suggestion
from bulkdelete.records.dialect import Dialect
from bulkdelete.records.predicates import Truth, predicate
from bulkdelete.records.reflection import reflect


@dataclass(frozen=True)
class Scope:
    """A job, the catalogue of the entities it touches, and its queries as conditions."""

    job: Job
    catalogue: Catalogue
    dialect: Dialect

    @classmethod
    def of(cls, job: Job, connection: sa.Connection, dialect: Dialect) -> Scope:
        """Hold the job against the database. Raises InvalidJobError for what does not fit."""
        trees = job.trees()
        entities, paths = [tree.entity for tree in trees], [tree.path for tree in trees]
        catalogue = reflect(dialect.tables(connection), job.declared, entities, paths)
        scope = cls(job, catalogue, dialect)
        for name in job.options.created_on:
            if name not in catalogue.asked and name not in catalogue.asked.values():
                known = [tree.entity for tree in trees]
                raise InvalidJobError(
                    f'no query is about entity "{name}".{suggestion(name, known)} entities: {", ".join(known)}',
                    f"options.created_on.{name}",
                )
        for index in range(len(trees)):
            scope.where(index, scope.entity(index), None)
        return scope

    def tree(self, index: int) -> QueryTree:
        """The syntax tree of one query."""
        return self.job.queries[index].tree(f"queries[{index}]")

    def entity(self, index: int) -> Entity:
        """The entity of one query."""
        return self.catalogue.entities[self.entity_names()[index]]

    def entity_names(self) -> list[str]:
        """The entity of each query by the database's own name, however the job spells it."""
        return [self.catalogue.asked[query.entity_name] for query in self.job.queries]

    def created_on(self, index: int) -> Attribute | None:
        """The attribute by which a record is known to have been there at the start."""
        chosen = {self.catalogue.asked.get(one, one): name for one, name in self.job.options.created_on.items()}
        return self.entity(index).created_on({**self.catalogue.created_on, **chosen})

    def where(self, index: int, entity: Entity, cut_off: datetime.datetime | None) -> Truth:
        """The full predicate of one query over a table of its entity: the query, and the cut-off."""
        truth = predicate(self.tree(index), entity, self.dialect)
        created_on = self.created_on(index)
        if cut_off is None or created_on is None:
            return truth
        return sa.and_(truth, self.dialect.before(entity, created_on.name, cut_off))

    def order(self) -> list[int]:
        """The queries in the order they run."""
        return self.catalogue.order_of_queries(self.entity_names())

    def at(self, index: int, table: sa.Table) -> Entity:
        """The entity of one query, as one of its partitions."""
        return replace(self.entity(index), table=table)


@dataclass(frozen=True)
class Run:
    """One operation on one target, at one epoch."""

    operation_id: UUID
    digest: str
    epoch: int
    scope: Scope
    cut_off: datetime.datetime | None = None

    @property
    def id(self) -> str:
        """The operation's id, as our tables hold it."""
        return str(self.operation_id)
