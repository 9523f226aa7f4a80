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

PIECE = 5_000
"""Ordinals in one statement."""


class Failing:
    """The roots that stay for one reason, one reason after the other."""

    def __init__(self, closure: Closure) -> None:
        self.closure = closure
        self.known: sa.Table | None = None
        self.count = self.news = 0
        """How many they are, and how many of them are to be told."""

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
        """The roots whose ordinals are found, each once."""
        rows = found.subquery()
        marked = sa.insert(self.emptied()).from_select(["ord", "news"], sa.select(*rows.c, sa.literal_column("1")))
        self.count = self.closure.connection.execute(marked, execution_options={"preserve_rowcount": True}).rowcount
        self.news = self.count

    def mark_each(self, ords: Sequence[int]) -> None:
        """These roots."""
        rows = [{"ord": one, "news": 1} for one in ords]
        self.closure.connection.execute(sa.insert(self.emptied()), rows)
        self.count = self.news = len(ords)

    def emptied(self) -> sa.Table:
        """The table, without those that failed before."""
        if self.count:
            self.closure.connection.execute(sa.delete(self.table))
        return self.table

    def first(self) -> int:
        """The lowest of them."""
        return int(self.closure.connection.execute(sa.select(sa.func.min(self.table.c.ord))).scalar_one())

    def keep_news(self, among: Truth) -> None:
        """Of all of them, only the roots that this is true of are to be told."""
        ords = list(self.closure.connection.execute(self.roots(self.closure.roots.c.ord).where(among)).scalars())
        self.news = len(ords)
        if self.news == self.count:
            return
        self.closure.connection.execute(sa.update(self.table).values(news=0))
        for at in range(0, len(ords), PIECE):
            some = ords[at : at + PIECE]
            self.closure.connection.execute(sa.update(self.table).where(self.table.c.ord.in_(some)).values(news=1))

    def news_of(self, ord_: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Whether a root is to be told: 1 or 0; null of one that does not fail.

        A subquery of one value: a join of tables without statistics may hold every pair together.
        """
        return sa.select(self.table.c.news).where(self.table.c.ord == ord_).scalar_subquery()

    def roots(self, *columns: sa.ColumnElement[Any]) -> AnySelect:
        """Of the selected records that are to be told, these columns."""
        roots = self.closure.roots
        return sa.select(*columns).select_from(roots).where(roots.c.depth == 0, self.news_of(roots.c.ord) == 1)

    def drop(self) -> int:
        """Take them, and what only they reach, out of the closure. Returns how many they were."""
        connection = self.closure.connection
        for name, work in self.closure.tables.items():
            dropped = connection.execute(sa.delete(work).where(self.news_of(work.c.ord).is_not(None)))
            self.closure.rows[name] -= dropped.rowcount
        return self.count
