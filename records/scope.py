"""What one operation asks of one target: the job held against the database's catalogue."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query.growing import TRUE_WITHOUT, may_grow
from bulkdelete.domain.query.naming import subjects
from bulkdelete.domain.query.terms import Terms
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.records.catalogue import Attribute, Catalogue, Entity, Hierarchy, suggestion
from bulkdelete.records.conditions.orders import check_top
from bulkdelete.records.conditions.reader import predicate
from bulkdelete.records.conditions.times import zone_of
from bulkdelete.records.dialect import Dialect
from bulkdelete.records.linked import WALKS_UP
from bulkdelete.records.order import order_of_queries
from bulkdelete.records.predicates import Truth
from bulkdelete.records.reflection import reflect

SOME_DAY = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
"""Now, for a predicate that is only held against the schema."""


@dataclass(frozen=True)
class Scope:
    """A job, the catalogue of the entities it touches, and its queries as conditions."""

    job: Job
    catalogue: Catalogue
    dialect: Dialect
    chosen: sa.Table | None = None
    """Our table of the records that a query meant when it was planned."""

    @classmethod
    def of(cls, job: Job, connection: sa.Connection, dialect: Dialect) -> Scope:
        """Hold the job against the database. Raises InvalidJobError for what does not fit."""
        trees = job.trees()
        catalogue = reflect(dialect.tables(connection), job.declared, trees)
        scope = cls(job, catalogue, dialect)
        for name in job.options.created_on:
            if name not in catalogue.asked and name not in catalogue.asked.values():
                known = [tree.entity for tree in trees]
                raise InvalidJobError(
                    f'no query is about entity "{name}".{suggestion(name, known)} entities: {", ".join(known)}',
                    f"options.created_on.{name}",
                )
        for index, tree in enumerate(trees):
            check_top(tree)
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
        """The full predicate of one query over a table of its entity: the query, and the cut-off (None: not known)."""
        terms = self.terms(cut_off)
        truth = predicate(self.tree(index), entity, self.dialect, self.catalogue, terms)
        created_on = self.created_on(index)
        if cut_off is None or created_on is None:
            return truth
        return sa.and_(truth, self.dialect.before(entity, created_on.name, cut_off, zone_of(entity, terms)))

    def terms(self, cut_off: datetime.datetime | None) -> Terms:
        """What the words of the job's queries refer to, in a run with this cut-off."""
        return self.job.terms(cut_off or SOME_DAY)

    def looks_at(self, index: int) -> frozenset[str]:
        """The entities of other records that a query is about: those of its links and hierarchies."""
        tree = self.tree(index)
        found = {self.catalogue.linked[link.entity].name for link in tree.every_link()}
        for what, _ in subjects(tree):
            if what.operator in WALKS_UP:
                found |= {one.entity.name for one in self.catalogue.hierarchies.values() if isinstance(one, Hierarchy)}
        return frozenset(found)

    def is_settled_first(self, index: int) -> bool:
        """Whether what a query means is settled before its first record goes.

        It is where only the first so many are meant, or where deleting some could make others match.
        """
        tree, entity = self.tree(index), self.entity(index).name
        if tree.top is not None:
            return True
        written = {one.name for one in self.catalogue.written(entity)}
        if may_grow(tree) and self.looks_at(index) & written:
            return True
        cleared = {name.lower() for name in self.catalogue.cleared_of(entity)}
        return any(what.operator in TRUE_WITHOUT and what.attribute.lower() in cleared for what, _ in subjects(tree))

    def order(self) -> list[int]:
        """The queries in the order they run."""
        return order_of_queries(self.catalogue, self.entity_names())

    def at(self, index: int, table: sa.Table) -> Entity:
        """The entity of one query, as one of its partitions."""
        return replace(self.entity(index), table=table)


class Retried(Protocol):
    """The records that an operation is limited to, in an order that is the same for every runner."""

    def count(self, query_index: int) -> int:
        """How many there are of a query's entity."""
        ...

    def some(self, query_index: int, first: int, most: int) -> list[str]:
        """Their keys from a rank on, at most so many, as `key_text` spells them."""
        ...


@dataclass(frozen=True)
class Run:
    """One operation on one target, at one epoch."""

    operation_id: UUID
    digest: str
    epoch: int
    scope: Scope
    cut_off: datetime.datetime | None = None
    retried: Retried | None = None
    """The only records it may delete; None: all that match."""

    def where(self, index: int, entity: Entity) -> Truth:
        """The full predicate of one query in this run: it matches, and is one of those that it meant at first."""
        truth, chosen = self.scope.where(index, entity, self.cut_off), self.scope.chosen
        # The records of a retry were chosen by the run in which they failed.
        if chosen is None or self.retried is not None or not self.scope.is_settled_first(index):
            return truth
        mine = (chosen.c.operation_id == self.id, chosen.c.query_index == index)
        among = sa.exists().where(*mine, chosen.c.record == self.scope.dialect.key_text(entity.key_columns))
        return sa.and_(truth, among.select_from(chosen))

    @property
    def id(self) -> str:
        """The operation's id, as our tables hold it."""
        return str(self.operation_id)
