"""Dates of an evaluator: each row's own local day is asked, no bound is worked out."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

Time = datetime.date | datetime.datetime
"""A day, a local time without a zone, or an instant with one."""


@dataclass(frozen=True)
class Clock:
    """Now, in a zone."""

    now: datetime.datetime
    zone: ZoneInfo

    @property
    def here(self) -> datetime.datetime:
        return self.now.astimezone(self.zone)

    @property
    def today(self) -> datetime.date:
        return self.here.date()

    def instants(self, value: Time) -> list[datetime.datetime]:
        """The instants that a value may mean."""
        if isinstance(value, datetime.datetime) and value.tzinfo:
            return [value.astimezone(datetime.UTC)]
        if not isinstance(value, datetime.datetime):
            wall = datetime.datetime(value.year, value.month, value.day)
            return [wall.replace(tzinfo=self.zone).astimezone(datetime.UTC)]
        first, second = (value.replace(tzinfo=self.zone, fold=fold).astimezone(datetime.UTC) for fold in (0, 1))
        return [first, second] if second > first else [first]

    def day(self, value: Time) -> datetime.date:
        """The local day of a value."""
        if not isinstance(value, datetime.datetime):
            return value
        return (value.astimezone(self.zone) if value.tzinfo else value).date()

    def is_before(self, value: Time, instant: datetime.datetime) -> bool:
        return all(one < instant for one in self.instants(value))

    def is_from(self, value: Time, instant: datetime.datetime) -> bool:
        return all(one >= instant for one in self.instants(value))

    def compares(self, name: str, value: Time, values: list[str]) -> bool:
        """A comparison with days and instants that a query names."""
        wanted = []
        for text in values:
            found = datetime.datetime.fromisoformat(text)
            wanted.append(
                found.astimezone(datetime.UTC)
                if found.tzinfo
                else found.replace(tzinfo=self.zone).astimezone(datetime.UTC)
            )

        def equals(one: datetime.datetime) -> bool:
            if isinstance(value, datetime.datetime) and value.tzinfo is None:
                return value == one.astimezone(self.zone).replace(tzinfo=None)
            return one in self.instants(value)

        mine = self.instants(value)
        match name:
            case "Equal":
                return equals(wanted[0])
            case "NotEqual":
                return not equals(wanted[0])
            case "In":
                return any(equals(one) for one in wanted)
            case "NotIn":
                return all(all(one < other for one in mine) or all(one > other for one in mine) for other in wanted)
            case "Between":
                return all(wanted[0] <= one for one in mine) and all(one <= wanted[1] for one in mine)
            case "NotBetween":
                return all(one < wanted[0] for one in mine) or all(one > wanted[1] for one in mine)
            case "LessThan":
                return all(one < wanted[0] for one in mine)
            case "LessEqual":
                return all(one <= wanted[0] for one in mine)
            case "GreaterThan":
                return all(one > wanted[0] for one in mine)
            case _:
                return all(one >= wanted[0] for one in mine)

    def holds(self, name: str, values: tuple[Any, ...], value: Time) -> bool:
        """An operator of days and spans."""
        day, today = self.day(value), self.today
        if name.startswith("On"):
            named = datetime.date.fromisoformat(str(values[0]))
            return {"On": day == named, "OnOrBefore": day <= named, "OnOrAfter": day >= named}[name]
        if name in {"Yesterday", "Today", "Tomorrow"}:
            return (day - today).days == {"Yesterday": -1, "Today": 0, "Tomorrow": 1}[name]
        if name == "Last7Days":
            return (today - day).days <= 7 and self.is_before(value, self.now)
        if name == "Next7Days":
            return (day - today).days <= 7 and self.is_from(value, self.now)
        if not values:
            step = {"Last": -1, "This": 0, "Next": 1}[name[:4]]
            match name[4:]:
                case "Week":
                    return (sunday(day) - sunday(today)).days == 7 * step
                case "Month":
                    return (day.year * 12 + day.month) - (today.year * 12 + today.month) == step
                case _:
                    return day.year - today.year == step
        return self.spans(name, int(values[0]), value)

    def spans(self, name: str, count: int, value: Time) -> bool:
        """So many units before or after now."""
        day, unit = self.day(value), name.rsplit("X", 1)[1]
        if unit in {"Hours", "Minutes"}:
            return self.clocked(name, count, value, 3600 if unit == "Hours" else 60)
        if name.startswith("Next"):
            last = moved(self.today + datetime.timedelta(days=1), unit, count)
            return self.is_from(value, self.now) and day < last
        first = moved(self.today, unit, -count)
        if name.startswith("Last"):
            return day >= first and self.is_before(value, self.now)
        return day < first

    def clocked(self, name: str, count: int, value: Time, seconds: int) -> bool:
        """Elapsed hours and minutes."""
        span = datetime.timedelta(seconds=seconds * count)
        if name.startswith("Next"):
            return self.is_from(value, self.now) and self.is_before(value, self.now + span)
        past = datetime.timedelta(
            minutes=self.here.minute if seconds == 3600 else 0,
            seconds=self.here.second,
            microseconds=self.here.microsecond,
        )
        if name.startswith("Last"):
            return self.is_from(value, self.now - past - span) and self.is_before(value, self.now)
        return self.is_before(value, self.now - past - span)


def sunday(day: datetime.date) -> datetime.date:
    """The Sunday that a week begins with."""
    while calendar.day_name[day.weekday()] != "Sunday":
        day -= datetime.timedelta(days=1)
    return day


def moved(day: datetime.date, unit: str, count: int) -> datetime.date:
    """So many days, weeks, months or years later; a month's missing day is its last."""
    if unit in {"Days", "Weeks"}:
        return day + datetime.timedelta(days=count * (7 if unit == "Weeks" else 1))
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "Years" else 1)
    year, month, number = months // 12, months % 12 + 1, day.day
    while True:
        try:
            return datetime.date(year, month, number)
        except ValueError:
            number -= 1


