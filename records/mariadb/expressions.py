"""SQL expressions that only MariaDB and MySQL need: keys as text, packed keys, keys read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from bulkdelete.domain.record_ids import KeyKind, RecordIds
from bulkdelete.records.catalogue import Attribute
from bulkdelete.records.dialect import PackError
from bulkdelete.records.native_types import NativeType

LONGEST_RECORD = 3_000
"""Bytes of a key as text: our own key must stay below InnoDB's 3,072."""


class RecordText(sa.types.TypeDecorator[str]):
    """A key as text that compares byte by byte: every collation would find some different keys equal."""

    impl = sa.VARBINARY(LONGEST_RECORD)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        """As UTF-8."""
        return None if value is None else value.encode()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        """From UTF-8."""
        return None if value is None else bytes(value).decode()


class Bits(NativeType):
    """A column of bits: a whole number that the server hands out as bytes."""

    cache_ok = True


class StraightJoin(sa.Join):
    """A join in the order in which it is written."""

    inherit_cache = True
    __visit_name__ = "straight_join"


@compiles(StraightJoin, "mysql", "mariadb")
def straight_join(join: StraightJoin, compiler: SQLCompiler, from_linter: Any = None, **options: Any) -> str:
    """`a STRAIGHT_JOIN b ON …`."""
    if from_linter:
        from_linter.edges.add((join.left, join.right))
    assert join.onclause is not None
    options["asfrom"] = True
    left = compiler.process(join.left, from_linter=from_linter, **options)
    right = compiler.process(join.right, from_linter=from_linter, **options)
    on = compiler.process(join.onclause, from_linter=from_linter, **{**options, "asfrom": False})
    return f"{left} STRAIGHT_JOIN {right} ON {on}"


class ByCodePoint(sa.sql.functions.FunctionElement[str]):
    """A text of utf8mb4 that compares by code point, trailing blanks included: the two servers name that otherwise."""

    name = "by_code_point"
    type = sa.Text()
    inherit_cache = True


@compiles(ByCodePoint)
def compiled(element: ByCodePoint, compiler: SQLCompiler, **words: Any) -> str:
    """With the collation of the server that is asked."""
    collation = "utf8mb4_nopad_bin" if getattr(compiler.dialect, "is_mariadb", True) else "utf8mb4_0900_bin"
    return f"({compiler.process(element.clauses, **words)} COLLATE {collation})"


class ItemText(sa.sql.functions.FunctionElement[str]):
    """The text of one item of a JSON list; each server loses something by the other's way.

    MariaDB's JSON_UNQUOTE loses characters of four bytes, MySQL's JSON_VALUE texts of more than 512 characters.
    """

    name = "item_text"
    type = sa.Text()
    inherit_cache = True


@compiles(ItemText)
def item_text(element: ItemText, compiler: SQLCompiler, **words: Any) -> str:
    """By the server that is asked."""
    arguments = compiler.process(element.clauses, **words)
    if getattr(compiler.dialect, "is_mariadb", True):
        return f"JSON_VALUE({arguments})"
    return f"JSON_UNQUOTE(JSON_EXTRACT({arguments}))"


def is_bytes(column: sa.ColumnElement[Any]) -> bool:
    """Whether a column holds bytes, which are told in hexadecimal."""
    return isinstance(column.type, sa.LargeBinary | sa.BINARY | sa.VARBINARY)


def is_bits(column: sa.ColumnElement[Any]) -> bool:
    """Whether a column holds bits, which are told as the whole number that they are: as bytes they are no text."""
    return isinstance(column.type, Bits)


def as_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A value as the server prints it; bytes in hexadecimal."""
    if is_bytes(column):
        return sa.func.lower(sa.func.hex(column))
    if is_bits(column):
        column = sa.cast(column, mysql.INTEGER(unsigned=True))
    return sa.cast(column, mysql.CHAR(charset="utf8mb4"))


def from_text(column: sa.ColumnElement[Any], attribute: Attribute, text: sa.ColumnElement[Any]) -> Any:
    """The value that `as_text` printed, so that the column's index can find it."""
    if is_bytes(column):
        return sa.func.unhex(text)
    match attribute.kind:
        case "integer":
            return sa.cast(text, mysql.INTEGER(unsigned="unsigned" in attribute.native or is_bits(column)))
        case "text" if attribute.collation:
            # The index is of use only where both sides compare by the column's own collation.
            charset = charset_of(attribute.collation)
            return sa.collate(sa.cast(text, mysql.CHAR(charset=charset)), attribute.collation)
        case _:
            return sa.cast(text, mysql.CHAR(charset="utf8mb4"))


def read_back(record: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """A key that is kept as bytes, as the text it was."""
    return sa.cast(record, mysql.CHAR(charset="utf8mb4"))


def charset_of(collation: str) -> str:
    """The character set that a collation belongs to."""
    return collation.split("_", maxsplit=1)[0]


def packed(kind: KeyKind, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
    """Fixed-width keys side by side; others as a JSON list."""
    match kind:
        case "int8":
            return side_by_side(sa.func.lpad(sa.func.hex(columns[0]), 16, "0"))
        case "uuid":
            return side_by_side(sa.func.hex(sa.cast(columns[0], mysql.BINARY(16))))
        case "composite":
            each: sa.ColumnElement[Any] = sa.func.json_array(*map(as_text, columns))
        case _:
            each = sa.func.json_quote(as_text(columns[0]))
    listed = sa.func.concat("[", sa.func.aggregate_strings(each, ","), "]")
    return sa.cast(listed, sa.LargeBinary)


def side_by_side(digits: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Hexadecimal digits of many keys as bytes."""
    return sa.func.unhex(sa.func.aggregate_strings(digits, ""))


def unpacked(kind: KeyKind, value: Any, count: int) -> RecordIds:
    """What `packed` gave; NULL of none. Raises PackError where it does not hold `count` ids."""
    try:
        if kind in {"int8", "uuid"}:
            ids = RecordIds.of_bytes(kind, bytes(value or b""))
        else:
            ids = RecordIds.of(kind, json.loads(bytes(value)) if value else [])
    except ValueError as error:  # cut off in the middle: GROUP_CONCAT warns and goes on
        raise PackError(f"{len(bytes(value or b''))} bytes hold no {count} ids: {error}") from None
    if ids.count != count:
        raise PackError(f"{ids.count} ids for {count} records")
    return ids
