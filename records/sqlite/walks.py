"""How an SQLite table is walked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import AnySelect, Span, Walk
from bulkdelete.records.keyset import key_span
from bulkdelete.records.predicates import Truth

if TYPE_CHECKING:
    from bulkdelete.records.dialect import Dialect

FEW = 20_000
"""Records so few that they are found by themselves, not by walking the whole table."""
SMALL, WINDOWS, WIDEST = 200_000, 64, 20_000
"""A table of so many rowids is counted; of a larger one so many windows, each of at most so many rowids."""
QUICK = 0.3
"""Seconds that finding them may take, since every batch finds them again."""


def plan_walk(dialect: Dialect, connection: sa.Connection, entity: Entity, where: Truth) -> Walk:
    """Few that are quickly found: those; else ranges of rowids, or of the key."""
    some = sa.select(sa.literal(1).label("one")).select_from(entity.table).where(where)
    started = time.monotonic()
    try:
        few: int = connection.execute(
            sa.select(sa.func.count()).select_from(some.limit(FEW + 1).subquery())
        ).scalar_one()
        if few == 0:
            return Walk({"kind": "matching"}, 0, 0)
        if few <= FEW and time.monotonic() - started < QUICK:
            return Walk({"kind": "matching"}, 1, few)
    except sa.exc.OperationalError as error:
        if dialect.fault(error).kind != "slow":
            raise
        few = -1
    # One writer, so one unit: its batches walk by position, however far apart the keys are.
    if not entity.physical["rowid"]:
        return Walk({"kind": "keys"}, 1, few if 0 <= few <= FEW else counted(dialect, connection, some))
    rowid: sa.ColumnElement[Any] = sa.literal_column(entity.physical["rowid"])
    low, high = connection.execute(
        sa.select(
            sa.select(sa.func.min(rowid)).select_from(entity.table).scalar_subquery(),
            sa.select(sa.func.max(rowid)).select_from(entity.table).scalar_subquery(),
        )
    ).one()
    if low is None:
        return Walk({"kind": "matching"}, 0, 0)
    if not 0 <= few <= FEW:
        few = max(few, sampled(connection, some, rowid, low, high))
    return Walk({"kind": "rowids"}, 1, few)


def counted(dialect: Dialect, connection: sa.Connection, some: AnySelect) -> int:
    """How many match; 0 where counting them takes too long."""
    try:
        return int(connection.execute(some.with_only_columns(sa.func.count())).scalar_one())
    except sa.exc.OperationalError as error:
        if dialect.fault(error).kind != "slow":
            raise
        return 0


def sampled(connection: sa.Connection, some: AnySelect, rowid: sa.ColumnElement[Any], low: int, high: int) -> int:
    """About how many match, from windows spread evenly over the rowids; of a small table, exactly."""
    span = high - low + 1
    if span <= SMALL:
        return int(connection.execute(some.with_only_columns(sa.func.count())).scalar_one())
    width = max(SMALL // WINDOWS, min(span // (16 * WINDOWS), WIDEST))
    step = span // WINDOWS
    starts = [low + at * step for at in range(WINDOWS)]
    count = sa.func.count()
    windows = [some.with_only_columns(count.label("n")).where(rowid.between(one, one + width - 1)) for one in starts]
    found = connection.execute(sa.select(sa.func.sum(sa.union_all(*windows).subquery().c.n))).scalar_one()
    return int(found) * span // (WINDOWS * width)


def span_of(
    connection: sa.Connection, entity: Entity, walk: Mapping[str, Any], unit: int, position: Any, size: int
) -> Span:
    """The next batch of a walk; both ends are open, since rowids may be anything."""
    if walk["kind"] == "keys":
        return key_span(connection, entity, position, size)
    if walk["kind"] == "matching":
        return Span(entity.table, sa.true(), None, False, limit=size)
    rowid: sa.ColumnElement[Any] = sa.literal_column(entity.physical["rowid"])
    after = rowid >= position if position is not None else sa.true()
    ahead = sa.select(rowid.label("r")).select_from(entity.table).where(after).order_by(rowid).limit(1).offset(size)
    following = connection.execute(ahead).scalar()
    if following is None:
        return Span(entity.table, after, None, True)
    return Span(entity.table, sa.and_(after, rowid < following), following, False)
