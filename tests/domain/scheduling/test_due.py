"""What is due: each occurrence once, whatever the clocks do; overlap, and what nobody ran in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.scheduling.commands import (
    RunScheduleNow,
)
from bulkdelete.domain.scheduling.schedules import Schedules
from tests.domain.scheduling.world import NOW, World, job, utc

FIRST = utc("2027-01-01T01:00")
"""Two o'clock in Oslo, in winter."""
DAY = timedelta(days=1)


@pytest.fixture
def world() -> Iterator[World]:
    with BulkDeletes() as application:
        yield World(application)


def test_an_occurrence_is_an_operation_of_its_own(world: World) -> None:
    one = world.create(job())

    assert one.next_run == "2027-01-01T01:00:00Z"
    assert world.tick(FIRST - timedelta(seconds=1)) == []
    (first,) = world.tick(FIRST)
    (second,) = world.tick(FIRST + DAY + timedelta(seconds=3))

    assert first.id != second.id
    assert first.requested_by == "me"
    assert first.job == job().once().to_json()
    assert "recurrence" not in first.job
    assert world.schedules.schedule(one.id).next_run == "2027-01-03T01:00:00Z"


def test_ticks_told_twice_late_or_back_in_time_change_nothing(world: World) -> None:
    world.create(job())

    for at in (FIRST, FIRST, FIRST - 30 * DAY, FIRST + timedelta(seconds=1), FIRST):
        world.tick(at)

    assert len(world.ran) == 1


def test_without_a_start_it_counts_from_now_and_runs_at_once(world: World) -> None:
    one = world.create(job("FREQ=DAILY;INTERVAL=7", start_at=None))

    world.tick(NOW)

    assert [when for _, when, _ in world.ran] == [NOW]
    assert world.schedules.schedule(one.id).next_run == "2026-12-08T12:00:00Z"


def test_a_start_in_the_past_is_not_made_up_for(world: World) -> None:
    assert world.create(job(start_at="2020-01-01T02:00:00")).next_run == "2026-12-02T01:00:00Z"


def test_a_job_without_recurrence_runs_once_at_its_start(world: World) -> None:
    one = world.create(job(None))

    world.tick(FIRST)
    world.tick(FIRST + DAY)

    assert len(world.ran) == 1
    assert world.schedules.schedule(one.id).next_run is None


def test_missed_ones_run_once(world: World) -> None:
    one = world.create(job())

    world.tick(FIRST + 3 * DAY + timedelta(hours=5))

    assert [when for _, when, _ in world.ran] == [FIRST + 3 * DAY]
    assert world.skipped(one.id) == [("missed", "2027-01-01T01:00:00Z", "2027-01-03T01:00:00Z", 3)]


def test_missed_ones_are_made_up_for_by_one_that_is_in_time(world: World) -> None:
    one = world.create(job())

    world.tick(FIRST + 3 * DAY + timedelta(minutes=1))

    assert [when for _, when, _ in world.ran] == [FIRST + 3 * DAY]
    assert world.skipped(one.id)[0][3] == 3


def test_missed_ones_are_skipped(world: World) -> None:
    one = world.create(job(missed="skip"))

    world.tick(FIRST + 3 * DAY + timedelta(hours=5))
    world.tick(FIRST + 4 * DAY)

    assert [when for _, when, _ in world.ran] == [FIRST + 4 * DAY]
    assert world.skipped(one.id) == [("missed", "2027-01-01T01:00:00Z", "2027-01-04T01:00:00Z", 4)]


def test_an_occurrence_is_skipped_while_the_one_before_runs(world: World) -> None:
    one = world.create(job())
    (operation,) = world.tick(FIRST, ends=False)

    world.tick(FIRST + DAY)
    world.end(operation.id)
    world.tick(FIRST + 2 * DAY)

    assert [when for _, when, _ in world.ran] == [FIRST, FIRST + 2 * DAY]
    assert world.skipped(one.id) == [("overlap", "2027-01-02T01:00:00Z", "2027-01-02T01:00:00Z", 1)]


def test_occurrences_queue_and_run_in_turn(world: World) -> None:
    one = world.create(job("FREQ=MINUTELY", overlap="queue"))
    (operation,) = world.tick(FIRST, ends=False)

    for minutes in (1, 2, 3):
        assert world.tick(FIRST + timedelta(minutes=minutes)) == []
    assert len(world.schedules.schedule(one.id).waiting) == 3
    world.end(operation.id)
    for _ in range(4):
        world.tick(FIRST + timedelta(minutes=3, seconds=30))

    assert [when - FIRST for _, when, _ in world.ran] == [timedelta(minutes=at) for at in range(4)]
    assert world.index.waiting == {}


def test_a_queue_is_bounded(world: World) -> None:
    one = world.create(job("FREQ=SECONDLY", overlap="queue"))
    world.tick(FIRST, ends=False)

    world.tick(FIRST + timedelta(seconds=150), ends=False)

    assert len(world.schedules.schedule(one.id).waiting) == 100
    assert [(reason, count) for reason, _, _, count in world.skipped(one.id)] == [("full", 50)]


def test_now_is_beside_the_times_and_behind_what_runs(world: World) -> None:
    one = world.create(job())
    (operation,) = world.tick(FIRST, ends=False)
    world.now = FIRST + timedelta(hours=1)

    command = RunScheduleNow(command_id=uuid4(), schedule_id=one.id, requested_by="me")
    for _ in range(2):
        world.schedules.carry_out(command, world.now)
    assert world.tick(world.now) == []
    world.end(operation.id)
    world.tick(world.now)
    world.tick(FIRST + DAY)

    assert [when for _, when, _ in world.ran] == [FIRST, world.now, FIRST + DAY]


def test_an_occurrence_whose_job_cannot_be_used_is_recorded_and_the_next_one_comes(world: World) -> None:
    one = world.create(job())

    def refuse(*_: object) -> None:
        raise InvalidJobError("the catalogue is wrong", "catalogue")

    assert world.schedules.run_due(one.id, FIRST, refuse) is None  # type: ignore[arg-type]

    assert world.schedules.schedule(one.id).next_run == "2027-01-02T01:00:00Z"
    assert world.application.events.get(one.id)
    assert len(world.tick(FIRST + DAY)) == 1


def test_two_at_once_begin_one_operation(world: World) -> None:
    one = world.create(job())
    others = Schedules(world.application)
    first = world.schedules.is_busy

    def overtaken(schedule: object) -> bool:
        """While one decides, another one is faster."""
        object.__setattr__(racing, "is_busy", first)
        assert others.run_due(one.id, FIRST) is not None
        return False

    racing = Schedules(world.application)
    object.__setattr__(racing, "is_busy", overtaken)

    assert racing.run_due(one.id, FIRST) is None
    assert world.schedules.schedule(one.id).version == 2
