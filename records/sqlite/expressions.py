"""SQL expressions that only SQLite needs: times kept as text, keys as text, packed keys."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.record_ids import KeyKind, RecordIds
from bulkdelete.records.dialect import PackError


def instant_of(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The canonical spelling of a time kept as text; Python is asked only about unusual ones."""
    length = sa.func.length(column)
    plain = sa.and_(sa.func.typeof(column) == sa.literal_column("'text'"), sa.func.substr(column, 11, 1).in_([" ", ""]))
    return sa.case(
        (sa.and_(length == 19, plain), column.concat(".000000")),
        (sa.and_(length == 10, plain), column.concat(" 00:00:00.000000")),
        else_=sa.func.bulkdelete_instant(column),
    )


def plainly(column: sa.ColumnElement[Any], length: int) -> sa.ColumnElement[bool]:
    """Whether a text is as long as a day or a time in seconds, and could be one in the usual spelling."""
    text = sa.func.typeof(column) == sa.literal_column("'text'")
    return sa.and_(sa.func.length(column) == length, text, sa.func.substr(column, 11, 1).in_([" ", ""]))


def wall_of(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The canonical spelling of a time that names no offset; null of one that does."""
    return sa.case(
        (plainly(column, 19), column.concat(".000000")),
        (plainly(column, 10), column.concat(" 00:00:00.000000")),
        else_=sa.func.bulkdelete_wall(column),
    )


def offset_of(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The canonical spelling, in UTC, of a time that names its offset; null of one that does not."""
    usual = sa.or_(plainly(column, 19), plainly(column, 10))
    return sa.case((usual, sa.null()), else_=sa.func.bulkdelete_offset(column))


def instant_before(column: sa.ColumnElement[Any], canonical: str) -> sa.ColumnElement[bool]:
    """Whether a time kept as text comes before an instant; the usual spelling is compared as it stands."""
    usual = sa.and_(sa.func.length(column) == 19, sa.func.substr(column, 11, 1) == sa.literal_column("' '"))
    # Whole seconds: without a fraction on either side the shorter spelling is not the earlier one.
    bound = sa.bindparam(None, canonical.removesuffix(".000000"), type_=sa.Text)
    return sa.case((usual, column < bound), else_=instant_of(column) < bound)


def as_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A value as SQLite prints it, a blob in hexadecimal."""
    blob = sa.func.typeof(column) == sa.literal_column("'blob'")
    return sa.case((blob, sa.func.lower(sa.func.hex(column))), else_=sa.cast(column, sa.Text))


def read_list(kind: KeyKind, value: Any, count: int) -> RecordIds:
    """Ids from the JSON list of `packed`."""
    ids = json.loads(value) if value else []
    if len(ids) != count:
        raise PackError(f"{len(ids)} ids for {count} records")
    return RecordIds.of(kind, ids)


def affinity_of(declared: str) -> str:
    """The affinity of a declared type, by SQLite's own rules; a name of ours, since a declared type may be anything."""
    text = declared.upper()
    if "INT" in text:
        return "INTEGER"
    if any(word in text for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if "BLOB" in text or text in {"", "OF ANY TYPE"}:
        return "BLOB"
    return "REAL" if any(word in text for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"
