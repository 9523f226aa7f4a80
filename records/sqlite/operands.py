"""SQLite: attributes and the values they are compared with."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bulkdelete.domain.query.patterns import Piece
from bulkdelete.domain.query.tree import TextMode, Value
from bulkdelete.records.catalogue import Attribute, Entity
from bulkdelete.records.conditions.lists import listed
from bulkdelete.records.conditions.moments import SIGNS, Bounds, Moment, Sign
from bulkdelete.records.conditions.patterns import ESCAPE, by_code_point, is_plain, like_text, regular_expression
from bulkdelete.records.conditions.times import within_any
from bulkdelete.records.instants import ISO, spelled
from bulkdelete.records.predicates import Truth
from bulkdelete.records.sqlite.expressions import instant_before, instant_of, offset_of, wall_of
from bulkdelete.records.values import Bound

TEXTUAL_TIME = {"date", "datetime"}
FEW = 4
"""Intervals that are compared one by one."""


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
                # Beyond 64 bits SQLite itself knows but floating-point numbers.
                whole = abs(value) < 2**63 and value == value.to_integral_value()
                number = int(value) if whole else float(value)
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

    def as_times(self, attribute: Attribute) -> Attribute | None:
        """Days and times are texts, in a column of whatever type that may hold one."""
        if attribute.kind in {"date", "datetime", "text", "other"}:
            return replace(attribute, kind="datetime")
        return None

    def timed(self, entity: Entity, attribute: Attribute, sign: Sign, moment: Moment, zone: ZoneInfo) -> Truth:
        """A text with an offset by its instant, one without by its local time; in UTC the two are the same."""
        column = entity.table.c[attribute.name]
        holds = SIGNS[sign]
        if zone.key == "UTC":
            in_utc: Truth = holds(instant_of(column), as_text(moment.utc))
            return in_utc
        return sa.or_(
            holds(wall_of(column), as_text(moment.as_wall(sign, zone))), holds(offset_of(column), as_text(moment.utc))
        )

    def within_any(self, entity: Entity, attribute: Attribute, bounds: Sequence[Bounds], zone: ZoneInfo) -> Truth:
        """A few by SQLite itself; many would each read the text anew, so Python reads it once."""
        if len(bounds) <= FEW:
            return within_any(self, entity, attribute, bounds, zone)
        walls, instants = [], []
        for start, end in bounds:
            assert start is not None
            assert end is not None
            walls.append([spelled(start.as_wall(">=", zone)), spelled(end.as_wall("<", zone))])
            instants.append([spelled(start.utc), spelled(end.utc)])
        listed = sa.bindparam(None, json.dumps([walls, instants]), type_=sa.Text)
        inside = sa.func.bulkdelete_within(entity.table.c[attribute.name], listed)
        return inside == sa.literal_column("1")

    def is_time(self, entity: Entity, attribute: Attribute) -> Truth:
        """What spells no time compares with none."""
        return sa.true()

    def same_time(self, entity: Entity, attribute: Attribute, zone: ZoneInfo) -> sa.ColumnElement[object]:
        """The instant in UTC that a text spells."""
        column = entity.table.c[attribute.name]
        if zone.key == "UTC":
            return instant_of(column)
        return sa.func.bulkdelete_utc(column, sa.bindparam(None, zone.key, type_=sa.Text))

    def text(self, expression: sa.ColumnElement[Any], mode: TextMode) -> sa.ColumnElement[Any]:
        """Lower case by Unicode, which SQLite itself does not know."""
        plain = sa.func.bulkdelete_lower(expression) if mode is TextMode.IGNORE_CASE else expression
        return sa.collate(plain, "BINARY")

    def matches(self, entity: Entity, attribute: Attribute, pieces: tuple[Piece, ...], mode: TextMode) -> Truth:
        """By SQLite's own LIKE, which ignores the case of ASCII; else, and for classes, by a regular expression."""
        column: sa.ColumnElement[Any] = entity.table.c[attribute.name]
        if mode is TextMode.DATABASE and is_plain(pieces):
            return column.like(sa.bindparam(None, like_text(pieces), type_=sa.Text), escape=ESCAPE)
        text = regular_expression(pieces, by_code_point, atomic=True)
        flags = {TextMode.DATABASE: "(?ia)", TextMode.EXACT: "", TextMode.IGNORE_CASE: "(?i)"}[mode]
        matches = sa.func.bulkdelete_matches(sa.bindparam(None, f"{flags}{text}", type_=sa.Text), column)
        return matches == sa.literal_column("1")

    def choices(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[str] | None:
        """From JSON, which is text here, or a text."""
        if attribute.kind not in {"text", "other"}:
            return None
        return listed(entity.table.c[attribute.name], sa.func.trim)

    def holds_list(self, attribute: Attribute) -> bool:
        """By its declared type."""
        return attribute.native.upper() in {"JSON", "JSONB"}

    def before(self, entity: Entity, attribute: str, cut_off: datetime.datetime, zone: ZoneInfo) -> Truth:
        """By the instant the text spells; what spells none is never before."""
        if zone.key == "UTC":
            return instant_before(entity.table.c[attribute], spelled(cut_off))
        return self.timed(entity, entity.attributes[attribute], "<", Moment(cut_off), zone)


def as_text(instant: datetime.datetime) -> sa.ColumnElement[str]:
    """A time in its canonical spelling, bound."""
    return sa.bindparam(None, spelled(instant), type_=sa.Text)
