"""Recurrence: what a rule gives, held against an evaluation of our own; what is refused; what must not hang."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.scheduling.recurrence import Recurrence
from bulkdelete.domain.scheduling.timetable import Timetable
from tests.domain.scheduling.calendars import instants

OSLO, NEW_YORK, LORD_HOWE = (ZoneInfo(name) for name in ("Europe/Oslo", "America/New_York", "Australia/Lord_Howe"))
START = datetime(2026, 11, 25, 2, 30)

RULES = [
    "FREQ=DAILY;INTERVAL=1;", "FREQ=DAILY;INTERVAL=3;", "FREQ=DAILY;INTERVAL=90;", "FREQ=WEEKLY;BYDAY=MO,TH",
    "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=-1FR,1MO",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYDAY=SA;BYSETPOS=1", "FREQ=YEARLY",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYYEARDAY=1,-1,200", "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=3,10;BYDAY=-1SU", "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30", "FREQ=DAILY;COUNT=200",
    "FREQ=DAILY;BYMONTH=3;BYDAY=SU", "FREQ=HOURLY;INTERVAL=5", "FREQ=HOURLY;BYHOUR=1,2,3;BYMINUTE=15,45",
    "FREQ=MINUTELY;INTERVAL=90;BYMONTH=3", "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
]  # fmt: skip


@pytest.mark.parametrize("zone", [OSLO, NEW_YORK, LORD_HOWE], ids=str)
@pytest.mark.parametrize("rule", RULES)
def test_two_years_of_each_rule(rule: str, zone: ZoneInfo) -> None:
    until = date(2028, 12, 31)
    wanted = instants(rule, START, zone, until)
    found = Timetable(START, zone, Recurrence.read(rule)).between(wanted[0], wanted[-1], 100_000)

    assert found == wanted
    assert wanted, "a rule that gives nothing proves nothing"


@pytest.mark.parametrize("rule", [
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU", "FREQ=MONTHLY;INTERVAL=5", "FREQ=YEARLY;INTERVAL=3", "FREQ=HOURLY;INTERVAL=7",
    "FREQ=DAILY;INTERVAL=11",
])  # fmt: skip
def test_any_place_is_as_good_to_begin_at(rule: str) -> None:
    timetable = Timetable(START, OSLO, Recurrence.read(rule))
    whole = timetable.between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC), 100_000)

    for at in range(0, len(whole) - 1, max(1, len(whole) // 50)):
        assert timetable.next(whole[at]) == whole[at + 1]
        assert timetable.next(whole[at + 1] - timedelta(seconds=1)) == whole[at + 1]
        assert timetable.next(whole[at], inclusive=True) == whole[at]


def test_a_missing_time_happens_late_and_a_doubled_one_once() -> None:
    daily = Timetable(START, OSLO, Recurrence.read("FREQ=DAILY"))

    spring = daily.some(datetime(2027, 3, 27, 12, tzinfo=UTC), 2)
    autumn = daily.some(datetime(2027, 10, 30, 12, tzinfo=UTC), 2)

    assert [one.astimezone(OSLO).isoformat() for one in spring] == [
        "2027-03-28T03:30:00+02:00", "2027-03-29T02:30:00+02:00",
    ]  # fmt: skip
    assert [one.isoformat() for one in autumn] == ["2027-10-31T00:30:00+00:00", "2027-11-01T01:30:00+00:00"]


def test_times_in_a_gap_come_in_order_and_once() -> None:
    often = Timetable(START, OSLO, Recurrence.read("FREQ=MINUTELY;INTERVAL=30"))
    midnight = datetime(2027, 3, 28, 0, 0, tzinfo=UTC)

    found = often.some(midnight, 4)

    assert [one - midnight for one in found] == [timedelta(minutes=30 * at) for at in (1, 2, 3, 4)]


def test_until_and_exdate() -> None:
    def days(rule: str) -> list[int]:
        start = datetime(2027, 1, 1, 2)
        found = Timetable(start, OSLO, Recurrence.read(rule)).some(datetime(2026, 1, 1, tzinfo=UTC), 9)
        return [one.astimezone(OSLO).day for one in found]

    assert days("FREQ=DAILY;UNTIL=20270103") == [1, 2, 3]
    assert days("FREQ=DAILY;UNTIL=20270103T010000Z") == [1, 2, 3]
    assert days("FREQ=DAILY;UNTIL=20270103T005959Z") == [1, 2]
    assert days("FREQ=DAILY;UNTIL=20270103T020000") == [1, 2, 3]
    excluded = "20270102,20270103T020000,20270104T010000Z,20270105T030000"
    assert days(f"FREQ=DAILY;COUNT=5;EXDATE={excluded}") == [1, 5]
    assert days(
        "RRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=Europe/Oslo:20270102T020000".replace(";TZID=Europe/Oslo", "")
    ) == [1, 3]


def test_an_end_belongs() -> None:
    end = datetime(2027, 1, 3, 1, tzinfo=UTC)
    daily = Timetable(datetime(2027, 1, 1, 2), OSLO, Recurrence.read("FREQ=DAILY"), end)

    assert daily.some(datetime(2026, 1, 1, tzinfo=UTC), 9)[-1] == end


@pytest.mark.parametrize("rule", [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=WEEKLY;BYMONTH=2;BYSETPOS=8;BYDAY=MO",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY;BYHOUR=3;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=5", "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=5", "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    "FREQ=SECONDLY;INTERVAL=100000;BYMONTH=2;BYMONTHDAY=31", "FREQ=DAILY;INTERVAL=100000;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30;BYSECOND=" + ",".join(map(str, range(60))),
    "FREQ=DAILY;UNTIL=20200101", "FREQ=DAILY;COUNT=2;EXDATE=20261125,20261126",
])  # fmt: skip
def test_what_never_happens_is_told_soon(rule: str) -> None:
    began = time.perf_counter()

    with pytest.raises(InvalidJobError, match="no occurrence"):
        Timetable(START, OSLO, Recurrence.read(rule)).check()

    assert time.perf_counter() - began < 30, "on a busy machine; alone it is half a second"


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=SECONDLY;BYHOUR=3", "FREQ=MINUTELY;INTERVAL=7",
                                  "FREQ=HOURLY;BYMINUTE=0,30"])  # fmt: skip
def test_an_old_rule_costs_as_much_as_a_new_one(rule: str) -> None:
    timetable = Timetable(datetime(1990, 1, 1), OSLO, Recurrence.read(rule))
    began = time.perf_counter()

    assert timetable.next(datetime(2027, 6, 1, tzinfo=UTC)) is not None

    assert time.perf_counter() - began < 5


def test_missed_ones_are_counted_however_many() -> None:
    seconds = Timetable(START, OSLO, Recurrence.read("FREQ=SECONDLY"))
    first = datetime(2027, 1, 1, tzinfo=UTC)

    found = seconds.missed(first, first + timedelta(days=400))

    assert found is not None
    assert (found.first, found.last, found.count) == (first, first + timedelta(days=400, seconds=-1), None)
    assert found.all_but_last is not None
    assert found.all_but_last.last == found.last - timedelta(seconds=1)
    few = seconds.missed(first, first + timedelta(seconds=3))
    assert few is not None
    assert few.count == 3


@pytest.mark.parametrize(("rule", "reason"), [
    ("INTERVAL=2", "FREQ is missing"), ("FREQ=FORTNIGHTLY", "FREQ=FORTNIGHTLY is unknown"),
    ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
    ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"), ("FREQ=DAILY;BYHOUR=24", "BYHOUR"), ("FREQ=DAILY;BYMONTH=13", "BYMONTH"),
    ("FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY"), ("FREQ=DAILY;BYDAY=XX", "BYDAY"), ("FREQ=DAILY;BYDAY=1MO", "BYDAY"),
    ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "COUNT and UNTIL"), ("FREQ=DAILY;FREQ=DAILY", "twice"),
    ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"), ("FREQ=DAILY;UNTIL=20270230", "UNTIL"),
    ("FREQ=WEEKLY;BYMONTHDAY=1", "no meaning"),
    ("FREQ=DAILY;BYYEARDAY=1", "no meaning"), ("FREQ=MONTHLY;BYWEEKNO=1", "no meaning"),
    ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS"),
    ("FREQ=DAILY;INTREVAL=2", "Did you mean \"INTERVAL\""), ("FREQ=MINUTELY;BYSETPOS=3;BYSECOND=1", "it never can"),
    ("RDATE:20270101", "RRULE:, EXDATE:"), ("FREQ=DAILY\nEXDATE;TZID=Asia/Tokyo:20270101", "RRULE:, EXDATE:"),
    ("FREQ=DAILY;" + "X" * 3000, "characters"),
    ("FREQ=DAILY;BYEASTER=0", "BYEASTER"),
    ("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" +
     ",".join(map(str, range(60))), "at once"), ("FREQ", "no part"), ("FREQ=DAILY;COUNT=99999999999", "COUNT"),
])  # fmt: skip
def test_what_is_wrong_is_named(rule: str, reason: str) -> None:
    with pytest.raises(InvalidJobError, match=reason) as refused:
        Recurrence.read(rule)
    assert refused.value.field == "recurrence"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_written_in_one_way(rule: str) -> None:
    assert str(Recurrence.read(str(Recurrence.read(rule)))) == str(Recurrence.read(rule))
    assert Recurrence.read(rule.lower()) == Recurrence.read(rule)
