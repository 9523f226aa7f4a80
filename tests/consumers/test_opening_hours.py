"""Windows, blackout days and the longest duration: an operation stops at the edge, and goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bulkdelete.consumers.planning import Planner
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import PauseOperation, ResumeOperation, SubmitBulkDelete, command_of
from bulkdelete.domain.job import Job
from bulkdelete.domain.outcomes import FenceClosed, FenceOpened
from bulkdelete.domain.query_builder import Query
from tests.domain.life import NOW as CUT_OFF
from tests.domain.life import Life


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


EVENING = utc("2027-01-04T20:00")
"""Nine o'clock in Oslo."""


@dataclass
class Night:
    """One operation with hours, and a clock."""

    application: BulkDeletes
    at: datetime = EVENING

    def __post_init__(self) -> None:
        self.life = Life(self.application)
        self.planner = Planner(self.application, clock=self.seconds)
        self.planner.admission.now = self.now

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def submit(self, **words: Any) -> None:
        job = Job.read(
            {"name": "x", "queries": [Query("log").all_records()], "time_zone": "Europe/Oslo", **words}
        )  # fmt: skip
        self.application.submit(
            command_of(SubmitBulkDelete, operation_id=self.life.id, requested_by="me", job=job), "db"
        )

    def look(self, at: str | None = None) -> str:
        """What the clock makes of it at a time."""
        self.at = utc(at) if at else self.at
        self.planner.tick([self.life.id])
        return self.life.now.status

    def runs(self, epoch: int = 1) -> None:
        self.application.record(FenceOpened(operation_id=self.life.id, epoch=epoch, cut_off=CUT_OFF, order=[0]))

    def stops(self, epoch: int = 1, state: Any = "paused") -> None:
        self.application.record(FenceClosed(operation_id=self.life.id, epoch=epoch, state=state))


@pytest.fixture
def night() -> Iterator[Night]:
    with BulkDeletes() as application:
        yield Night(application)


NIGHTLY = {"window": {"from": "22:00", "to": "05:00"}}


def test_it_waits_for_the_window_pauses_at_its_edge_and_goes_on_the_next_night(night: Night) -> None:
    night.submit(**NIGHTLY)

    assert night.look() == "postponed"
    assert night.life.now.waiting_for == "starts Mon 2027-01-04 22:00 Europe/Oslo"
    assert night.life.wants() == []
    assert night.look("2027-01-04T21:00") == "waiting"
    night.runs()
    assert night.look("2027-01-05T03:59:59") == "in_progress"
    assert night.look("2027-01-05T04:00") == "postponing"
    night.stops()
    assert night.life.now.waiting_for == "goes on Tue 2027-01-05 22:00 Europe/Oslo"
    assert night.look("2027-01-05T20:59:59") == "postponed"
    assert night.look("2027-01-05T21:00") == "waiting"
    night.runs(2)
    assert night.look("2027-01-06T04:00") == "postponing"


def test_nothing_runs_on_a_blackout_day(night: Night) -> None:
    night.submit(**NIGHTLY, blackouts=["01-05", "2027-01-06/2027-01-07"])
    night.look("2027-01-04T21:00")
    night.runs()

    assert night.look("2027-01-04T22:59:59") == "in_progress"
    assert night.look("2027-01-04T23:00") == "postponing"
    night.stops()

    assert night.life.now.waiting_for == "goes on Fri 2027-01-08 00:00 Europe/Oslo"


def test_who_resumes_in_spite_of_the_window_knows_better_until_it_closes_again(night: Night) -> None:
    night.submit(**NIGHTLY)
    night.look()
    night.application.control(command_of(ResumeOperation, operation_id=night.life.id, requested_by="me"))

    assert night.look("2027-01-04T20:30") == "waiting"
    night.runs()
    assert night.look("2027-01-04T20:59") == "in_progress"
    assert night.look("2027-01-04T21:00") == "in_progress"
    assert night.look("2027-01-05T04:00") == "postponing"


def test_what_somebody_paused_stays_paused(night: Night) -> None:
    night.submit(**NIGHTLY)
    night.look("2027-01-04T21:00")
    night.runs()
    night.application.control(command_of(PauseOperation, operation_id=night.life.id, requested_by="me"))
    night.stops()

    assert night.look("2027-01-05T04:00") == "paused"
    assert night.look("2027-01-05T21:00") == "paused"


def test_what_runs_for_too_long_is_canceled(night: Night) -> None:
    night.submit(maximum_duration="2h")
    night.look()
    night.runs()
    night.at = datetime.now(UTC) + timedelta(hours=1)  # events are stamped by the clock of the process

    assert night.look() == "in_progress"
    night.at += timedelta(hours=1, seconds=1)
    assert night.look() == "canceling"
    assert night.life.wants() == ["CloseFence"]


@pytest.mark.parametrize(("words", "reason"), [
    ({"window": {"from": "22:00", "to": "22:00"}}, "closes at another time"),
    ({"window": {"from": "25:00", "to": "05:00"}}, "no time of day"),
    ({"window": {"from": 1320, "to": "05:00"}}, "no time of day"),
    ({"window": {"from": "22:00", "till": "05:00"}}, "unknown word"),
    ({"blackouts": ["2027-02-30"]}, "no day"),
    ({"blackouts": ["2027-12-24/2027-12-20"]}, "no day"),
    ({"blackouts": ["01-01/12-31"]}, "no day on which it may run"),
    ({"maximum_duration": "soon"}, "maximum_duration"),
    ({"maximum_duration": 3600}, "a duration is a text"),
    ({"overlap": "queue"}, "for a job with a recurrence"),
    ({"recurrence": "FREQ=DAILY", "overlap": "both"}, "overlap"),
    ({"recurrence": "FREQ=DAILY", "start_at": "2027-01-04"}, "a date and a time"),
    ({"time_zone": "Mars/Olympus"}, "no time zone"),
])  # fmt: skip
def test_what_is_wrong_is_named(night: Night, words: dict[str, Any], reason: str) -> None:
    with pytest.raises(Exception, match=reason):
        night.submit(**words)
