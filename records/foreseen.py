"""What a job will take along, foreseen in work tables of the transaction's own: keys alone, level by level.

The tables hold the records that go, for the whole job: a query finds what earlier ones leave. A record stands once,
at the level at which it is first reached. Nothing is locked, and nothing outlives the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity, Relationship
from bulkdelete.records.dialect import AnySelect
from bulkdelete.records.predicates import Truth
from bulkdelete.records.referring import referring
from bulkdelete.records.scope import Scope

Counts = dict[tuple[str, str, int], int]
"""Relationship, entity and level → records."""


WORTH_ANALYSING = 10_000
"""Records added to a work table from which on the database should know how many there are."""
ROOT = -1
"""Reached by no relationship: it matches."""


def numbered(index: int, level: int, via: int = ROOT) -> list[sa.ColumnElement[Any]]:
    """The query, the level, by which relationship it is reached, and that nothing keeps it."""
    return [sa.literal_column(f"{number:d}") for number in (index, level, via, 0)]


class Foreseen:
    """The records of a job that will go, as things are now."""

    def __init__(self, connection: sa.Connection, scope: Scope) -> None:
        self.connection = connection
        self.scope = scope
        self.dialect = scope.dialect
        names = list(dict.fromkeys(one for asked in scope.entity_names() for one in scope.catalogue.reached(asked)))
        self.entities = {name: scope.catalogue.entities[name] for name in names}
        self.tables = {name: self.work_table(at, entity) for at, (name, entity) in enumerate(self.entities.items())}

    def work_table(self, at: int, entity: Entity) -> sa.Table:
        """A record's key, the query that takes it, its level, by which relationship, and whether something keeps it."""
        keys = [
            sa.Column(f"k{index}", self.dialect.key_type(entity, column), primary_key=True, autoincrement=False)
            for index, column in enumerate(entity.key_columns)
        ]
        return self.dialect.work_table(
            self.connection,
            f"foreseen_{at}",
            [
                *keys,
                sa.Column("query", sa.Integer, nullable=False),
                sa.Column("level", sa.Integer, nullable=False),
                sa.Column("via", sa.Integer, nullable=False),
                sa.Column("kept", sa.Integer, nullable=False),
            ],
        )

    def keys(self, name: str) -> list[sa.Column[Any]]:
        """The key columns of an entity's work table."""
        return [self.tables[name].c[f"k{at}"] for at in range(len(self.entities[name].key))]

    def same(self, name: str, work: sa.FromClause, table: sa.FromClause) -> Truth:
        """Whether a row of the work table stands for a row of the entity."""
        return sa.and_(*(work.c[f"k{at}"] == table.c[key] for at, key in enumerate(self.entities[name].key)))

    def gone(self, name: str, table: sa.FromClause, by: Sequence[int] = ()) -> Truth:
        """Whether a record of the entity goes, with these queries (any, where none are named)."""
        if name not in self.tables:
            return sa.false()
        inside = self.tables[name].alias("inside")
        among = [inside.c.query.in_(by)] if by else []
        return sa.exists().where(self.same(name, inside, table), inside.c.kept == 0, *among).select_from(inside)

    def add(self, name: str, found: AnySelect) -> int:
        """Add records; returns how many."""
        names = [*(one.name for one in self.keys(name)), "query", "level", "via", "kept"]
        done = self.connection.execute(
            sa.insert(self.tables[name]).from_select(names, found), execution_options={"preserve_rowcount": True}
        )
        if done.rowcount >= WORTH_ANALYSING and self.dialect.name == "postgresql":
            # Of a temporary table it knows nothing by itself, and would look each record up.
            self.connection.exec_driver_sql(f"ANALYZE {self.dialect.quoted(str(self.tables[name].name))}")
        return done.rowcount

    def select_roots(self, index: int, name: str, where: Truth, most: int | None) -> int:
        """Take the records that a query finds and no earlier one takes; returns how many."""
        entity = self.entities[name]
        inside = self.tables[name].alias("inside")
        known = sa.exists().where(self.same(name, inside, entity.table)).select_from(inside)
        numbers = numbered(index, 0)
        return self.add(name, sa.select(*entity.key_columns, *numbers).where(where, ~known).limit(most))

    def grow(self, index: int) -> None:
        """Follow the cascades of a query's records, level by level."""
        level, parents = 0, {self.scope.entity_names()[index]}
        while parents:
            parents = {
                one.child
                for one in self.cascades()
                if one.parent in parents and self.add(one.child, self.children(one, index, level))
            }
            level += 1

    def cascaded(self, index: int) -> Counts:
        """What a query's records take along, as far as nothing keeps it."""
        links, counts = self.links(), Counts()
        for name, work in self.tables.items():
            taken = (work.c.query == index, work.c.level > 0, work.c.kept == 0)
            columns = (work.c.via, work.c.level)
            rows = self.connection.execute(sa.select(*columns, sa.func.count()).where(*taken).group_by(*columns))
            for via, level, count in rows:
                key = (links[via].name, name, int(level))
                counts[key] = counts.get(key, 0) + int(count)
        return counts

    def cascades(self) -> list[Relationship]:
        """The relationships that take records along."""
        return [one for one in self.links() if one.rule == "cascade"]

    def links(self) -> list[Relationship]:
        """The relationships onto records that may go."""
        return [one for name in self.tables for one in self.scope.catalogue.referrers(name)]

    def children(self, one: Relationship, index: int, level: int) -> AnySelect:
        """The records that refer to those of one level, and are not taken yet."""
        kid, above = self.scope.catalogue.entities[one.child].table.alias("kid"), self.tables[one.parent].alias("above")
        inside = self.tables[one.child].alias("inside")
        known = sa.exists().where(self.same(one.child, inside, kid)).select_from(inside)
        keys = [kid.c[key] for key in self.entities[one.child].key]
        numbers = numbered(index, level + 1, self.links().index(one))
        found: AnySelect = (
            sa.select(*keys, *numbers)
            .select_from(self.referring(one, above, kid))
            .where(above.c.query == index, above.c.level == level, ~known)
        )
        # By a foreign key a record refers to one other; what only a catalogue knows may mean several.
        return found.distinct() if one.declared else found

    def referring(self, one: Relationship, above: sa.FromClause, kid: sa.FromClause) -> sa.Join:
        """Records of a work table, joined to those that refer to them."""
        return referring(one, self.entities[one.parent], above, kid)

    def mark_kept(self, index: int) -> bool:
        """Mark what a record that stays refers to and restricts, and what takes it along; whether there is any."""
        marked = False
        for one in self.links():
            if one.restricts:
                kid = self.scope.catalogue.entities[one.child].table.alias("kid")
                marked = self.mark(one, index, kid, ~self.gone(one.child, kid)) or marked
        more = marked
        while more:
            more = False
            for one in self.cascades():
                kid = self.scope.catalogue.entities[one.child].table.alias("kid")
                inside = self.tables[one.child].alias("inside")
                kept = sa.exists().where(self.same(one.child, inside, kid), inside.c.kept == 1).select_from(inside)
                more = self.mark(one, index, kid, kept) or more
        return marked

    def mark(self, one: Relationship, index: int, kid: sa.FromClause, which: Truth) -> bool:
        """Mark the records that such a child refers to; whether any were marked."""
        above, work = self.tables[one.parent].alias("above"), self.tables[one.parent]
        keys = [above.c[column.name] for column in self.keys(one.parent)]
        found = (
            sa.select(*keys).select_from(self.referring(one, above, kid))
            .where(above.c.query == index, above.c.kept == 0, which)
        )  # fmt: skip
        own = self.keys(one.parent)
        among = (own[0] if len(own) == 1 else sa.tuple_(*own)).in_(found)
        return self.connection.execute(sa.update(work).where(work.c.kept == 0, among).values(kept=1)).rowcount > 0

    def drop_kept(self, index: int, name: str) -> int:
        """Take out the query's records that something keeps, and all that it took along; returns how many stay."""
        roots = self.tables[name]
        mine = (roots.c.query == index, roots.c.level == 0)
        count = sa.select(sa.func.count()).select_from(roots).where(*mine, roots.c.kept == 1)
        kept = int(self.connection.execute(count).scalar_one())
        for work in self.tables.values():
            self.connection.execute(
                sa.delete(work).where(work.c.query == index, sa.or_(work.c.level > 0, work.c.kept == 1))
            )
        return kept

    def tally(self, index: int, one: Relationship, by: Sequence[int] = ()) -> Counts:
        """Level → records that refer by this relationship to those of a query that go, and do not go with these."""
        child = self.scope.catalogue.entities[one.child]
        kid, above = child.table.alias("kid"), self.tables[one.parent].alias("above")
        keys = [kid.c[key].label(f"k{at}") for at, key in enumerate(child.key or tuple(child.attributes))]
        found = (
            sa.select(*keys, sa.func.min(above.c.level).label("level"))
            .select_from(self.referring(one, above, kid))
            .where(above.c.query == index, ~self.gone(one.child, kid, by))
            .group_by(*[kid.c[key] for key in child.key or tuple(child.attributes)])
            .subquery("found")
        )
        rows = self.connection.execute(sa.select(found.c.level, sa.func.count()).group_by(found.c.level)).all()
        return {(one.name, one.child, int(level) + 1): int(count) for level, count in rows}

    def records(self, index: int, name: str) -> AnySelect:
        """The keys of a query's own records that go, each as one text, in key order."""
        work = self.tables[name]
        keys = self.keys(name)
        return (
            sa.select(self.dialect.key_text(keys))
            .where(work.c.query == index, work.c.level == 0, work.c.kept == 0)
            .order_by(*keys)
        )
