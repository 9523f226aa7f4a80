"""Closure: the records of one batch, and all that a deletion of them takes along, in tables of the transaction's own.

Every row is one record and the root (the selected record, by its ordinal) that reaches it: a record that two
roots reach stands twice. So what holds one record back can be traced to the roots that must stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.record_ids import RecordIds
from bulkdelete.records.catalogue import Entity, Relationship
from bulkdelete.records.dialect import AnySelect
from bulkdelete.records.predicates import Truth
from bulkdelete.records.referring import Join, referring
from bulkdelete.records.scope import Scope

Everyone = tuple[int, int]
"""A range of root ordinals, both ends included."""


class Closure:
    """The selected records of one entity and what they take along."""

    def __init__(self, connection: sa.Connection, scope: Scope, entity: Entity) -> None:
        self.connection = connection
        self.scope = scope
        self.entity = entity
        self.dialect = scope.dialect
        self.names = scope.catalogue.reached(entity.name)
        self.entities = {name: scope.catalogue.entities[name] for name in self.names}
        self.orders = scope.catalogue.orders(self.names)
        self.cascades = [one for one in self.links() if one.rule == "cascade"]
        self.is_plain = self.dialect.holds_while_listing and self.reaches_each_once()
        self.tables = {name: self.work_table(at, name) for at, name in enumerate(self.names)}
        self.roots = self.tables[entity.name]
        self.count = self.left = 0
        """Roots that were selected, and those of them that are still to be deleted."""
        self.rows = dict.fromkeys(self.names, 0)
        """Of a plain closure: entity → records in its work table."""

    def reaches_each_once(self) -> bool:
        """Whether every record is reached on one way, from one root: no two cascades lead to the same entity."""
        children = [one.child for one in self.cascades]
        return (
            len(set(children)) == len(children)
            and self.entity.name not in children
            and all(set(one.parent_columns) == set(self.entities[one.parent].key) for one in self.cascades)
        )

    def work_table(self, at: int, name: str) -> sa.Table:
        """Root ordinal, depth, whether the record is one that was asked for, and its key."""
        keys = [
            sa.Column(f"k{index}", self.dialect.key_type(self.entities[name], column), primary_key=True,
                      autoincrement=False)
            for index, column in enumerate(self.entities[name].key_columns)
        ]  # fmt: skip
        return self.dialect.work_table(
            self.connection, f"closure_{at}",
            [*keys, sa.Column("ord", sa.BigInteger, primary_key=True, autoincrement=False),
             sa.Column("depth", sa.Integer, nullable=False, index=not self.is_plain),
             sa.Column("asked", sa.Integer, nullable=False)],
        )  # fmt: skip

    def select(self, found: AnySelect) -> int:
        """Take the selected records (their keys, in key order) as roots; returns how many."""
        inner = found.subquery()
        numbered = sa.select(*inner.c, sa.func.row_number().over(), sa.literal_column("0"), sa.literal_column("1"))
        names = [*(column.name for column in self.keys(self.entity.name)), "ord", "depth", "asked"]
        inserted = self.connection.execute(
            sa.insert(self.roots).from_select(names, numbered), execution_options={"preserve_rowcount": True}
        )
        self.count = self.left = self.rows[self.entity.name] = inserted.rowcount
        return self.count

    def keys(self, name: str) -> list[sa.Column[Any]]:
        """The key columns of an entity's work table."""
        return [column for column in self.tables[name].c if column.name.startswith("k")]

    def is_record(self, name: str, work: sa.FromClause | None = None, table: sa.FromClause | None = None) -> Truth:
        """Whether a row of the work table stands for a row of the entity."""
        entity = self.entities[name]
        work = self.tables[name] if work is None else work
        table = entity.table if table is None else table
        return sa.and_(*(table.c[key] == work.c[f"k{at}"] for at, key in enumerate(entity.key)))

    def holds(self, name: str, ords: Everyone, depth: int | None = None) -> Truth:
        """Whether a record is in the closure of these roots (at this depth): for a statement that deletes it."""
        work, entity = self.tables[name], self.entities[name]
        among: Truth = work.c.ord.between(*ords)
        if depth is not None:
            among = sa.and_(among, work.c.depth == depth)
        if self.dialect.deletes_by_join:
            return sa.and_(self.is_record(name), among)
        return as_one(entity.key_columns).in_(sa.select(*self.keys(name)).where(among))

    def stays(self, name: str, ords: Everyone) -> Truth:
        """Whether a record is not in the closure of these roots."""
        work = self.tables[name].alias("inside")
        return ~sa.exists().where(self.is_record(name, work), work.c.ord.between(*ords))

    def depth(self, name: str, ords: Everyone) -> int:
        """How deep below these roots a record of the entity is found."""
        work = self.tables[name]
        return (
            self.connection.execute(sa.select(sa.func.max(work.c.depth)).where(work.c.ord.between(*ords))).scalar() or 0
        )

    def inner(self, name: str) -> list[Relationship]:
        """The relationships by which other records refer to an entity's."""
        return self.scope.catalogue.referrers(name)

    def referring(
        self, relationship: Relationship, parents: sa.FromClause, kid: sa.FromClause, join: Join = sa.join
    ) -> sa.Join:
        """Records of a work table, joined to those that refer to them."""
        return referring(relationship, self.entities[relationship.parent], parents, kid, join)

    def mark_asked(self, where: Truth) -> None:
        """Records of the entity that a cascade takes along, but that the query asks for as well."""
        if not any(one.child == self.entity.name for one in self.cascades):
            return
        matching = sa.exists().where(where, self.is_record(self.entity.name))
        self.connection.execute(sa.update(self.roots).where(self.roots.c.asked == 0, matching).values(asked=1))

    def blocked_by(self, relationship: Relationship) -> AnySelect:
        """The ordinals of roots that reach a record which a record outside the closure keeps, each once."""
        source, outside, _, parents = self.blocking(relationship)
        return sa.select(parents.c.ord).distinct().select_from(source).where(*outside)

    def blocked_among(self, relationship: Relationship, among: Everyone) -> list[int]:
        """Those of these roots that reach a record which one that does not go with them keeps."""
        source, outside, _, parents = self.blocking(relationship, among)
        rows = sa.select(parents.c.ord).distinct().select_from(source).where(*outside, parents.c.ord.between(*among))
        return sorted(self.connection.execute(rows).scalars())

    def blocking(
        self, relationship: Relationship, among: Everyone | None = None
    ) -> tuple[sa.FromClause, list[Truth], sa.FromClause, sa.FromClause]:
        """Records of the closure and those outside (or not among these) that keep them: join, where, keeper, kept."""
        parents = self.tables[relationship.parent].alias("above")
        child = self.scope.catalogue.entities[relationship.child]
        kid = child.table.alias("kid")
        source = self.referring(relationship, parents, kid)
        if relationship.child not in self.tables:
            return source, [], kid, parents
        work = self.tables[relationship.child].alias("inside")
        same = [work.c[f"k{at}"] == kid.c[key] for at, key in enumerate(child.key)]
        inside = sa.exists().where(*same, *([work.c.ord.between(*among)] if among else []))
        return source, [~inside], kid, parents

    def restricting(self) -> list[Relationship]:
        """The relationships that can keep a record of the closure."""
        return [one for one in self.links() if one.restricts]

    def links(self) -> list[Relationship]:
        """The relationships by which other records refer to those of the closure."""
        return [one for name in self.names for one in self.inner(name)]

    def gone(self) -> Iterator[tuple[str, int, RecordIds]]:
        """Entity, whether its records were asked for, and their ids; entities without any are left out."""
        for name in self.names:
            # Only records of the query's own entity are asked for, and only a cascade takes others of it.
            own = name == self.entity.name
            taken = any(one.child == name for one in self.cascades)
            for asked in [1] * own + [0] * taken:
                if (ids := self.ids(name, asked)).count:
                    yield name, asked, ids

    def ids(self, name: str, asked: int) -> RecordIds:
        """The ids of an entity's records: those asked for, or those a cascade takes."""
        work, kind = self.tables[name], self.entities[name].key_kind
        every = sa.select(*self.keys(name)).where(work.c.asked == asked)
        each = (every if self.is_plain else every.distinct()).subquery()
        count, packed = self.connection.execute(
            sa.select(sa.func.count(), self.dialect.packed(kind, list(each.c)))
        ).one()
        return self.dialect.unpacked(kind, packed, count)


def as_one(keys: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
    """The columns of a key as one value."""
    return keys[0] if len(keys) == 1 else sa.tuple_(*keys)
