"""Planning: each piece of work is issued once, and again when it does not move."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from bulkdelete.consumers.planning import OVERDUE, Planner
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import BatchDone, FenceOpened, QueryPlanned, WorkReturned
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.work import AnyWork, DeleteBatch, OpenFence, PlanQuery

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def application() -> Iterator[BulkDeletes]:
    with BulkDeletes() as opened:
        yield opened


@pytest.fixture
def operation_id(application: BulkDeletes) -> UUID:
    job = Job(name="Closed cases", database="crm", queries=[Query("incident").where(statecode=1)])
    command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="ops@example.com", job=job)
    return application.submit(command, "crm").id


def planned(application: BulkDeletes, operation_id: UUID, units: int) -> None:
    application.record(FenceOpened(operation_id=operation_id, epoch=1, cut_off=NOW, order=[0]))
    application.record(
        QueryPlanned(
            operation_id=operation_id, epoch=1, query_index=0, number=1, walk={"kind": "rowids"}, units=units,
            estimated=10, bounded=True,
        )
    )  # fmt: skip


def batch(operation_id: UUID, unit: int, finished: bool, number: int = 0) -> BatchDone:
    return BatchDone(
        operation_id=operation_id, epoch=1, query_index=0, unit=unit, batch=number, deleted_at=NOW, finished=finished
    )


def units(work: list[AnyWork]) -> list[int]:
    return [one.unit for one in work if isinstance(one, DeleteBatch)]


def test_work_is_issued_once(application: BulkDeletes, operation_id: UUID) -> None:
    planner = Planner(application)

    assert [type(one) for one in planner.follow(operation_id)] == [OpenFence]
    assert planner.follow(operation_id) == []


def test_a_clock_that_ticks_before_the_event_arrives_takes_nothing_away(
    application: BulkDeletes, operation_id: UUID
) -> None:
    planner = Planner(application)

    assert planner.tick([operation_id]) == []
    assert [type(one) for one in planner.follow(operation_id)] == [OpenFence]


def test_a_tick_loads_only_operations_of_which_something_may_be_due(
    application: BulkDeletes, operation_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, loaded = Clock(), list[UUID]()
    planner = Planner(application, clock)
    planner.follow(operation_id)
    find = application.find

    def noted(one: UUID) -> Operation | None:
        loaded.append(one)
        return find(one)

    monkeypatch.setattr(application, "find", noted)

    for _ in range(28):
        assert planner.tick([operation_id]) == []
        clock.now += 0.5
    assert len(loaded) == 1
    clock.now = OVERDUE
    assert [type(one) for one in planner.tick([operation_id])] == [OpenFence]

    application.record(WorkReturned(operation_id=operation_id, epoch=1, reason="away"))
    assert planner.follow(operation_id) == []
    clock.now += 2
    assert [type(one) for one in planner.tick([operation_id])] == [OpenFence]


def test_a_finished_unit_releases_the_next_one_of_the_window(application: BulkDeletes, operation_id: UUID) -> None:
    planner = Planner(application)
    planned(application, operation_id, units=6)
    assert units(planner.follow(operation_id)) == [0, 1, 2, 3]

    application.record(batch(operation_id, unit=1, finished=True))

    assert units(planner.follow(operation_id)) == [4]


def test_what_does_not_move_is_issued_again(application: BulkDeletes, operation_id: UUID) -> None:
    clock = Clock()
    planner = Planner(application, clock)
    planned(application, operation_id, units=2)
    planner.follow(operation_id)
    clock.now = OVERDUE / 2
    application.record(batch(operation_id, unit=0, finished=False))
    planner.follow(operation_id)

    clock.now = OVERDUE + 0.1

    assert units(planner.tick([operation_id])) == [1], "unit 0 moved in the meantime"


def test_what_is_away_is_tried_again_with_growing_pauses(application: BulkDeletes, operation_id: UUID) -> None:
    clock = Clock()
    planner = Planner(application, clock)
    planner.follow(operation_id)
    application.record(WorkReturned(operation_id=operation_id, epoch=1, reason="away"))

    attempts: list[float] = []
    while len(attempts) < 4:
        clock.now += 0.25
        planner.follow(operation_id)
        attempts += [clock.now for _ in planner.tick([operation_id])]

    pauses = [later - earlier for earlier, later in itertools.pairwise(attempts)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]


def test_another_process_goes_on_after_a_crash(application: BulkDeletes, operation_id: UUID) -> None:
    clock = Clock()
    Planner(application, clock).follow(operation_id)
    application.record(FenceOpened(operation_id=operation_id, epoch=1, cut_off=NOW, order=[0]))
    another = Planner(application, clock)
    another.tick([operation_id])

    clock.now = OVERDUE + 0.1

    assert [type(one) for one in another.tick([operation_id])] == [PlanQuery]
