"""Recurrence: a rule of RFC 5545, checked part by part, and what it gives on a clock on the wall.

Dataverse's patterns are such rules (spec §2.3), with a semicolon at the end. The calendar is `dateutil`'s; what is
checked here it would guess, ignore, or look for until the year 9999.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from dateutil import rrule

from bulkdelete.domain.scheduling.rule_text import (
    FREQUENCIES,
    NUMBERS,
    WEEKDAYS,
    Moment,
    listed,
    moment,
    number,
    one_of,
    parts_of,
    refused,
    weekday,
)

NOT_WITH = {
    "BYMONTHDAY": {"WEEKLY"},
    "BYYEARDAY": {"DAILY", "WEEKLY", "MONTHLY"},
    "BYWEEKNO": set(FREQUENCIES) - {"YEARLY"},
}
"""RFC 5545 §3.3.10: these say nothing there."""
LARGEST_INTERVAL, LARGEST_COUNT = 100_000, 10_000
MOST_STEPS = 100_000
"""Steps that the library may take to the next occurrence: days of 270 years, or half a second."""
MOST_AT_ONCE = 50_000
"""Occurrences of one year, month, week or day of the rule."""
FREQ: dict[str, Any] = dict(zip(FREQUENCIES, range(7), strict=True))
"""As the library counts them."""
WEEKDAY = dict(zip(WEEKDAYS, rrule.weekdays, strict=True))
DAY_PARTS = {"byweekday", "bymonthday", "byyearday", "byweekno"}
DAYS_OF = {"YEARLY": 366, "MONTHLY": 31, "WEEKLY": 7, "DAILY": 1}
UNIT = {
    "WEEKLY": timedelta(weeks=1), "DAILY": timedelta(days=1), "HOURLY": timedelta(hours=1),
    "MINUTELY": timedelta(minutes=1), "SECONDLY": timedelta(seconds=1),
}  # fmt: skip


class EndlessSearchError(Exception):
    """The library found no occurrence in a bounded number of steps."""


class Steps(int):
    """INTERVAL, counting how often the library steps on by it: that is the only way to make it give up."""

    left: int

    def __new__(cls, interval: int, most: int) -> Steps:
        """An interval that may be added so often."""
        one = super().__new__(cls, interval)
        one.left = most
        return one

    def spend(self) -> int:
        """The plain interval, once more. Raises EndlessSearchError."""
        self.left -= 1
        if self.left < 0:
            raise EndlessSearchError
        return int(self)

    def __radd__(self, other: int) -> int:
        return other + self.spend()

    def __mul__(self, other: int) -> int:  # weeks are stepped by seven times the interval
        return self.spend() * other


@dataclass(frozen=True)
class Recurrence:
    """A rule: its parts, in the order in which they are always written."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: Moment | None = None
    excluded: tuple[Moment, ...] = ()
    week_starts: str = "MO"
    by_day: tuple[tuple[int | None, str], ...] = ()
    by: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Recurrence:
        """The rule that a text spells. Raises InvalidJobError naming the part and what is accepted."""
        parts = parts_of(text)
        if "FREQ" not in parts:
            raise refused(f"FREQ is missing; accepted: {', '.join(FREQUENCIES)}")
        found = cls(
            frequency=one_of("FREQ", parts["FREQ"], FREQUENCIES),
            interval=number("INTERVAL", parts.get("INTERVAL", "1"), 1, LARGEST_INTERVAL),
            count=number("COUNT", parts["COUNT"], 1, LARGEST_COUNT) if "COUNT" in parts else None,
            until=moment("UNTIL", parts["UNTIL"]) if "UNTIL" in parts else None,
            excluded=tuple(moment("EXDATE", one) for one in listed("EXDATE", parts)),
            week_starts=one_of("WKST", parts.get("WKST", "MO"), WEEKDAYS),
            by_day=tuple(weekday(one) for one in listed("BYDAY", parts)),
            by={
                name: tuple(dict.fromkeys(number(name, one, *limits, zero=limits[0] >= 0)
                                          for one in listed(name, parts)))
                for name, limits in NUMBERS.items() if name in parts
            },
        )  # fmt: skip
        found.check()
        return found

    def check(self) -> None:
        """Raise InvalidJobError where parts do not go together, or nothing, or too much, could come of them."""
        if self.count is not None and self.until is not None:
            raise refused("COUNT and UNTIL do not go together: one of them ends the rule")
        for name, wrong in NOT_WITH.items():
            if name in self.by and self.frequency in wrong:
                raise refused(f"{name} has no meaning with FREQ={self.frequency} (RFC 5545 §3.3.10)")
        ordinal = any(n for n, _ in self.by_day)
        if ordinal and (self.frequency not in {"YEARLY", "MONTHLY"} or "BYWEEKNO" in self.by):
            raise refused("BYDAY with a number needs FREQ=MONTHLY or FREQ=YEARLY without BYWEEKNO")
        if "BYSETPOS" in self.by and not self.by_day and len(self.by) == 1:
            raise refused("BYSETPOS chooses among what another BY… part gives; there is none")
        if self.frequency in DAYS_OF:
            at_once = DAYS_OF[self.frequency] * self.times("BYHOUR", "BYMINUTE", "BYSECOND")
            if at_once > MOST_AT_ONCE:
                raise refused(f"it may give {at_once:,} occurrences at once; at most {MOST_AT_ONCE:,} are taken")
        elif "BYSETPOS" in self.by and min(abs(one) for one in self.by["BYSETPOS"]) > self.times(*self.finer):
            raise refused(f"BYSETPOS chooses among {self.times(*self.finer)} with FREQ={self.frequency}: it never can")

    @property
    def finer(self) -> tuple[str, ...]:
        """The parts that give several occurrences within one hour or minute of the rule."""
        return {"HOURLY": ("BYMINUTE", "BYSECOND"), "MINUTELY": ("BYSECOND",)}.get(self.frequency, ())

    def times(self, *names: str) -> int:
        """How many there may be by these parts."""
        count = 1
        for name in names:
            count *= len(self.by.get(name, (0,)))
        return count

    def __str__(self) -> str:
        parts = [f"FREQ={self.frequency}", f"INTERVAL={self.interval}" if self.interval > 1 else ""]
        parts += [f"COUNT={self.count}" if self.count else "", f"UNTIL={self.until.text}" if self.until else ""]
        parts += [f"WKST={self.week_starts}" if self.week_starts != "MO" else ""]
        days = ",".join(f"{n or ''}{day}" for n, day in self.by_day)
        parts += [f"BYDAY={days}" if days else ""]
        parts += [f"{name}={','.join(map(str, values))}" for name, values in self.by.items()]
        skipped = ",".join(one.text for one in self.excluded)
        return ";".join(part for part in (*parts, f"EXDATE={skipped}" if skipped else "") if part)

    def __hash__(self) -> int:
        return hash(str(self))

    def walls(self, start: datetime, after: datetime | None = None) -> Iterator[datetime]:
        """The times on the wall in order, from `start` on, or from some time before `after` on.

        UNTIL, COUNT and EXDATE are not applied. Raises EndlessSearchError.
        """
        most = MOST_STEPS * 4 // (4 + self.times(*self.finer))
        step = Steps(self.interval, most)
        try:
            for wall in rrule.rrule(
                FREQ[self.frequency], dtstart=start if after is None else self.aligned(start, after), interval=step,
                wkst=WEEKDAY[self.week_starts], **self.limits(start),
            ):  # fmt: skip
                step.left = most
                yield wall
        except ValueError:
            raise EndlessSearchError from None  # the library sees by itself that an hour or minute never comes

    def limits(self, start: datetime) -> dict[str, Any]:
        """The BY… parts as the library takes them, and those that follow from the start."""
        found: dict[str, Any] = {name.lower(): values for name, values in self.by.items()}
        if self.by_day:
            found["byweekday"] = [WEEKDAY[day](n) if n else WEEKDAY[day] for n, day in self.by_day]
        if self.frequency in {"YEARLY", "MONTHLY"} and not DAY_PARTS & found.keys():
            if self.frequency == "YEARLY":
                found.setdefault("bymonth", (start.month,))
            found["bymonthday"] = (start.day,)
        if self.frequency == "WEEKLY" and "byweekday" not in found:
            found["byweekday"] = [rrule.weekdays[start.weekday()]]
        for larger_than, name in (("HOURLY", "hour"), ("MINUTELY", "minute"), ("SECONDLY", "second")):
            if FREQUENCIES.index(self.frequency) < FREQUENCIES.index(larger_than):
                found.setdefault(f"by{name}", (getattr(start, name),))
        return found

    def aligned(self, start: datetime, after: datetime) -> datetime:
        """A start in a period of the rule, at least one whole period before the one of `after`; never before `start`.

        What the rule gives after `after` is the same from there: a rule that is ten years old costs as a new one does.
        """
        if self.frequency in UNIT:
            step = UNIT[self.frequency] * self.interval
            periods = (after - start) // step - 1
            return start if periods <= 0 else start + periods * step
        months = self.interval * (12 if self.frequency == "YEARLY" else 1)
        periods = ((after.year - start.year) * 12 + after.month - start.month) // months - 1
        if periods <= 0:
            return start
        year, month = divmod(start.year * 12 + start.month - 1 + periods * months, 12)
        return datetime(year, 1 if self.frequency == "YEARLY" else month + 1, 1)

    def last_wall(self, start: datetime) -> datetime | None:
        """The last time on the wall of a rule with COUNT; None where nothing ends it so. Raises EndlessSearchError."""
        return None if self.count is None else counted(self, start)


@lru_cache(1024)
def counted(rule: Recurrence, start: datetime) -> datetime:
    """The last of so many; where the calendar has fewer, the last that it has."""
    last = start
    for number_, wall in enumerate(rule.walls(start), 1):
        last = wall
        if number_ == rule.count:
            break
    return last
