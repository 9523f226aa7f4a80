"""Fiscal years and their periods, as days. A year is named by the year it starts in (spec §6.3.6, §6.4)."""

from __future__ import annotations

import datetime

from bulkdelete.domain.query.days import EARLIEST, LATEST, shift_days, shift_months
from bulkdelete.domain.query.terms import Fiscal, FiscalPeriod

WEEKS = 28
"""Days of a period of four weeks."""


def first_day(year: int, fiscal: Fiscal) -> datetime.date | None:
    """The day on which a fiscal year starts; None beyond the calendar."""
    if not EARLIEST.year <= year <= LATEST.year:
        return None
    return datetime.date(year, fiscal.month, fiscal.day)


def year_of(day: datetime.date, fiscal: Fiscal) -> int:
    """The fiscal year that a day belongs to."""
    return day.year if (day.month, day.day) >= (fiscal.month, fiscal.day) else day.year - 1


def period_of(year: int, number: int | None, fiscal: Fiscal) -> tuple[datetime.date | None, datetime.date | None]:
    """The first day of a period (None: of the whole year) and the day after its last."""
    start, after = first_day(year, fiscal), first_day(year + 1, fiscal)
    if number is None or start is None:
        return start, after
    if fiscal.period is FiscalPeriod.FOURWEEKLY:
        return shift_days(start, WEEKS * (number - 1)), shift_days(start, WEEKS * number)
    months = 12 // fiscal.period.periods
    end = after if number == fiscal.period.periods else shift_months(start, months * number)
    return shift_months(start, months * (number - 1)), end


def period_containing(day: datetime.date, fiscal: Fiscal) -> tuple[int, int] | None:
    """The fiscal year and the number of the period that a day belongs to; None: to no period."""
    year = year_of(day, fiscal)
    for number in range(1, fiscal.period.periods + 1):
        start, end = period_of(year, number, fiscal)
        if start is not None and start <= day and (end is None or day < end):
            return year, number
    return None


def shift_period(period: tuple[int, int], count: int, fiscal: Fiscal) -> tuple[int, int]:
    """The period so many later, or earlier."""
    year, number = period
    years, index = divmod(number - 1 + count, fiscal.period.periods)
    return year + years, index + 1