@dataclass(frozen=True)
class FiscalYear:
    """A fiscal year: the month and day it starts on, and how it is divided."""

    month: int
    day: int
    period: str

    def year(self, day: datetime.date) -> int:
        """Named by the year it starts in."""
        return day.year if day >= datetime.date(day.year, self.month, self.day) else day.year - 1

    def number(self, day: datetime.date) -> int | None:
        """The period of the year that a day belongs to; counted up from the year's start."""
        start = datetime.date(self.year(day), self.month, self.day)
        if self.period == "fourweekly":
            number = (day - start).days // 28 + 1
            return number if number <= 13 else None
        months = {"annually": 12, "semiannually": 6, "quarterly": 3, "monthly": 1}[self.period]
        number = 1
        while moved(start, "Months", months * number) <= day:
            number += 1
        return min(number, 12 // months)

    @property
    def periods(self) -> int:
        return {"annually": 1, "semiannually": 2, "quarterly": 4, "monthly": 12, "fourweekly": 13}[self.period]

    def ordinal(self, day: datetime.date) -> int | None:
        """Periods counted through all years."""
        number = self.number(day)
        return None if number is None else self.year(day) * self.periods + number - 1

    def holds(self, name: str, values: tuple[Any, ...], value: Time, clock: Clock) -> bool:
        """A fiscal operator."""
        return bool(self.found(name, values, value, clock))

    def found(self, name: str, values: tuple[Any, ...], value: Time, clock: Clock) -> Any:
        """The same."""
        day, today = clock.day(value), clock.today
        year, this = self.year(day), self.year(today)
        if name == "InFiscalYear":
            return year == values[0]
        if name.endswith(("FiscalYear", "FiscalYears")):
            if values and name.startswith("Last"):
                return year >= this - values[0] and clock.is_before(value, clock.now)
            if values:
                return year <= this + values[0] and clock.is_from(value, clock.now)
            return year - this == {"Last": -1, "This": 0, "Next": 1}[name[:4]]
        mine, now = self.ordinal(day), self.ordinal(today)
        if name.startswith("In"):
            if values[0] > self.periods:
                return False
            if name == "InFiscalPeriod":
                return self.number(day) == values[0]
            wanted = values[1] * self.periods + values[0] - 1
            if name == "InFiscalPeriodAndYear":
                return mine == wanted
            # A day of no period lies after the last one of its year.
            place = year * self.periods + self.periods - 0.5 if mine is None else mine
            return place <= wanted if "Before" in name else place >= wanted
        if now is None:
            return False
        if not values:
            return mine is not None and mine - now == {"Last": -1, "This": 0, "Next": 1}[name[:4]]
        place = year * self.periods + self.periods - 0.5 if mine is None else mine
        if name.startswith("Last"):
            return place >= now - values[0] and clock.is_before(value, clock.now)
        return place <= now + values[0] and clock.is_from(value, clock.now)
