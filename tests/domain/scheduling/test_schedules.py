"""A schedule's life: commands, editions, what is told twice; and the index of what is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import InvalidJobError, ScheduleExistsError, ScheduleNotFoundError, TransitionError
from bulkdelete.domain.scheduling.commands import (
    DeleteSchedule,
    DisableSchedule,
    EnableSchedule,
    RunScheduleNow,
)
from tests.domain.scheduling.world import World, create, job, utc

FIRST = utc("2027-01-01T01:00")
"""Two o'clock in Oslo, in winter."""
DAY = timedelta(days=1)


@pytest.fixture
def world() -> Iterator[World]:
    with BulkDeletes() as application:
        yield World(application)


def test_disabled_it_does_not_run_and_enabled_it_makes_up_for_nothing(world: World) -> None:
    one = world.create(job())
    world.ask(DisableSchedule, one.id)
    world.tick(FIRST)
    world.now = FIRST + 2 * DAY + timedelta(hours=1)

    again = world.ask(EnableSchedule, one.id)

    assert again.next_run == "2027-01-04T01:00:00Z"
    assert world.tick(world.now) == []


def test_an_old_command_told_again_changes_nothing(world: World) -> None:
    one = world.create(job())
    disable = DisableSchedule(command_id=uuid4(), schedule_id=one.id, requested_by="me")
    world.schedules.carry_out(disable, world.now)
    world.ask(EnableSchedule, one.id)

    world.schedules.carry_out(disable, world.now)

    assert world.schedules.schedule(one.id).enabled


def test_an_edition_holds_from_its_next_occurrence_on(world: World) -> None:
    one = world.create(job())
    world.tick(FIRST)
    world.now = FIRST + timedelta(hours=1)

    edited = world.edit(one.id, job("FREQ=DAILY;INTERVAL=2", name="Older logs", start_at=None))

    assert (edited.revision, edited.next_run) == (2, "2027-01-03T02:00:00Z"), "another rule counts from now"
    world.tick(FIRST + 2 * DAY + timedelta(hours=1))
    assert [world.application.operation(which).job["name"] for _, _, which in world.ran] == ["Old logs", "Older logs"]
    assert [event.job["name"] for event in world.application.events.get(one.id) if hasattr(event, "job")] == [
        "Old logs", "Older logs",
    ]  # fmt: skip


def test_an_edition_of_the_same_times_keeps_them(world: World) -> None:
    one = world.create(job("FREQ=DAILY;INTERVAL=7"))
    world.tick(FIRST)
    world.now = FIRST + 3 * DAY

    edited = world.edit(one.id, job("FREQ=DAILY;INTERVAL=7", start_at=None, name="Older logs"))

    assert edited.next_run == "2027-01-08T01:00:00Z"


def test_an_edition_runs_no_occurrence_again(world: World) -> None:
    one = world.create(job())
    world.tick(FIRST)
    world.now = FIRST - timedelta(hours=3)

    assert world.edit(one.id, job(name="Older logs")).next_run == "2027-01-02T01:00:00Z"


def test_what_is_due_and_not_yet_seen_is_not_lost_by_a_command(world: World) -> None:
    enabled, edited = world.create(job()), world.create(job())
    world.now = FIRST + timedelta(seconds=1)

    world.ask(EnableSchedule, enabled.id)
    world.edit(edited.id, job(name="Older logs"))
    world.tick(FIRST + timedelta(seconds=2))

    assert {(which, when) for which, when, _ in world.ran} == {(enabled.id, FIRST), (edited.id, FIRST)}


def test_deleted_is_for_good(world: World) -> None:
    one = world.create(job())
    world.ask(DeleteSchedule, one.id)

    assert world.tick(FIRST) == []
    with pytest.raises(TransitionError, match="was deleted"):
        world.ask(EnableSchedule, one.id)
    with pytest.raises(ScheduleExistsError, match="was deleted"):
        world.create(job(), one.id)


def test_created_twice_is_one_and_another_job_is_refused(world: World) -> None:
    command = create(job())
    for _ in range(2):
        world.schedules.carry_out(command, world.now, "crm")
    world.create(job(), command.schedule_id)

    with pytest.raises(ScheduleExistsError, match="another job"):
        world.create(job(name="x"), command.schedule_id)
    world.edit(command.schedule_id, job(name="x"))
    assert world.schedules.carry_out(command, world.now, "crm").job["name"] == "x", "told again it changes nothing"


def test_a_refused_command_stays_refused(world: World) -> None:
    one = world.create(job())
    command = RunScheduleNow(command_id=uuid4(), schedule_id=one.id, requested_by="me")
    world.schedules.refuse(command, "not today")

    with pytest.raises(TransitionError, match="not today"):
        world.schedules.carry_out(command, world.now)
    with pytest.raises(ScheduleNotFoundError):
        world.ask(EnableSchedule, uuid4())


def test_what_can_be_no_schedule_is_refused(world: World) -> None:
    with pytest.raises(InvalidJobError, match="a schedule has a recurrence"):
        world.create(job(None, start_at=None))
    with pytest.raises(InvalidJobError, match="no occurrence"):
        world.create(job("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"))


def test_the_index_is_the_same_from_the_log(world: World) -> None:
    kept = [world.create(job()) for _ in range(5)]
    world.tick(FIRST, ends=False)
    world.ask(DisableSchedule, kept[0].id)
    world.ask(DeleteSchedule, kept[1].id)
    world.ask(RunScheduleNow, kept[2].id)
    world.index.refresh()

    anew = World(world.application).index
    anew.refresh()

    assert (anew.next_run, anew.waiting) == (world.index.next_run, world.index.waiting)
    assert set(anew.next_run) == {one.id for one in kept[2:]}
    assert set(anew.waiting) == {kept[2].id}
