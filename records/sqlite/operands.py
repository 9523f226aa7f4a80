"""SQLite: attributes and the values they are compared with."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa

from bulkdelete.domain.query.tree import Value
from bulkdelete.records.catalogue import Attribute, Entity
from bulkdelete.records.instants import ISO, spelled
from bulkdelete.records.predicates import Truth
from bulkdelete.records.sqlite.expressions import instant_before, instant_of
from bulkdelete.records.values import Bound

TEXTUAL_TIME = {"date", "datetime"}


class SQLiteOperands:
    """How a condition is written."""

    def understood(self, attribute: Attribute, values: tuple[Value, ...]) -> Attribute:
        """A column declared as text may hold times: compared with a time it means the instant it spells."""
        if attribute.kind == "text" and all(isinstance(one, str) and ISO.fullmatch(one.strip()) for one in values):
            return replace(attribute, kind="datetime")
        if attribute.kind == "date":
            return replace(attribute, kind="datetime")
        if attribute.kind == "other" and all(not isinstance(one, str) for one in values):
            return replace(attribute, kind="decimal")
        if attribute.kind == "other" and all(isinstance(one, str) for one in values):
            return replace(attribute, kind="text")
        return attribute

    def operand(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[object]:
        """The column; a time in its canonical spelling, by SQLite itself where it is already close to it."""
        column = entity.table.c[attribute.name]
        return instant_of(column) if attribute.kind in TEXTUAL_TIME else column

    def bound(self, attribute: Attribute, value: Bound) -> sa.ColumnElement[object]:
        """The value in the storage class it is compared with."""
        match value:
            case datetime.datetime():
                return sa.bindparam(None, spelled(value), type_=sa.Text)
            case bool():
                return sa.bindparam(None, int(value), type_=sa.Integer)
            case Decimal():
                number = int(value) if value == value.to_integral_value() else float(value)
                return sa.bindparam(None, number, type_=sa.Integer if isinstance(number, int) else sa.Float)
            case _:
                return sa.bindparam(None, value, type_=sa.types.NullType())

    def guard(self, entity: Entity, attribute: Attribute) -> Truth | None:
        """A column may hold any type, and numbers sort before all text: only the declared kind is compared."""
        column = entity.table.c[attribute.name]
        match attribute.kind:
            case "text":
                return sa.func.typeof(column) == sa.literal_column("'text'")
            case "integer" | "decimal" | "float" | "boolean":
                return sa.func.typeof(column).in_([sa.literal_column("'integer'"), sa.literal_column("'real'")])
            case "binary":
                return sa.func.typeof(column) == sa.literal_column("'blob'")
            case _:
                return None

    def is_null(self, entity: Entity, attribute: Attribute) -> Truth:
        """The column says so."""
        return entity.table.c[attribute.name].is_(None)

    def before(self, entity: Entity, attribute: str, cut_off: datetime.datetime) -> Truth:
        """By the instant the text spells; what spells none is never before."""
        return instant_before(entity.table.c[attribute], spelled(cut_off))
