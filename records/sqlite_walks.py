"""How an SQLite table is walked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import Span, Walk
from bulkdelete.records.keyset import key_span
from bulkdelete.records.predicates import Truth

if TYPE_CHECKING:
    from bulkdelete.records.dialect import Dialect

FEW = 20_000
"""Records so few that they are found by themselves, not by walking the whole table."""
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
        estimated = few if few <= FEW else connection.execute(some.with_only_columns(sa.func.count())).scalar_one()
    except sa.exc.OperationalError as error:
        if dialect.fault(error).kind != "slow":
            raise
        estimated = -1
    if not entity.physical["rowid"]:
        return Walk({"kind": "keys"}, 1, max(estimated, 0))
    rowid: sa.ColumnElement[Any] = sa.literal_column(entity.physical["rowid"])
    low, high = connection.execute(
        sa.select(
            sa.select(sa.func.min(rowid)).select_from(entity.table).scalar_subquery(),
            sa.select(sa.func.max(rowid)).select_from(entity.table).scalar_subquery(),
        )
    ).one()
    if low is None:
        return Walk({"kind": "matching"}, 0, 0)
    # One writer, so one unit: its batches walk by position, however far apart the rowids are.
    return Walk({"kind": "rowids"}, 1, estimated if estimated >= 0 else high - low)


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
