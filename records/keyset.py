"""Walking a table by its primary key: possible in any database, one range after the other."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import Span
from bulkdelete.records.predicates import Truth


def key_span(connection: sa.Connection, entity: Entity, position: Any, size: int, spelled_out: bool = False) -> Span:
    """The next `size` records by key. Keys are compared and ordered by the database alone.

    `spelled_out`: the database finds a range of composite keys only where it is written column by column.
    """
    columns = entity.key_columns
    after = beyond(columns, position, spelled_out) if position is not None else sa.true()
    ahead = sa.select(*columns).where(after).order_by(*columns).limit(1).offset(size)
    following = connection.execute(ahead).one_or_none()
    if following is None:
        return Span(entity.table, after, None, True)
    upper = [plain(value) for value in following]
    return Span(entity.table, sa.and_(after, below(columns, upper, spelled_out)), upper, False)


def beyond(columns: list[sa.Column[Any]], position: list[Any], spelled_out: bool) -> Truth:
    """Whether a key comes at or after a position, compared as a row."""
    values = bound(columns, position)
    if len(columns) == 1:
        return sa.and_(columns[0] >= values[0])
    if not spelled_out:
        return sa.tuple_(*columns) >= sa.tuple_(*values)
    return sa.and_(columns[0] >= values[0], lexically(columns, values, lambda column, value: column >= value, True))


def below(columns: list[sa.Column[Any]], position: list[Any], spelled_out: bool) -> Truth:
    """Whether a key comes before a position, compared as a row."""
    values = bound(columns, position)
    if len(columns) == 1:
        return sa.and_(columns[0] < values[0])
    if not spelled_out:
        return sa.tuple_(*columns) < sa.tuple_(*values)
    return sa.and_(columns[0] <= values[0], lexically(columns, values, lambda column, value: column < value, False))


def lexically(columns: list[sa.Column[Any]], values: list[Any], last: Any, up: bool) -> Truth:
    """`a > x or (a = x and (b > y or …))`, the last column compared by `last`."""
    if len(columns) == 1:
        return last(columns[0], values[0])  # type: ignore[no-any-return]
    first, value = columns[0], values[0]
    further = first > value if up else first < value
    return sa.or_(further, sa.and_(first == value, lexically(columns[1:], values[1:], last, up)))


def bound(columns: list[sa.Column[Any]], position: list[Any]) -> list[Any]:
    """A position's values, each in its column's type."""
    return [
        sa.bindparam(None, value_of(value), type_=column.type) for column, value in zip(columns, position, strict=True)
    ]


def plain(value: Any) -> Any:
    """A key value that JSON can carry; bytes in hexadecimal."""
    if isinstance(value, bytes | memoryview):
        return {"hex": bytes(value).hex()}
    return value if isinstance(value, int | float | str) else str(value)


def value_of(spelled: Any) -> Any:
    """The twin of `plain`."""
    return bytes.fromhex(spelled["hex"]) if isinstance(spelled, dict) else spelled
