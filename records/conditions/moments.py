"""An instant held against a column: as an instant, as the local time of a column without a zone, as a day."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bulkdelete.domain.query.days import start_of
from bulkdelete.records.catalogue import Kind

Sign = str
"""`<`, `<=`, `>`, `>=` or `=`."""

SIGNS: dict[Sign, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """An instant in the zone of the terms; `wall`: the local time that was written for it, if one was."""

    instant: datetime.datetime
    wall: datetime.datetime | None = None

    @property
    def utc(self) -> datetime.datetime:
        """The instant in UTC."""
        return self.instant.astimezone(datetime.UTC)

    def as_wall(self, sign: Sign, zone: ZoneInfo) -> datetime.datetime:
        """The local time in a column's zone.

        A stored time that comes twice, when clocks are set back, matches only where both that it may mean do.
        """
        if self.wall is not None and zone == self.instant.tzinfo:
            return self.wall
        there = self.instant.astimezone(zone)
        wall = there.replace(tzinfo=None, fold=0)
        first, last = twice(there, zone)
        if first is None or last is None:
            return wall
        if sign in {"<", "<="} and there.fold == 0:
            return first
        return last if sign in {">", ">="} and there.fold == 1 else wall

    def as_day(self, sign: Sign) -> tuple[Sign, datetime.date | None]:
        """A comparison with days, each of which means its first instant; None: nothing equals it."""
        day = self.instant.date()
        if start_of(day, self.instant.tzinfo).astimezone(datetime.UTC) == self.utc:  # type: ignore[arg-type]
            return sign, day
        return {"<": ("<=", day), ">=": (">", day), "=": ("=", None)}.get(sign, (sign, day))


Bounds = tuple[Moment | None, Moment | None]
"""An interval: from the first on, before the second; None: without a bound."""


def twice(there: datetime.datetime, zone: ZoneInfo) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """The first and the last bound of the local times around an instant that come twice; None where they do not."""
    early, late = (there.replace(fold=fold).astimezone(datetime.UTC) for fold in (0, 1))
    if late <= early:
        return None, None
    # Between the two the clocks are set back, by as much as they lie apart.
    before, offset = early, early.astimezone(zone).utcoffset()
    while late - before > datetime.timedelta(microseconds=1):
        middle = before + (late - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            late = middle
    first = late.astimezone(zone).replace(tzinfo=None, fold=0)
    assert offset is not None
    return first, late.replace(tzinfo=None) + offset


def in_kind(moment: Moment, kind: Kind, sign: Sign, zone: ZoneInfo) -> tuple[Sign, datetime.date | None]:
    """What a column of this kind is compared with, and by which sign."""
    match kind:
        case "date":
            return moment.as_day(sign)
        case "instant":
            return sign, moment.utc
        case _:
            return sign, moment.as_wall(sign, zone)
