"""Days, weeks and months in a time zone, and the instants where they begin.

Local times stay with their zone: a day begins at its first instant, also where its midnight is skipped (then that
is the moment of the jump) or comes twice (then the first of the two).
"""

from __future__ import annotations

import calendar
import datetime
from zoneinfo import ZoneInfo

EARLIEST, LATEST = datetime.date(2, 1, 1), datetime.date(9998, 12, 31)
"""Beyond these an instant may have no UTC time; no bound lies there."""


def start_of(day: datetime.date, zone: ZoneInfo) -> datetime.datetime:
    """The first instant of a day, as the local time of its midnight."""
    return datetime.datetime(day.year, day.month, day.day, tzinfo=zone)


def shift_days(day: datetime.date, days: int) -> datetime.date | None:
    """So many days later; None beyond the calendar."""
    try:
        found = day + datetime.timedelta(days=days)
    except OverflowError:
        return None
    return found if EARLIEST <= found <= LATEST else None


def shift_months(day: datetime.date, months: int) -> datetime.date | None:
    """So many months later, the day clamped to the month's last; None beyond the calendar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not EARLIEST.year <= year <= LATEST.year:
        return None
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def shift_elapsed(instant: datetime.datetime, seconds: int) -> datetime.datetime | None:
    """So many seconds of elapsed time later, in the same zone; None beyond the calendar."""
    try:
        found = instant.astimezone(datetime.UTC) + datetime.timedelta(seconds=seconds)
        return found.astimezone(instant.tzinfo) if EARLIEST <= found.date() <= LATEST else None
    except OverflowError:
        return None


def first_of_week(day: datetime.date) -> datetime.date:
    """The Sunday on or before a day (spec §6.3.4)."""
    return day - datetime.timedelta(days=(day.weekday() + 1) % 7)


def local(wall: datetime.datetime, zone: ZoneInfo, later: bool = False) -> datetime.datetime:
    """A wall time as an instant; where it comes twice, or never, the earlier of the two it may mean, or the later."""
    one, other = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    one_utc, other_utc = one.astimezone(datetime.UTC), other.astimezone(datetime.UTC)
    return (max if later else min)((one_utc, other_utc)).astimezone(zone)


def day_of(text: str, zone: ZoneInfo) -> datetime.date:
    """The day that a value names: a day, or the local day of a time. Raises ValueError."""
    found = datetime.datetime.fromisoformat(text)
    return (found.astimezone(zone) if found.tzinfo else found).date()


def moment_of(text: str, zone: ZoneInfo, later: bool = False) -> datetime.datetime:
    """The instant that a value names: a time with an offset, a local time, or a day's first instant.

    Raises ValueError, or OverflowError beyond the calendar.
    """
    found = datetime.datetime.fromisoformat(text)
    if not EARLIEST <= found.date() <= LATEST:
        # Its UTC time may not be on the calendar.
        if found.tzinfo is None:
            return found.replace(tzinfo=datetime.UTC)
        return found.astimezone(datetime.UTC)
    if found.tzinfo is not None:
        return found.astimezone(zone)
    return start_of(found.date(), zone) if found.time() == datetime.time() else local(found, zone, later)
