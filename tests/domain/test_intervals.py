"""Relative and fiscal dates, each worked out by hand: clock changes, leap days, ends of months, fiscal borders."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest

from bulkdelete.domain.query.intervals import intervals
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.terms import Fiscal, FiscalPeriod, Terms

OSLO, NEW_YORK, SAO_PAULO, UTC = "Europe/Oslo", "America/New_York", "America/Sao_Paulo", "UTC"
NOW = "2026-11-23T15:30:20Z"
SPRING, AUTUMN = "2026-03-29T10:00:00Z", "2026-10-25T10:00:00Z"
"""The days on which Oslo's clocks change, at noon or so."""

CASES: list[tuple[str, tuple[int | str, ...], str, str, str | None, str | None]] = [
    ("On", ("2026-03-29",), NOW, OSLO, "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
    ("On", ("2026-10-25",), NOW, OSLO, "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
    ("On", ("2026-03-28T23:30:00Z",), NOW, OSLO, "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
    ("On", ("2018-11-04",), NOW, SAO_PAULO, "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
    ("OnOrBefore", ("2024-02-29",), NOW, UTC, None, "2024-03-01T00:00Z"),
    ("OnOrAfter", ("2024-02-29",), NOW, NEW_YORK, "2024-02-29T05:00Z", None),
    ("Yesterday", (), SPRING, OSLO, "2026-03-27T23:00Z", "2026-03-28T23:00Z"),
    ("Today", (), SPRING, OSLO, "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
    ("Today", (), AUTUMN, OSLO, "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
    ("Today", (), "2026-11-23T23:30:00Z", OSLO, "2026-11-23T23:00Z", "2026-11-24T23:00Z"),
    ("Tomorrow", (), NOW, NEW_YORK, "2026-11-24T05:00Z", "2026-11-25T05:00Z"),
    ("LastWeek", (), NOW, UTC, "2026-11-15T00:00Z", "2026-11-22T00:00Z"),
    ("ThisWeek", (), "2026-11-22T00:00:00Z", UTC, "2026-11-22T00:00Z", "2026-11-29T00:00Z"),
    ("ThisWeek", (), "2026-11-21T23:59:59Z", UTC, "2026-11-15T00:00Z", "2026-11-22T00:00Z"),
    ("NextWeek", (), NOW, UTC, "2026-11-29T00:00Z", "2026-12-06T00:00Z"),
    ("LastMonth", (), "2024-03-31T12:00:00Z", UTC, "2024-02-01T00:00Z", "2024-03-01T00:00Z"),
    ("ThisMonth", (), "2024-02-29T12:00:00Z", UTC, "2024-02-01T00:00Z", "2024-03-01T00:00Z"),
    ("NextMonth", (), "2026-12-31T12:00:00Z", UTC, "2027-01-01T00:00Z", "2027-02-01T00:00Z"),
    ("LastYear", (), "2027-01-01T00:00:00Z", NEW_YORK, "2025-01-01T05:00Z", "2026-01-01T05:00Z"),
    ("ThisYear", (), NOW, OSLO, "2025-12-31T23:00Z", "2026-12-31T23:00Z"),
    ("NextYear", (), NOW, UTC, "2027-01-01T00:00Z", "2028-01-01T00:00Z"),
    ("Last7Days", (), NOW, UTC, "2026-11-16T00:00Z", NOW),
    ("Next7Days", (), NOW, UTC, NOW, "2026-12-01T00:00Z"),
    ("LastXHours", (1,), NOW, UTC, "2026-11-23T14:00Z", NOW),
    ("LastXHours", (2,), "2026-03-29T01:15:00Z", OSLO, "2026-03-28T23:00Z", "2026-03-29T01:15Z"),
    ("LastXHours", (1,), "2026-11-23T15:10:00Z", "Asia/Kolkata", "2026-11-23T13:30Z", "2026-11-23T15:10Z"),
    ("NextXHours", (1,), NOW, UTC, NOW, "2026-11-23T16:30:20Z"),
    ("LastXDays", (1,), NOW, UTC, "2026-11-22T00:00Z", NOW),
    ("LastXDays", (1,), SPRING, OSLO, "2026-03-27T23:00Z", SPRING),
    ("NextXDays", (1,), NOW, UTC, NOW, "2026-11-25T00:00Z"),
    ("NextXDays", (30,), NOW, UTC, NOW, "2026-12-24T00:00Z"),
    ("LastXWeeks", (1,), NOW, UTC, "2026-11-16T00:00Z", NOW),
    ("NextXWeeks", (1,), NOW, UTC, NOW, "2026-12-01T00:00Z"),
    ("LastXMonths", (1,), "2024-03-31T12:00:00Z", UTC, "2024-02-29T00:00Z", "2024-03-31T12:00Z"),
    ("NextXMonths", (1,), "2026-01-30T12:00:00Z", UTC, "2026-01-30T12:00Z", "2026-02-28T00:00Z"),
    ("LastXYears", (1,), "2024-02-29T12:00:00Z", UTC, "2023-02-28T00:00Z", "2024-02-29T12:00Z"),
    ("NextXYears", (1,), NOW, UTC, NOW, "2027-11-24T00:00Z"),
    ("OlderThanXMinutes", (5,), NOW, UTC, None, "2026-11-23T15:25Z"),
    ("OlderThanXHours", (1,), NOW, UTC, None, "2026-11-23T14:00Z"),
    ("OlderThanXHours", (1,), "2026-10-25T01:30:00Z", OSLO, None, "2026-10-25T00:00Z"),
    ("OlderThanXDays", (30,), NOW, OSLO, None, "2026-10-23T22:00Z"),
    ("OlderThanXWeeks", (1,), NOW, UTC, None, "2026-11-16T00:00Z"),
    ("OlderThanXMonths", (1,), "2024-03-31T12:00:00Z", UTC, None, "2024-02-29T00:00Z"),
    ("OlderThanXYears", (1,), "2024-02-29T12:00:00Z", UTC, None, "2023-02-28T00:00Z"),
    ("LastXYears", (5000,), NOW, UTC, None, NOW),
    ("NextXYears", (9000,), NOW, UTC, NOW, None),
]  # fmt: skip


def instant(text: str | None) -> datetime.datetime | None:
    return None if text is None else datetime.datetime.fromisoformat(text)


def found(name: str, values: tuple[int | str, ...], terms: Terms) -> list[tuple[datetime.datetime | None, ...]]:
    """The intervals, in UTC."""
    return [
        tuple(None if one is None else one.astimezone(datetime.UTC) for one in (interval.start, interval.end))
        for interval in intervals(Operator(name), values, terms)
    ]


@pytest.mark.parametrize(("name", "values", "now", "zone", "start", "end"), CASES, ids=str)
def test_relative_dates(
    name: str, values: tuple[int | str, ...], now: str, zone: str, start: str | None, end: str | None
) -> None:
    at = instant(now)
    assert at is not None

    assert found(name, values, Terms(at, ZoneInfo(zone))) == [(instant(start), instant(end))]


@pytest.mark.parametrize("name", ["OlderThanXYears", "OlderThanXDays", "OlderThanXHours", "OlderThanXMinutes"])
def test_what_lies_before_the_calendar_is_nothing(name: str) -> None:
    at = instant(NOW)
    assert at is not None

    assert found(name, (10**12,), Terms(at)) == []


def test_every_relative_date_is_in_the_table() -> None:
    relative = {one for one in Operator if one.form.family in {"day", "span"}}

    assert relative == {Operator(name) for name, *_ in CASES}


FISCAL: list[tuple[str, tuple[int, ...], str, str, str, str | None, str | None]] = [
    ("ThisFiscalYear", (), "2026-03-31", "04-01", "quarterly", "2025-04-01", "2026-04-01"),
    ("ThisFiscalYear", (), "2026-04-01", "04-01", "quarterly", "2026-04-01", "2027-04-01"),
    ("LastFiscalYear", (), "2026-04-01", "04-01", "quarterly", "2025-04-01", "2026-04-01"),
    ("NextFiscalYear", (), "2026-04-01", "04-01", "quarterly", "2027-04-01", "2028-04-01"),
    ("ThisFiscalPeriod", (), "2026-06-30", "04-01", "quarterly", "2026-04-01", "2026-07-01"),
    ("NextFiscalPeriod", (), "2026-03-31", "04-01", "quarterly", "2026-04-01", "2026-07-01"),
    ("LastFiscalPeriod", (), "2026-04-01", "04-01", "quarterly", "2026-01-01", "2026-04-01"),
    ("ThisFiscalPeriod", (), "2026-02-28", "08-31", "semiannually", "2026-02-28", "2026-08-31"),
    ("ThisFiscalPeriod", (), "2026-02-27", "08-31", "semiannually", "2025-08-31", "2026-02-28"),
    ("ThisFiscalPeriod", (), "2026-05-01", "01-01", "annually", "2026-01-01", "2027-01-01"),
    ("ThisFiscalPeriod", (), "2024-02-29", "01-01", "monthly", "2024-02-01", "2024-03-01"),
    ("ThisFiscalPeriod", (), "2026-12-30", "01-01", "fourweekly", "2026-12-03", "2026-12-31"),
    ("LastFiscalPeriod", (), "2026-01-01", "01-01", "fourweekly", "2025-12-03", "2025-12-31"),
    ("InFiscalYear", (2024,), "2026-01-01", "04-01", "monthly", "2024-04-01", "2025-04-01"),
    ("InFiscalPeriodAndYear", (4, 2024), "2026-01-01", "04-01", "quarterly", "2025-01-01", "2025-04-01"),
    ("InOrBeforeFiscalPeriodAndYear", (1, 2024), "2026-01-01", "04-01", "quarterly", None, "2024-07-01"),
    ("InOrAfterFiscalPeriodAndYear", (2, 2024), "2026-01-01", "04-01", "quarterly", "2024-07-01", None),
]


@pytest.mark.parametrize(("name", "values", "today", "starts", "period", "start", "end"), FISCAL, ids=str)
def test_fiscal_dates(
    name: str, values: tuple[int, ...], today: str, starts: str, period: str, start: str | None, end: str | None
) -> None:
    at = datetime.datetime.fromisoformat(f"{today}T12:00Z")
    month, day = map(int, starts.split("-"))
    terms = Terms(at, fiscal=Fiscal(month, day, FiscalPeriod(period)))
    wanted = tuple(None if one is None else datetime.datetime.fromisoformat(f"{one}T00:00Z") for one in (start, end))

    assert found(name, values, terms) == [wanted]


def test_spans_of_fiscal_units_end_or_begin_now() -> None:
    at = datetime.datetime(2026, 5, 10, 12, tzinfo=datetime.UTC)
    terms = Terms(at, fiscal=Fiscal(4, 1, FiscalPeriod.QUARTERLY))

    def day(text: str) -> datetime.datetime:
        return datetime.datetime.fromisoformat(f"{text}T00:00Z")

    assert found("LastXFiscalYears", (1,), terms) == [(day("2025-04-01"), at)]
    assert found("NextXFiscalYears", (1,), terms) == [(at, day("2028-04-01"))]
    assert found("LastXFiscalPeriods", (2,), terms) == [(day("2025-10-01"), at)]
    assert found("NextXFiscalPeriods", (1,), terms) == [(at, day("2026-10-01"))]


def test_the_odd_days_of_thirteen_times_four_weeks_belong_to_no_period() -> None:
    at = datetime.datetime(2026, 12, 31, 12, tzinfo=datetime.UTC)
    terms = Terms(at, fiscal=Fiscal(1, 1, FiscalPeriod.FOURWEEKLY))

    for name in ("ThisFiscalPeriod", "LastFiscalPeriod", "NextFiscalPeriod"):
        assert found(name, (), terms) == []
    assert found("InFiscalPeriod", (14,), terms) == []
    (*_, last) = found("InFiscalPeriodAndYear", (13, 2026), terms)
    assert last == (
        datetime.datetime(2026, 12, 3, tzinfo=datetime.UTC),
        datetime.datetime(2026, 12, 31, tzinfo=datetime.UTC),
    )


@pytest.mark.parametrize("value", [0, -1, 1.5, "x", True, ""], ids=str)
def test_a_count_is_a_whole_number_above_nothing(value: object) -> None:
    at = instant(NOW)
    assert at is not None

    with pytest.raises(ValueError, match="a whole number of at least 1"):
        intervals(Operator.LAST_X_DAYS, (value,), Terms(at))  # type: ignore[arg-type]
