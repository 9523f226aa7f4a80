"""The dates of relative and fiscal operators: pure functions of now, the zone and the fiscal year (spec §6.3.4–6).

T0: today's first instant · H: the current local hour's · M: the current minute's · days, weeks and months are
local, hours and minutes are elapsed time · weeks begin on Sunday · all half open

Today, Yesterday, Tomorrow, Last-, This-, NextWeek/Month/Year    that calendar unit
Last7Days, LastXDays/Weeks/Months/Years                          [T0 - X, now): more than X × 24 hours
LastXHours                                                       [H - X hours, now)
Next7Days, NextXDays/Weeks/Months/Years                          [now, T0 + 1 day + X)
NextXHours                                                       [now, now + X hours): the sources disagree,
                                                                 this deletes fewer
OlderThanXMinutes, …Hours                                        before M - X minutes, before H - X hours
OlderThanXDays/Weeks/Months/Years                                before T0 - X
Last-, This-, NextFiscalYear/Period                              that unit
LastXFiscalYears/Periods                                         [start of the X-th before the current, now)
NextXFiscalYears/Periods                                         [now, end of the X-th after the current)
InFiscalPeriod                                                   that period of each year around now
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from bulkdelete.domain.query.days import day_of, first_of_week, shift_days, shift_elapsed, shift_months, start_of
from bulkdelete.domain.query.fiscal import period_containing, period_of, shift_period, year_of
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.terms import Terms
from bulkdelete.domain.query.tree import Value

Day = datetime.date | None
YEARS_BACK, YEARS_AHEAD = 120, 30
"""Of `InFiscalPeriod`: the fiscal years around now that it looks at; records beyond stay."""


@dataclass(frozen=True)
class Interval:
    """The instants from `start` on and before `end`; None: without a bound. Both in the zone of the terms."""

    start: datetime.datetime | None
    end: datetime.datetime | None


def intervals(operator: Operator, values: tuple[Value, ...], terms: Terms) -> tuple[Interval, ...]:
    """The instants at which an operator of the families day, span and fiscal is true.

    Raises ValueError, its text saying what is accepted, for a value that is none.
    """
    match operator.form.family:
        case "day":
            return (of_day(operator, values, terms),)
        case "span":
            found = of_span(operator, whole(values[0], 1), terms)
            return (found,) if found else ()
        case "fiscal":
            return of_fiscal(operator, tuple(whole(one, 1) for one in values), terms)
        case _:
            raise ValueError(f"an operator of dates, which {operator} is not")


def whole(value: Value, least: int) -> int:
    """A whole number, at least so large; a text may spell it."""
    try:
        number = int(value)
        if isinstance(value, bool) or number < least or (not isinstance(value, str) and number != value):
            raise ValueError
    except (ValueError, ArithmeticError):
        raise ValueError(f"a whole number of at least {least}") from None
    return number


def between(start: Day, end: Day, terms: Terms) -> Interval:
    """Whole days, the last one left out."""
    return Interval(*(None if one is None else start_of(one, terms.zone) for one in (start, end)))


def until_now(start: Day, terms: Terms) -> Interval:
    """From a day on, before now."""
    return Interval(between(start, None, terms).start, terms.local_now)


def from_now(end: Day, terms: Terms) -> Interval:
    """From now on, before a day."""
    return Interval(terms.local_now, between(None, end, terms).end)


def of_day(operator: Operator, values: tuple[Value, ...], terms: Terms) -> Interval:
    """Named days, and calendar units beside today."""
    if values:
        try:
            named = day_of(str(values[0]), terms.zone)
        except (ValueError, OverflowError):
            raise ValueError("a day such as 2024-01-31") from None
        return {
            Operator.ON: lambda: between(named, shift_days(named, 1), terms),
            Operator.ON_OR_BEFORE: lambda: between(None, shift_days(named, 1), terms),
            Operator.ON_OR_AFTER: lambda: between(named, None, terms),
        }[operator]()
    today = terms.local_now.date()
    if operator is Operator.LAST_7_DAYS:
        return until_now(shift_days(today, -7), terms)
    if operator is Operator.NEXT_7_DAYS:
        return from_now(shift_days(today, 8), terms)
    unit, offset = BESIDE_TODAY[operator]
    match unit:
        case "day":
            return between(shift_days(today, offset), shift_days(today, offset + 1), terms)
        case "week":
            sunday = first_of_week(today)
            return between(shift_days(sunday, 7 * offset), shift_days(sunday, 7 * (offset + 1)), terms)
        case "month":
            first = today.replace(day=1)
            return between(shift_months(first, offset), shift_months(first, offset + 1), terms)
        case _:
            first = today.replace(month=1, day=1)
            return between(shift_months(first, 12 * offset), shift_months(first, 12 * (offset + 1)), terms)


BESIDE_TODAY: dict[Operator, tuple[str, int]] = {
    Operator.YESTERDAY: ("day", -1), Operator.TODAY: ("day", 0), Operator.TOMORROW: ("day", 1),
    Operator.LAST_WEEK: ("week", -1), Operator.THIS_WEEK: ("week", 0), Operator.NEXT_WEEK: ("week", 1),
    Operator.LAST_MONTH: ("month", -1), Operator.THIS_MONTH: ("month", 0), Operator.NEXT_MONTH: ("month", 1),
    Operator.LAST_YEAR: ("year", -1), Operator.THIS_YEAR: ("year", 0), Operator.NEXT_YEAR: ("year", 1),
}  # fmt: skip
"""The calendar unit, and how many of it away from today."""


def of_span(operator: Operator, count: int, terms: Terms) -> Interval | None:
    """So many units before or after now; None where that lies before the calendar."""
    now = terms.local_now
    unit = operator.rsplit("X", 1)[1]
    if unit in {"Minutes", "Hours"}:
        return of_clock(operator, count, terms)
    months = {"Months": 1, "Years": 12}.get(unit)
    days = {"Days": 1, "Weeks": 7}.get(unit, 0)
    today = now.date()

    def shift(day: Day, sign: int) -> Day:
        if day is None:
            return None
        return shift_months(day, sign * months * count) if months else shift_days(day, sign * days * count)

    if operator.startswith("Next"):
        return from_now(shift(shift_days(today, 1), 1), terms)
    start = shift(today, -1)
    if operator.startswith("Last"):
        return until_now(start, terms)
    return between(None, start, terms) if start else None


def of_clock(operator: Operator, count: int, terms: Terms) -> Interval | None:
    """Hours and minutes of elapsed time before or after now."""
    now = terms.local_now
    seconds = 60 if operator.endswith("Minutes") else 3600
    if operator.startswith("Next"):
        return Interval(now, shift_elapsed(now, seconds * count))
    past = now.second + (now.minute * 60 if seconds == 3600 else 0)
    begun = shift_elapsed(now.replace(microsecond=0), -past)
    start = shift_elapsed(begun, -seconds * count) if begun else None
    if operator.startswith("Last"):
        return Interval(start, now)
    return Interval(None, start) if start else None


def of_fiscal(operator: Operator, values: tuple[int, ...], terms: Terms) -> tuple[Interval, ...]:
    """Fiscal years and periods; on a day that belongs to no period nothing lies beside the current one."""
    fiscal, today = terms.fiscal, terms.local_now.date()
    year = year_of(today, fiscal)

    def years(first: int, last: int) -> tuple[Day, Day]:
        return period_of(first, None, fiscal)[0], period_of(last, None, fiscal)[1]

    match operator:
        case Operator.IN_FISCAL_YEAR:
            return (between(*years(values[0], values[0]), terms),)
        case Operator.THIS_FISCAL_YEAR | Operator.NEXT_FISCAL_YEAR | Operator.LAST_FISCAL_YEAR:
            named = year + {"This": 0, "Next": 1, "Last": -1}[operator[:4]]
            return (between(*years(named, named), terms),)
        case Operator.LAST_X_FISCAL_YEARS:
            return (until_now(years(year - values[0], year)[0], terms),)
        case Operator.NEXT_X_FISCAL_YEARS:
            return (from_now(years(year, year + values[0])[1], terms),)
        case _:
            return of_periods(operator, values, terms)


def of_periods(operator: Operator, values: tuple[int, ...], terms: Terms) -> tuple[Interval, ...]:
    """Fiscal periods: named, or beside the current one."""
    fiscal, today = terms.fiscal, terms.local_now.date()
    if operator.startswith("In"):
        if values[0] > fiscal.period.periods:
            return ()
        year = year_of(today, fiscal)
        named = values[1:] or tuple(range(year - YEARS_BACK, year + YEARS_AHEAD + 1))
        found = [period_of(one, values[0], fiscal) for one in named]
        if operator is Operator.IN_OR_BEFORE_FISCAL_PERIOD_AND_YEAR:
            return (between(None, found[0][1], terms),) if found[0][1] else ()
        if operator is Operator.IN_OR_AFTER_FISCAL_PERIOD_AND_YEAR:
            return (between(found[0][0], None, terms),) if found[0][0] else ()
        return tuple(between(start, end, terms) for start, end in found if start and end)
    current = period_containing(today, fiscal)
    if current is None:
        return ()
    count = values[0] if values else {"This": 0, "Next": 1, "Last": 1}[operator[:4]]
    there = period_of(*shift_period(current, -count if operator.startswith("Last") else count, fiscal), fiscal)
    if operator is Operator.LAST_X_FISCAL_PERIODS:
        return (until_now(there[0], terms),)
    if operator is Operator.NEXT_X_FISCAL_PERIODS:
        return (from_now(there[1], terms),)
    return (between(*there, terms),)
