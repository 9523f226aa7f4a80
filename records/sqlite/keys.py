"""SQLite: the keys of records, as text, packed, and in tables of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from bulkdelete.domain.record_ids import KeyKind, RecordIds
from bulkdelete.records.catalogue import Entity
from bulkdelete.records.native_types import NativeType
from bulkdelete.records.predicates import Truth
from bulkdelete.records.sqlite.expressions import affinity_of, as_text, read_list

QUOTING = SQLiteDialect().identifier_preparer


class SQLiteKeys:
    """How records are told apart."""

    def record_type(self) -> sa.types.TypeEngine[str]:
        """Any text."""
        return sa.Text()

    def key_type(self, entity: Entity, column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
        """The column's affinity and collation."""
        attribute = entity.attributes[column.name]
        collation = f" COLLATE {QUOTING.quote(attribute.collation)}" if attribute.collation else ""
        return NativeType(affinity_of(attribute.native) + collation)

    def key_text(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
        """The key as text, a blob in hexadecimal, a composite key as a JSON list."""
        texts = [as_text(column) for column in columns]
        return texts[0] if len(texts) == 1 else sa.func.json_array(*texts)

    def key_equals(self, entity: Entity, record: sa.ColumnElement[str]) -> Truth:
        """By the key's index, which needs the column alone on one side."""
        columns = entity.key_columns
        if len(columns) == 1:
            (column,) = columns
            if entity.attributes[entity.key[0]].kind in {"binary", "other"}:
                return as_text(column) == record
            return column == (sa.cast(record, sa.Integer) if entity.key_kind == "int8" else record)
        return sa.and_(
            *(as_text(column) == sa.func.json_extract(record, f"$[{at}]") for at, column in enumerate(columns))
        )

    def packed(self, kind: KeyKind, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """A JSON list, as bytes."""
        match kind:
            case "int8":
                packed = sa.func.json_group_array(columns[0])
            case "composite":
                packed = sa.func.json_group_array(sa.func.json(self.key_text(columns)))
            case _:
                packed = sa.func.json_group_array(self.key_text(columns))
        return sa.cast(packed, sa.LargeBinary)

    def unpacked(self, kind: KeyKind, value: Any, count: int) -> RecordIds:
        """The list that SQLite wrote."""
        return read_list(kind, value, count)
