"""MariaDB and MySQL: attributes and the values they are compared with."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from bulkdelete.domain.query.patterns import Piece
from bulkdelete.domain.query.tree import TextMode, Value
from bulkdelete.records.catalogue import Attribute, Entity
from bulkdelete.records.conditions.lists import listed
from bulkdelete.records.conditions.moments import SIGNS, Bounds, Moment, Sign, in_kind
from bulkdelete.records.conditions.patterns import ESCAPE, by_pcre, is_plain, like_text, regular_expression
from bulkdelete.records.conditions.times import within_any
from bulkdelete.records.mariadb.expressions import ByCodePoint
from bulkdelete.records.predicates import Truth
from bulkdelete.records.values import Bound


class MariaDBOperands:
    """How a condition is written."""

    def understood(self, attribute: Attribute, values: tuple[Value, ...]) -> Attribute:
        """Booleans are small numbers: compared with true or false they are taken for booleans."""
        if attribute.kind == "integer" and values and all(isinstance(one, bool) for one in values):
            return replace(attribute, kind="boolean")
        return attribute

    def operand(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[object]:
        """The column."""
        return entity.table.c[attribute.name]

    def bound(self, attribute: Attribute, value: Bound) -> sa.ColumnElement[object]:
        """The value in the column's kind: a text stays text, since `0` equals every text that is no number."""
        match value:
            case bool():
                return sa.bindparam(None, int(value), type_=sa.Integer)
            case int():
                return sa.bindparam(None, value, type_=sa.BigInteger)
            case Decimal():
                return sa.bindparam(None, value, type_=sa.Numeric(65, 30))
            case float():
                return sa.bindparam(None, value, type_=sa.Float)
            case bytes():
                return sa.bindparam(None, value, type_=sa.LargeBinary)
            case datetime.datetime():
                return sa.bindparam(None, value.replace(tzinfo=None).isoformat(" "), type_=sa.String)
            case datetime.date():
                return sa.bindparam(None, value.isoformat(), type_=sa.String)
            case UUID() | str():
                return sa.bindparam(None, str(value), type_=sa.String)

    def guard(self, entity: Entity, attribute: Attribute) -> Truth | None:
        """Nothing: columns are typed."""
        return None

    def is_null(self, entity: Entity, attribute: Attribute) -> Truth:
        """Of a date that cannot be null the server says that it is null where it is `0000-00-00`."""
        if attribute.kind in {"date", "datetime", "instant"} and not attribute.nullable:
            return sa.false()
        return entity.table.c[attribute.name].is_(None)

    def as_times(self, attribute: Attribute) -> Attribute | None:
        """By its type."""
        return attribute if attribute.kind in {"date", "datetime", "instant"} else None

    def timed(self, entity: Entity, attribute: Attribute, sign: Sign, moment: Moment, zone: ZoneInfo) -> Truth:
        """TIMESTAMP in UTC, which is the session's zone."""
        sign, value = in_kind(moment, attribute.kind, sign, zone)
        if value is None:
            return sa.false()
        truth: Truth = SIGNS[sign](entity.table.c[attribute.name], self.bound(attribute, value))
        return truth

    def within_any(self, entity: Entity, attribute: Attribute, bounds: Sequence[Bounds], zone: ZoneInfo) -> Truth:
        """By the column as it is: an index can find it."""
        return within_any(self, entity, attribute, bounds, zone)

    def is_time(self, entity: Entity, attribute: Attribute) -> Truth:
        """`0000-00-00` is none."""
        return entity.table.c[attribute.name] >= sa.literal_column("'0001-01-01'")

    def same_time(self, entity: Entity, attribute: Attribute, zone: ZoneInfo) -> sa.ColumnElement[object]:
        """The column."""
        return entity.table.c[attribute.name]

    def text(self, expression: sa.ColumnElement[Any], mode: TextMode) -> sa.ColumnElement[Any]:
        """By code point, trailing blanks included; lower case first where case is ignored."""
        plain: sa.ColumnElement[Any] = sa.func.convert(expression.op("USING")(sa.literal_column("utf8mb4")))
        if mode is TextMode.IGNORE_CASE:
            plain = sa.func.lower(plain)
        return ByCodePoint(plain)

    def matches(self, entity: Entity, attribute: Attribute, pieces: tuple[Piece, ...], mode: TextMode) -> Truth:
        """By LIKE; a class of characters by a regular expression, whose case follows the collation."""
        column: sa.ColumnElement[Any] = entity.table.c[attribute.name]
        if mode is not TextMode.DATABASE:
            column = self.text(column, mode)
        if is_plain(pieces):
            pattern: sa.ColumnElement[Any] = sa.bindparam(None, like_text(pieces), type_=sa.Text)
            if mode is TextMode.IGNORE_CASE:
                pattern = self.text(pattern, mode)
            return column.like(pattern, escape=ESCAPE)
        fold = "(?i)" if mode is TextMode.IGNORE_CASE else ""
        text = f"{fold}(?s)\\A{regular_expression(pieces, by_pcre, atomic=True)}\\z"
        return column.op("REGEXP", is_comparison=True)(sa.bindparam(None, text, type_=sa.Text))

    def choices(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[str] | None:
        """From JSON (on MariaDB a text), or a text."""
        if attribute.kind != "text" and not self.holds_list(attribute):
            return None
        return listed(sa.cast(entity.table.c[attribute.name], mysql.CHAR(charset="utf8mb4")), trimmed)

    def holds_list(self, attribute: Attribute) -> bool:
        """JSON on MySQL; on MariaDB it is text."""
        return attribute.native == "json"

    def before(self, entity: Entity, attribute: str, cut_off: datetime.datetime, zone: ZoneInfo) -> Truth:
        """A column that keeps fewer decimals was cut when the record was written, so the cut-off is, too."""
        known = entity.attributes[attribute]
        step = 10 ** (6 - known.fraction)
        whole = cut_off.replace(microsecond=cut_off.microsecond // step * step)
        value = whole if known.kind == "instant" else Moment(whole).as_wall("<", zone)
        return entity.table.c[attribute] < self.bound(known, value)


def trimmed(text: sa.ColumnElement[Any], what: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A text without this at both ends."""
    both: sa.ColumnElement[Any] = sa.literal_column(f"BOTH {what}")
    return sa.func.trim(both.op("FROM")(text))
