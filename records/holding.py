"""Holding: records that a deletion changes are locked before it tries anything, so that nobody is waited for within."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bulkdelete.records.closure import Closure, as_one
from bulkdelete.records.dialect import AnySelect
from bulkdelete.records.predicates import Truth

Refuse = Callable[[sa.exc.DBAPIError, str, Callable[[], list[int]]], None]
"""Told the error, the entity, and how to ask which roots reach a record that somebody else holds."""


@dataclass(frozen=True)
class Reached:
    """Records of one entity that roots of a closure reach."""

    closure: Closure
    entity: str
    source: sa.FromClause
    """The work table, joined to the records' own."""
    table: sa.FromClause
    """The records' own, in that."""
    ord: sa.ColumnElement[int]
    where: tuple[Truth, ...] = ()

    def hold(self, refuse: Refuse, keeps_key: bool = False) -> bool:
        """Hold them, so that nobody changes them or adds children; whether that is needed here at all."""
        dialect, connection = self.closure.dialect, self.closure.connection
        if dialect.alone:
            return False
        records = self.selected(*self.keys)
        held = dialect.lock_rows(records, of=self.table, keeps_key=keeps_key)
        try:
            with dialect.savepoint(connection):
                connection.execute(sa.select(sa.func.count()).select_from(held.subquery()))
        except sa.exc.DBAPIError as error:
            free = dialect.lock_rows(records, skip_locked=True, of=self.table, keeps_key=keeps_key)
            refuse(error, self.entity, lambda: held_by_others(self.closure, free, self.selected(self.ord, *self.keys)))
        return True

    @property
    def keys(self) -> list[sa.ColumnElement[Any]]:
        """The key columns of the records."""
        return [self.table.c[name] for name in self.closure.scope.catalogue.entities[self.entity].key]

    def selected(self, *columns: sa.ColumnElement[Any]) -> AnySelect:
        """A select of them."""
        return sa.select(*columns).select_from(self.source).where(*self.where)


def held_by_others(closure: Closure, free: AnySelect, reached: AnySelect) -> list[int]:
    """The roots of records that are not among those that nobody holds; `reached`: a root's ordinal, and a key."""
    ord_, *keys = reached.subquery("reached").c
    among = as_one(keys).in_(sa.select(free.cte("free")))
    return list(closure.connection.execute(sa.select(ord_).distinct().where(~among)).scalars())


def hold_level(closure: Closure, name: str, depth: int, refuse: Refuse) -> bool:
    """Hold the records that cascades take along at one level; whether that is needed here at all."""
    table, work = closure.entities[name].table, closure.tables[name]
    source = closure.dialect.led_join(work, table, closure.is_record(name))
    return Reached(closure, name, source, table, work.c.ord, (work.c.depth == depth,)).hold(refuse)


def hold_links(closure: Closure, refuse: Refuse) -> None:
    """Hold the records that stay and lose a link: else each step of a search would meet those that others hold."""
    for one in closure.links():
        child = closure.scope.catalogue.entities[one.child]
        if one.unlinks and child.key:
            kid, above = child.table.alias("kid"), closure.tables[one.parent].alias("above")
            source = closure.referring(one, above, kid, closure.dialect.led_join)
            Reached(closure, one.child, source, kid, above.c.ord).hold(refuse, keeps_key=True)
