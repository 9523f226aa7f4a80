"""When an operation may run: a window of the day, and days on which nothing runs; all by the clock on the wall."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bulkdelete.domain.scheduling.zones import instant_of, wall_of

TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
DAY = re.compile(r"(?:([0-9]{4})-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
FURTHEST = 800
"""Days to look ahead for an hour in which the operation may run."""


def as_time(value: Any) -> Any:
    """A time of day as HH:MM."""
    if isinstance(value, time):
        value = f"{value:%H:%M}"
    if not isinstance(value, str) or not TIME.fullmatch(value):
        reason = '{value} is no time of day; accepted: "HH:MM" in quotes, "00:00" to "24:00"'
        raise PydanticCustomError("refused", reason, {"value": repr(value)[:40]})
    return value


def as_days(value: Any) -> Any:
    """A day, or the first and the last of several; without a year each year."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    days = value.split("/") if isinstance(value, str) else []
    found = [DAY.fullmatch(one) for one in days]
    try:
        if len(days) not in {1, 2} or not all(found) or len({bool(one and one[1]) for one in found}) > 1:
            raise ValueError
        ends = [date(int(one[1] or 2024), int(one[2]), int(one[3])) for one in found if one]
        if found[0] and found[0][1] and ends[0] > ends[-1]:
            raise ValueError
    except ValueError:
        raise PydanticCustomError(
            "refused", "{value} is no day; accepted: 2027-12-24, each year 12-24, several 2027-12-24/2028-01-02",
            {"value": repr(value)[:60]},
        ) from None  # fmt: skip
    return value


TimeOfDay = Annotated[str, BeforeValidator(as_time)]
Days = Annotated[str, BeforeValidator(as_days)]


class Window(BaseModel):
    """The hours of the day in which records may be deleted; over midnight, where `to` is before `from`."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    begin: Annotated[TimeOfDay, Field(alias="from")]
    end: Annotated[TimeOfDay, Field(alias="to")]

    @model_validator(mode="after")
    def is_not_empty(self) -> Window:
        """A window that closes when it opens says nothing."""
        if self.begin in {self.end, "24:00"}:
            raise PydanticCustomError(
                "refused", "a window closes at another time than it opens; leave it out for all day"
            )
        return self

    def holds(self, wall: datetime) -> bool:
        """Whether it is open at that time on the wall."""
        shown = f"{wall:%H:%M}"
        if self.begin < self.end:
            return self.begin <= shown < self.end
        return shown >= self.begin or shown < self.end

    def __str__(self) -> str:
        return f"{self.begin}–{self.end}"


def names(days: str, day: date) -> bool:
    """Whether a day is one of those."""
    first, _, last = days.partition("/")
    shown = day.isoformat() if len(first) > len("12-24") else f"{day:%m-%d}"
    last = last or first
    return first <= shown <= last if first <= last else shown >= first or shown <= last


@dataclass(frozen=True)
class Hours:
    """When an operation may run, in a zone."""

    zone: ZoneInfo
    window: Window | None = None
    blackouts: tuple[str, ...] = ()

    def are_open(self, instant: datetime) -> bool:
        """Whether it may run at an instant."""
        wall = wall_of(instant, self.zone)
        if any(names(days, wall.date()) for days in self.blackouts):
            return False
        return self.window is None or self.window.holds(wall)

    def opening(self, instant: datetime) -> datetime | None:
        """The instant itself where it may run, else when it may next; None where not in two years."""
        return instant if self.are_open(instant) else self.edge(instant, opens=True)

    def closing(self, instant: datetime) -> datetime | None:
        """When it must stop, from an instant at which it may run; None where not in two years."""
        return self.edge(instant, opens=False)

    def edge(self, instant: datetime, opens: bool) -> datetime | None:
        """The first edge after an instant at which it becomes open, or closed."""
        day = wall_of(instant, self.zone).date()
        times = {time(0)} | ({as_clock(self.window.begin), as_clock(self.window.end)} if self.window else set())
        for _ in range(FURTHEST):
            # Edges on a wall clock may change places where it is set: they are put in order as instants.
            for edge in sorted(instant_of(datetime.combine(day, one), self.zone) for one in times):
                if edge > instant and self.are_open(edge) is opens:
                    return edge
            day += timedelta(days=1)
        return None


def as_clock(text: str) -> time:
    """A time of day; 24:00 is the next midnight."""
    return time(0) if text == "24:00" else time(int(text[:2]), int(text[3:]))
