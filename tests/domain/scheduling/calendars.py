"""An evaluation of recurrence rules of our own, day by day and second by second: slow, and independent of any library.

RFC 5545 §3.3.10, as far as the cases below need it: each BY… part decides for one day, or one time of a day, whether
it belongs, and FREQ and INTERVAL which periods count. BYSETPOS chooses within a period.
"""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def instants(rule: str, start: datetime, zone: ZoneInfo, until: date) -> list[datetime]:
    """Every occurrence from `start` to the end of a day, as instants; a missing time counts by the offset before."""
    found = {wall.replace(tzinfo=zone).astimezone(UTC) for wall in walls(rule, start, until)}
    return sorted(found)


def walls(rule: str, start: datetime, until: date) -> Iterator[datetime]:
    """Every time on the wall."""
    parts = dict(part.split("=") for part in rule.split(";") if part)
    chosen = sorted(one for period in periods(parts, start, until) for one in positions(parts, period))
    limit = int(parts.get("COUNT", 10**9))
    yield from itertools.islice((one for one in chosen if one >= start), limit)


def periods(parts: dict[str, str], start: datetime, until: date) -> Iterator[list[datetime]]:
    """The times of each period of the rule that counts."""
    grouped: dict[object, list[datetime]] = {}
    day = start.date().replace(day=1, month=1)
    while day <= until:
        if matches_day(parts, day, start):
            for clock in times(parts, start):
                wall = datetime.combine(day, clock)
                if (key := period_of(parts, wall, start)) is not None:
                    grouped.setdefault(key, []).append(wall)
        day += timedelta(days=1)
    yield from (sorted(one) for one in grouped.values())


def positions(parts: dict[str, str], period: list[datetime]) -> list[datetime]:
    """Those that BYSETPOS chooses."""
    if "BYSETPOS" not in parts:
        return period
    wanted = [int(one) for one in parts["BYSETPOS"].split(",")]
    return [one for at, one in enumerate(period) if at + 1 in wanted or at - len(period) in wanted]


def period_of(parts: dict[str, str], wall: datetime, start: datetime) -> object:
    """The period of FREQ that a time belongs to; None where INTERVAL leaves it out."""
    monday = start.date() - timedelta(days=start.weekday())
    hours = (wall.date() - start.date()).days * 24 + wall.hour - start.hour
    number = {
        "YEARLY": wall.year - start.year,
        "MONTHLY": (wall.year - start.year) * 12 + wall.month - start.month,
        "WEEKLY": (wall.date() - monday).days // 7,
        "DAILY": (wall.date() - start.date()).days,
        "HOURLY": hours,
        "MINUTELY": hours * 60 + wall.minute - start.minute,
    }[parts["FREQ"]]
    return number if number % int(parts.get("INTERVAL", "1")) == 0 else None


def times(parts: dict[str, str], start: datetime) -> list[time]:
    """The times of a day that may belong."""
    finer = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY").index(parts["FREQ"])
    hours = numbers(parts, "BYHOUR") or (range(24) if finer >= 4 else [start.hour])
    minutes = numbers(parts, "BYMINUTE") or (range(60) if finer >= 5 else [start.minute])
    seconds = numbers(parts, "BYSECOND") or [start.second]
    return [time(*one) for one in itertools.product(hours, minutes, seconds)]


def numbers(parts: dict[str, str], name: str) -> list[int]:
    return [int(one) for one in parts.get(name, "").split(",") if one]


def matches_day(parts: dict[str, str], day: date, start: datetime) -> bool:
    """Whether a day passes every part that speaks of days."""
    length = calendar.monthrange(day.year, day.month)[1]
    year = 366 if calendar.isleap(day.year) else 365
    if (months := numbers(parts, "BYMONTH")) and day.month not in months:
        return False
    if (days := numbers(parts, "BYMONTHDAY")) and not {day.day, day.day - length - 1} & set(days):
        return False
    ordinal = day.timetuple().tm_yday
    if (days := numbers(parts, "BYYEARDAY")) and not {ordinal, ordinal - year - 1} & set(days):
        return False
    if "BYDAY" in parts and not any(is_day(one, day, parts) for one in parts["BYDAY"].split(",")):
        return False
    return by_the_start(parts, day, start)


def by_the_start(parts: dict[str, str], day: date, start: datetime) -> bool:
    """What the start says where no part does."""
    if {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & parts.keys():
        return True
    match parts["FREQ"]:
        case "YEARLY":
            return day.day == start.day and ("BYMONTH" in parts or day.month == start.month)
        case "MONTHLY":
            return day.day == start.day
        case "WEEKLY":
            return day.weekday() == start.weekday()
    return True


def is_day(text: str, day: date, parts: dict[str, str]) -> bool:
    """Whether `2MO` or `-1FR` names the day, in its month or year."""
    if DAYS[day.weekday()] != text[-2:]:
        return False
    if len(text) == 2:
        return True
    wanted = int(text[:-2])
    if parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts:
        first, last = day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    else:
        first, last = date(day.year, 1, 1), date(day.year, 12, 31)
    return wanted in {(day - first).days // 7 + 1, -((last - day).days // 7) - 1}
