"""MariaDB and MySQL: the keys of records, as text, packed, and in tables of our own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from bulkdelete.domain.record_ids import KeyKind, RecordIds
from bulkdelete.records.catalogue import Entity
from bulkdelete.records.mariadb.expressions import (
    LONGEST_RECORD,
    ItemText,
    RecordText,
    as_text,
    charset_of,
    from_text,
    is_bits,
    packed,
    read_back,
    unpacked,
)
from bulkdelete.records.native_types import NativeType
from bulkdelete.records.predicates import Truth


class MariaDBKeys:
    """How records are told apart."""

    def record_type(self) -> sa.types.TypeEngine[str]:
        """Texts are compared by collations; ours must tell all keys apart."""
        return RecordText()

    def key_type(self, entity: Entity, column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
        """The column's own, with its collation."""
        if is_bits(column):
            return column.type
        attribute = entity.attributes[column.name]
        width = re.search(r"\((\d+)\)", attribute.native)
        if attribute.kind == "binary":
            bytes_ = int(width[1]) if width else LONGEST_RECORD
            return sa.BINARY(bytes_) if attribute.native.startswith("binary") else sa.VARBINARY(bytes_)
        native = attribute.native.replace("%", "%%")  # the driver reads DDL as a pattern, too
        if attribute.collation:
            native = "varchar(740)" if "text" in native else native
            native += f" CHARACTER SET {charset_of(attribute.collation)} COLLATE {attribute.collation}"
        return NativeType(native)

    def key_text(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
        """The key as the server prints it, bytes in hexadecimal, a composite key as a JSON list."""
        texts = [as_text(column) for column in columns]
        # MySQL's lists are values of their own type, and equal no text.
        return texts[0] if len(texts) == 1 else sa.cast(sa.func.json_array(*texts), mysql.CHAR(charset="utf8mb4"))

    def key_equals(self, entity: Entity, record: sa.ColumnElement[str]) -> Truth:
        """By the key's index: the text read back in each column's type."""
        text = read_back(record)
        columns, known = entity.key_columns, [entity.attributes[one] for one in entity.key]
        if len(columns) == 1:
            return sa.and_(columns[0] == from_text(columns[0], known[0], text))
        parts = [ItemText(text, sa.literal(f"$[{at}]")) for at in range(len(columns))]
        return sa.and_(
            *(
                column == from_text(column, attribute, part)
                for column, attribute, part in zip(columns, known, parts, strict=True)
            )
        )

    def packed(self, kind: KeyKind, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """By GROUP_CONCAT."""
        return packed(kind, columns)

    def unpacked(self, kind: KeyKind, value: Any, count: int) -> RecordIds:
        """What the aggregate gave."""
        return unpacked(kind, value, count)
