"""PostgreSQL: the keys of records, as text, packed, and in tables of our own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from bulkdelete.domain.record_ids import KeyKind, RecordIds
from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import PackError
from bulkdelete.records.predicates import Truth


def as_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A value as PostgreSQL prints it; binary in hexadecimal."""
    if isinstance(column.type, BYTEA | sa.LargeBinary):
        return sa.func.encode(column, "hex")
    return sa.cast(column, sa.Text)


def from_text(column: sa.ColumnElement[Any], text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The value that `as_text` printed."""
    if isinstance(column.type, BYTEA | sa.LargeBinary):
        return sa.func.decode(text, "hex")
    return sa.cast(text, column.type)


def read_list(kind: KeyKind, value: Any) -> RecordIds:
    """Ids from a JSON list in bytes."""
    return RecordIds.of(kind, json.loads(bytes(value)) if value else [])


class PostgreSQLKeys:
    """How records are told apart."""

    def record_type(self) -> sa.types.TypeEngine[str]:
        """Any text."""
        return sa.Text()

    def key_type(self, entity: Entity, column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
        """The column's own."""
        return column.type

    def key_text(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
        """The key as PostgreSQL prints it, binary in hexadecimal, a composite key as a JSON list."""
        texts = [as_text(column) for column in columns]
        return texts[0] if len(texts) == 1 else sa.cast(sa.func.json_build_array(*texts), sa.Text)

    def key_equals(self, entity: Entity, record: sa.ColumnElement[str]) -> Truth:
        """By the key's index: the text read back in each column's type."""
        columns = entity.key_columns
        if len(columns) == 1:
            return columns[0] == from_text(columns[0], record)
        texts = sa.cast(record, sa.JSON)
        return sa.and_(
            *(
                column == from_text(column, texts.op("->>")(sa.literal_column(str(at))))
                for at, column in enumerate(columns)
            )
        )

    def packed(self, kind: KeyKind, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """Fixed-width keys side by side; others as a JSON list in bytes."""
        match kind:
            case "int8":
                return sa.func.string_agg(
                    sa.func.int8send(sa.cast(columns[0], sa.BigInteger)), sa.literal_column("''::bytea")
                )
            case "uuid":
                return sa.func.string_agg(sa.func.uuid_send(columns[0]), sa.literal_column("''::bytea"))
            case "composite":
                each: sa.ColumnElement[Any] = sa.func.json_build_array(*(as_text(column) for column in columns))
            case _:
                each = as_text(columns[0])
        return sa.func.convert_to(sa.cast(sa.func.json_agg(each), sa.Text), "UTF8")

    def unpacked(self, kind: KeyKind, value: Any, count: int) -> RecordIds:
        """What the aggregate gave; NULL of none."""
        ids = RecordIds.of_bytes(kind, bytes(value or b"")) if kind in {"int8", "uuid"} else read_list(kind, value)
        if ids.count != count:
            raise PackError(f"{ids.count} ids for {count} records")
        return ids
