"""PostgreSQL: attributes and the values they are compared with."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bulkdelete.domain.query.patterns import Piece
from bulkdelete.domain.query.tree import TextMode, Value
from bulkdelete.records.catalogue import Attribute, Entity
from bulkdelete.records.conditions.lists import listed
from bulkdelete.records.conditions.moments import SIGNS, Bounds, Moment, Sign, in_kind
from bulkdelete.records.conditions.patterns import ESCAPE, by_code_point, is_plain, like_text, regular_expression
from bulkdelete.records.conditions.times import within_any
from bulkdelete.records.native_types import NativeType
from bulkdelete.records.predicates import Truth
from bulkdelete.records.values import Bound


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

    def as_times(self, attribute: Attribute) -> Attribute | None:
        """By its type."""
        return attribute if attribute.kind in {"date", "datetime", "instant"} else None

    def timed(self, entity: Entity, attribute: Attribute, sign: Sign, moment: Moment, zone: ZoneInfo) -> Truth:
        """In the column's own type."""
        sign, value = in_kind(moment, attribute.kind, sign, zone)
        if value is None:
            return sa.false()
        truth: Truth = SIGNS[sign](entity.table.c[attribute.name], self.bound(attribute, value))
        return truth

    def within_any(self, entity: Entity, attribute: Attribute, bounds: Sequence[Bounds], zone: ZoneInfo) -> Truth:
        """By the column as it is: an index can find it."""
        return within_any(self, entity, attribute, bounds, zone)

    def is_time(self, entity: Entity, attribute: Attribute) -> Truth:
        """Unless it is null; `-infinity` is no time."""
        return sa.func.isfinite(entity.table.c[attribute.name])

    def same_time(self, entity: Entity, attribute: Attribute, zone: ZoneInfo) -> sa.ColumnElement[object]:
        """The column."""
        return entity.table.c[attribute.name]

    def text(self, expression: sa.ColumnElement[Any], mode: TextMode) -> sa.ColumnElement[Any]:
        """Lower case by Unicode, whatever the column's collation; then by code point."""
        plain: sa.ColumnElement[Any] = sa.cast(expression, sa.Text)
        if mode is TextMode.IGNORE_CASE:
            plain = sa.func.lower(sa.collate(plain, "und-x-icu"))
        return sa.collate(plain, "C")

    def matches(self, entity: Entity, attribute: Attribute, pieces: tuple[Piece, ...], mode: TextMode) -> Truth:
        """By LIKE; a class of characters by a regular expression."""
        column: sa.ColumnElement[Any] = entity.table.c[attribute.name]
        if mode is not TextMode.DATABASE:
            column = self.text(column, mode)
        if is_plain(pieces):
            pattern = sa.bindparam(None, like_text(pieces), type_=sa.Text)
            wanted = pattern if mode is not TextMode.IGNORE_CASE else self.text(pattern, mode)
            return column.like(wanted, escape=ESCAPE)
        fold = mode is TextMode.IGNORE_CASE or attribute.native == "citext"
        text = f"(?{'i' if fold else 'c'})^{regular_expression(pieces, by_code_point)}$"
        return sa.cast(column, sa.Text).op("~", is_comparison=True)(sa.bindparam(None, text, type_=sa.Text))

    def choices(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[str] | None:
        """From an array, JSON or a text."""
        if attribute.kind != "text" and not self.holds_list(attribute):
            return None
        return listed(sa.cast(entity.table.c[attribute.name], sa.Text), sa.func.btrim)

    def holds_list(self, attribute: Attribute) -> bool:
        """Arrays, and JSON."""
        return attribute.native.endswith("[]") or attribute.native in {"json", "jsonb"}

    def before(self, entity: Entity, attribute: str, cut_off: datetime.datetime, zone: ZoneInfo) -> Truth:
        """By the column's own type; a time without a zone is in the entity's."""
        known = entity.attributes[attribute]
        value = Moment(cut_off).as_wall("<", zone) if known.kind != "instant" else cut_off
        return entity.table.c[attribute] < self.bound(known, value)
