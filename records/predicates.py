"""A query's syntax tree as an SQL expression: every value bound, every name from the catalogue."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bulkdelete.domain.query.patterns import Piece
from bulkdelete.domain.query.tree import TextMode, Value
from bulkdelete.records.catalogue import Attribute, Entity
from bulkdelete.records.conditions.moments import Bounds, Moment, Sign
from bulkdelete.records.values import Bound

Truth = sa.ColumnElement[bool]


class Operands(Protocol):
    """How a dialect writes one attribute and the values it is compared with."""

    def understood(self, attribute: Attribute, values: tuple[Value, ...]) -> Attribute:
        """The attribute as these values are to be compared with it."""
        ...

    def operand(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[object]:
        """The attribute, in a form that compares as its kind says."""
        ...

    def bound(self, attribute: Attribute, value: Bound) -> sa.ColumnElement[object]:
        """A value, bound in the attribute's type."""
        ...

    def is_null(self, entity: Entity, attribute: Attribute) -> Truth:
        """Whether the attribute is null."""
        ...

    def guard(self, entity: Entity, attribute: Attribute) -> Truth | None:
        """What must hold for a comparison to mean anything, where a column may hold values of any type."""
        ...

    def as_times(self, attribute: Attribute) -> Attribute | None:
        """The attribute as one that holds days or times; None where it holds none."""
        ...

    def timed(self, entity: Entity, attribute: Attribute, sign: Sign, moment: Moment, zone: ZoneInfo) -> Truth:
        """The attribute's time held against an instant; `zone` is that of times that are stored without one."""
        ...

    def within_any(self, entity: Entity, attribute: Attribute, bounds: Sequence[Bounds], zone: ZoneInfo) -> Truth:
        """Whether the attribute's time lies in one of these intervals."""
        ...

    def is_time(self, entity: Entity, attribute: Attribute) -> Truth:
        """Whether the attribute holds a time at all."""
        ...

    def same_time(self, entity: Entity, attribute: Attribute, zone: ZoneInfo) -> sa.ColumnElement[object]:
        """The attribute's time, in a form that compares with another attribute of the same kind."""
        ...

    def text(self, expression: sa.ColumnElement[Any], mode: TextMode) -> sa.ColumnElement[Any]:
        """A text, or a bound value, in a form that compares in this mode."""
        ...

    def matches(self, entity: Entity, attribute: Attribute, pieces: tuple[Piece, ...], mode: TextMode) -> Truth:
        """Whether a text matches a pattern in this mode."""
        ...

    def choices(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[str] | None:
        """Numbers between commas, with one before and after all; None where the attribute can hold no list."""
        ...

    def holds_list(self, attribute: Attribute) -> bool:
        """Whether the attribute is a list by its type: then equality is that of sets."""
        ...

    def before(self, entity: Entity, attribute: str, cut_off: datetime.datetime, zone: ZoneInfo) -> Truth:
        """Whether the record was created before the cut-off."""
        ...
