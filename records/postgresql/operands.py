"""PostgreSQL: attributes and the values they are compared with."""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from bulkdelete.domain.query.tree import Value
from bulkdelete.records.catalogue import Attribute, Entity
from bulkdelete.records.native_types import NativeType
from bulkdelete.records.predicates import Truth
from bulkdelete.records.values import Bound


def in_type(entity: Entity, attribute: str, instant: datetime.datetime) -> datetime.datetime:
    """An instant for a column with a zone, its UTC wall time for one without."""
    return instant if entity.attributes[attribute].kind == "instant" else instant.replace(tzinfo=None)


class PostgreSQLOperands:
    """How a condition is written."""

    def understood(self, attribute: Attribute, values: tuple[Value, ...]) -> Attribute:
        """Columns hold what they are declared to hold."""
        return attribute

    def operand(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[object]:
        """The column."""
        return entity.table.c[attribute.name]

    def bound(self, attribute: Attribute, value: Bound) -> sa.ColumnElement[object]:
        """The value as text, read by the server in the column's own type: its collation and case rules hold."""
        match value:
            case datetime.datetime() | datetime.date():
                text = value.isoformat()
            case bool():
                text = "true" if value else "false"
            case bytes():
                text = "\\x" + value.hex()
            case _:
                text = str(value)
        # Untyped to the server, so that it is read once, as a constant of the column's type, and not for each row.
        native = NativeType(attribute.native)
        return sa.cast(sa.bindparam(None, text, type_=native), native)

    def guard(self, entity: Entity, attribute: Attribute) -> Truth | None:
        """Nothing: columns are typed."""
        return None

    def is_null(self, entity: Entity, attribute: Attribute) -> Truth:
        """The column says so."""
        return entity.table.c[attribute.name].is_(None)

    def before(self, entity: Entity, attribute: str, cut_off: datetime.datetime) -> Truth:
        """By the column's own type; a time without a zone is in UTC."""
        return entity.table.c[attribute] < self.bound(entity.attributes[attribute], in_type(entity, attribute, cut_off))
