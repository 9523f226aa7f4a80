"""What may begin: by the clock, the brake and the lanes of a database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.braking import pull
from bulkdelete.consumers.planning import FIRST_IN_LINE, Planner
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import Halt, Unhalt, command_of
from bulkdelete.domain.outcomes import WorkDeferred
from tests.consumers.times import Clock
from tests.domain.life import Life


@pytest.fixture
def application() -> Iterator[BulkDeletes]:
    with BulkDeletes() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def planner(application: BulkDeletes, clock: Clock) -> Planner:
    return planning(application, clock)


def planning(application: BulkDeletes, clock: Clock, bounds: Bounds | None = None) -> Planner:
    found = Planner(application, clock, bounds=bounds or Bounds())
    found.admission.now = clock.day
    return found


def ticked(planner: Planner, *lives: Life) -> list[str]:
    return [type(one).__name__ for one in planner.tick([life.id for life in lives])]


def test_a_postponed_operation_begins_at_its_tick_and_costs_nothing_before(
    application: BulkDeletes, planner: Planner, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(application)
    life.submit(start_at="2027-01-04T00:10:00Z")
    assert planner.follow(life.id) == []
    assert ticked(planner, life) == []
    with monkeypatch.context() as patched:
        patched.setattr(application, "find", lambda _: pytest.fail("a tick loads what is not due"))
        clock.seconds += 10
        assert ticked(planner, life) == []
    clock.seconds = 600
    planner.tick([life.id])
    assert life.now.status == "waiting"
    assert [type(one).__name__ for one in planner.follow(life.id)] == ["OpenFence"]


def test_a_clock_that_jumps_begins_it_late_or_early_but_once(application: BulkDeletes, clock: Clock) -> None:
    life = Life(application)
    life.submit(start_at="2027-01-04T00:10:00Z")
    ours, others = planning(application, clock), planning(application, clock)
    clock.jumped = timedelta(hours=-5)
    assert ticked(ours, life) == ticked(others, life) == []
    clock.jumped = timedelta(hours=1)
    for planner in (ours, others, ours, others):
        planner.tick([life.id])
    events = [type(one).__name__ for one in application.events.get(life.id)]
    assert events == ["Submitted", "Postponed", "Due"]
    clock.jumped = timedelta(hours=-5)
    ours.tick([life.id])
    assert life.now.status == "waiting"


def test_a_process_that_knows_nothing_yet_finds_what_is_due(application: BulkDeletes, clock: Clock) -> None:
    life = Life(application)
    life.submit(start_at="2027-01-04T00:10:00Z")
    clock.seconds = 10_000
    planning(application, clock).tick([life.id])
    assert life.now.status == "waiting"


def test_nothing_starts_while_halted_and_what_ran_goes_on_after(
    application: BulkDeletes, planner: Planner, clock: Clock
) -> None:
    runs, waits = Life(application), Life(application)
    for one in (runs, waits):
        one.submit()
        planner.follow(one.id)
    runs.open()
    runs.plan(units=3)
    pull(command_of(Halt, requested_by="ops", reason="disk"), application)
    assert runs.now.status == "halting"
    assert [type(one).__name__ for one in planner.follow(runs.id)] == ["CloseFence"]
    runs.close("paused")
    clock.seconds += 100
    assert ticked(planner, runs, waits) == []
    assert planner.follow(waits.id) == []

    pull(command_of(Unhalt, requested_by="ops"), application)
    clock.seconds += 1

    assert ticked(planner, runs, waits) == ["OpenFence"]
    assert [type(one).__name__ for one in planner.follow(runs.id)] == ["OpenFence"]
    assert (runs.now.epoch, waits.now.epoch) == (2, 1)


def test_a_brake_seen_a_moment_ago_neither_releases_nor_halts(application: BulkDeletes, planner: Planner) -> None:
    life = Life(application)
    life.submit()
    life.open()
    life.plan(units=3)
    planner.follow(life.id)
    pull(command_of(Halt, requested_by="ops", reason="disk"), application)
    life.close("paused")
    assert planner.follow(life.id) == []
    assert life.now.status == "halted"
    pull(command_of(Unhalt, requested_by="ops"), application)
    life.open(2)
    planner.follow(life.id)
    assert life.now.status == "in_progress"


def test_the_end_of_a_halt_is_noticed_for_all_by_whoever_looks_first(
    application: BulkDeletes, planner: Planner, clock: Clock
) -> None:
    waits, other = Life(application), Life(application)
    pull(command_of(Halt, requested_by="ops", reason="disk"), application)
    for one in (waits, other):
        one.submit()
        assert planner.follow(one.id) == []
    clock.seconds += 100
    assert ticked(planner, waits, other) == []
    pull(command_of(Unhalt, requested_by="ops"), application)
    clock.seconds += 1
    assert len(planner.follow(other.id)) == 1
    assert ticked(planner, waits, other) == ["OpenFence"]


def test_a_halt_of_which_only_the_brake_was_recorded_is_carried_out_by_the_clock(
    application: BulkDeletes, planner: Planner, clock: Clock
) -> None:
    life = Life(application)
    life.submit()
    life.open()
    life.plan()
    planner.follow(life.id)
    application.take_brake(command_of(Halt, requested_by="ops", reason="disk"))
    clock.seconds += 1
    planner.tick([life.id])
    assert life.now.status == "halting"


def test_others_wait_for_a_lane_and_say_so(application: BulkDeletes, clock: Clock) -> None:
    planner = planning(application, clock, Bounds(operations_per_database=2))
    lives = [Life(application) for _ in range(3)]
    for one in lives:
        one.submit()
    assert [len(planner.follow(one.id)) for one in lives] == [1, 1, 0]
    assert lives[2].now.waiting_for == "2 operations on db"
    version = lives[2].now.version
    for _ in range(5):
        clock.seconds += 1
        assert ticked(planner, lives[2]) == []
    assert lives[2].now.version == version, "told once"

    lives[0].open()
    lives[0].control("pause")
    lives[0].close("paused")
    clock.seconds += 1
    assert ticked(planner, *lives) == ["OpenFence"]
    assert lives[2].open().waiting_for is None
    lives[0].control("resume")
    assert planner.follow(lives[0].id) == []
    assert lives[0].now.waiting_for == "2 operations on db"


def test_a_long_line_costs_a_tick_little_and_the_first_come_first(
    application: BulkDeletes, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = planning(application, clock, Bounds(operations_per_database=1))
    lives = [Life(application) for _ in range(40)]
    for one in lives:
        one.submit()
    ids = [one.id for one in lives]
    assert len(planner.follow(ids[0])) == 1
    assert [planner.follow(one) for one in ids[1:]] == [[]] * 39
    clock.seconds += 1
    asked: set[UUID] = set()
    find = application.find

    def noted(one: UUID) -> object:
        asked.add(one)
        return find(one)

    with monkeypatch.context() as patched:
        patched.setattr(application, "find", noted)
        planner.tick(ids)
    assert asked <= set(ids[: 1 + FIRST_IN_LINE])
    lives[0].control("cancel")
    lives[0].close("canceled")
    clock.seconds += 1
    assert [one.operation_id for one in planner.tick(ids[1:])] == [ids[1]]


def test_while_the_database_suffers_it_is_tried_every_second(
    application: BulkDeletes, planner: Planner, clock: Clock
) -> None:
    life = Life(application)
    life.submit()
    life.open()
    life.plan(units=2)
    assert len(planner.follow(life.id)) == 2
    life.tell(WorkDeferred(operation_id=life.id, epoch=1, cause="query", reason="the query gives 7"))
    assert planner.follow(life.id) == []
    clock.seconds += 0.9
    assert ticked(planner, life) == []
    clock.seconds += 0.2
    assert ticked(planner, life) == ["DeleteBatch", "DeleteBatch"]


def test_many_postponed_operations_cost_a_tick_little(application: BulkDeletes, planner: Planner) -> None:
    lives = [Life(application, uuid4()) for _ in range(50)]
    for one in lives:
        one.submit(start_at="2030-01-01T00:00:00Z")
    planner.tick([one.id for one in lives])
    assert len(planner.admission.postponed) == 50
    planner.tick([])
