"""Walking a table by its primary key: possible in any database, one range after the other."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import Span
from bulkdelete.records.predicates import Truth


def key_span(connection: sa.Connection, entity: Entity, position: Any, size: int) -> Span:
    """The next `size` records by key. Keys are compared and ordered by the database alone."""
    columns = entity.key_columns
    after = beyond(columns, position) if position is not None else sa.true()
    ahead = sa.select(*columns).where(after).order_by(*columns).limit(1).offset(size)
    following = connection.execute(ahead).one_or_none()
    if following is None:
        return Span(entity.table, after, None, True)
    upper = [plain(value) for value in following]
    return Span(entity.table, sa.and_(after, sa.not_(beyond(columns, upper))), upper, False)


def beyond(columns: list[sa.Column[Any]], position: list[Any]) -> Truth:
    """Whether a key comes at or after a position, compared as a row."""
    values = [sa.bindparam(None, value, type_=column.type) for column, value in zip(columns, position, strict=True)]
    if len(columns) == 1:
        return columns[0] >= values[0]
    return sa.tuple_(*columns) >= sa.tuple_(*values)


def plain(value: Any) -> Any:
    """A key value that JSON can carry."""
    return value if isinstance(value, int | float | str) else str(value)
