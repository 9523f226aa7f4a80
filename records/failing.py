"""Failing: roots of a closure that stay, in a work table of their own while they are told and taken out.

As lists of ordinals in one statement after the other they took most of a batch's time where many records stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bulkdelete.records.closure import Closure
from bulkdelete.records.dialect import AnySelect
from bulkdelete.records.predicates import Truth


class Failing:
    """The roots that stay for one reason, one reason after the other."""

    def __init__(self, closure: Closure) -> None:
        self.closure = closure
        self.known: sa.Table | None = None

    @property
    def table(self) -> sa.Table:
        """Ordinals, and whether each is to be told; made when first needed, since in most batches nothing fails."""
        if self.known is None:
            columns = [
                sa.Column("ord", sa.BigInteger, primary_key=True, autoincrement=False),
                sa.Column("news", sa.Integer, nullable=False),
            ]
            self.known = self.closure.dialect.work_table(self.closure.connection, "failing", columns)
        return self.known

    def mark(self, found: AnySelect) -> None:
        """The roots whose ordinals are found."""
        rows = found.subquery()
        marked = sa.select(*rows.c, sa.literal_column("1"))
        self.closure.connection.execute(sa.insert(self.table).from_select(["ord", "news"], marked))

    def mark_each(self, ords: Sequence[int]) -> None:
        """These roots."""
        self.closure.connection.execute(sa.insert(self.table), [{"ord": one, "news": 1} for one in ords])

    def first(self) -> int:
        """The lowest of them."""
        return int(self.closure.connection.execute(sa.select(sa.func.min(self.table.c.ord))).scalar_one())

    def keep_news(self, among: Truth) -> None:
        """Of all of them, only the roots that this is true of are to be told."""
        roots = self.closure.roots
        some = sa.select(roots.c.ord).where(roots.c.depth == 0, among)
        self.closure.connection.execute(sa.update(self.table).where(self.table.c.ord.not_in(some)).values(news=0))

    def roots(self, *columns: sa.ColumnElement[Any]) -> AnySelect:
        """Of the selected records that are to be told, these columns."""
        roots = self.closure.roots
        source = sa.join(self.table, roots, self.table.c.ord == roots.c.ord)
        return sa.select(*columns).select_from(source).where(roots.c.depth == 0, self.table.c.news == 1)

    def drop(self) -> int:
        """Take them, and what only they reach, out of the closure; none is failing any more. Returns how many."""
        connection = self.closure.connection
        for work in self.closure.tables.values():
            connection.execute(sa.delete(work).where(work.c.ord.in_(sa.select(self.table.c.ord))))
        return connection.execute(sa.delete(self.table)).rowcount
