"""The life of an operation, told by outcomes and commands alone: no database, no clock."""

from __future__ import annotations

import time

import pytest

from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.errors import OperationNotFoundError, TransitionError
from bulkdelete.domain.failures import PackedIds
from bulkdelete.domain.lifecycle import CODES, TRANSITIONS, Status
from bulkdelete.domain.outcomes import (
    AnyOutcome,
    FenceOpened,
    WorkRefused,
    WorkReturned,
)
from bulkdelete.domain.record_ids import RecordIds
from bulkdelete.domain.summary import summary
from bulkdelete.domain.work import CloseFence, DeleteBatch, OpenFence, PlanQuery
from tests.domain.life import COMMANDS, NOW, Life


def test_every_status_has_its_code_and_the_final_ones_no_way_out() -> None:
    assert set(CODES) == set(Status)
    assert len(set(CODES.values())) == 1 + len({one.told for one in Status}), "postponed is told as waiting, by a code"
    assert all(CODES[one] == CODES[one.told] for one in Status if one is not Status.POSTPONED)
    assert not [way for way in TRANSITIONS if way[0].is_final]


def test_from_submission_to_the_end(life: Life) -> None:
    assert life.submit().status == "waiting"
    assert life.wants() == ["OpenFence"]
    assert life.open().status == "in_progress"
    assert life.wants() == ["PlanQuery"]
    life.plan()
    assert life.wants() == ["DeleteBatch"]
    life.tell(life.batch())
    assert life.wants() == ["PlanQuery"]
    life.plan(2, 0)
    assert outstanding(life.now) == [CloseFence(operation_id=life.id, epoch=1, state="ended")]
    assert life.close("ended").status == "succeeded"
    assert life.wants() == ["ClearLedger"]
    assert summary(life.now)["deleted"] == 3


def test_everything_told_twice_or_again_later_changes_nothing(life: Life) -> None:
    life.submit()
    told: list[AnyOutcome] = [
        FenceOpened(operation_id=life.id, epoch=1, cut_off=NOW, order=[0]),
        life.planned(1, 2),
        life.batch(0), life.batch(1, deleted=1, failed=2),
        life.planned(2, 0),
    ]  # fmt: skip
    for at, outcome in enumerate(told):
        life.tell(outcome)
        version = life.now.version
        for earlier in told[: at + 1]:
            life.tell(earlier)
        assert life.now.version == version
    assert (summary(life.now)["deleted"], summary(life.now)["failed"]) == (4, 2)


def test_units_in_any_order_within_the_window(life: Life) -> None:
    life.submit()
    life.open()
    life.plan(units=10)

    def units() -> list[int]:
        return [one.unit for one in outstanding(life.now) if isinstance(one, DeleteBatch)]

    assert units() == [0, 1, 2, 3]
    life.tell(life.batch(2))
    assert units() == [0, 1, 3, 4]
    life.tell(life.batch(0, finished=False, position=17))
    first = outstanding(life.now)[0]
    assert isinstance(first, DeleteBatch)
    assert (first.unit, first.batch, first.position) == (0, 1, 17)
    for unit in (9, 8, 7, 6, 5, 4, 3, 1):
        life.tell(life.batch(unit))
    life.tell(life.batch(0, 1))
    assert units() == []
    assert summary(life.now)["deleted"] == 33


def test_failures_are_tried_again_as_long_as_that_settles_some(life: Life) -> None:
    life.submit()
    life.open()
    life.plan()
    life.tell(life.batch(failed=2))
    life.plan(2, 0)
    assert outstanding(life.now) == [PlanQuery(operation_id=life.id, epoch=1, query_index=0, number=2, retry=True)]
    life.plan(2, 1, retry=True)
    cleared = [PackedIds.of(RecordIds.of("int8", [100]))]
    life.tell(life.batch(1, deleted=1, cleared=cleared))
    assert life.wants() == ["PlanQuery"]
    life.plan(2, 1, retry=True)
    life.tell(life.batch(2, deleted=0))
    assert life.wants() == ["CloseFence"]
    assert (summary(life.now)["deleted"], summary(life.now)["failed"]) == (4, 1)


def test_pause_resume_and_old_outcomes(life: Life) -> None:
    life.submit()
    life.open()
    life.plan(units=2)
    assert life.control("pause").status == "pausing"
    life.tell(life.batch(0))
    assert life.close("paused").status == "paused"
    assert life.wants() == []
    assert life.control("resume").status == "waiting"
    assert life.close("paused").status == "waiting"
    assert life.open(1).status == "waiting"
    assert outstanding(life.now) == [OpenFence(operation_id=life.id, epoch=2)]
    assert life.open(2).status == "in_progress"
    life.tell(life.batch(1))
    assert summary(life.now)["deleted"] == 6


def test_pauses_are_no_part_of_the_duration(life: Life) -> None:
    life.submit()
    life.open()
    time.sleep(0.02)
    life.control("pause")
    paused = life.close("paused")
    ran = summary(paused)["duration_seconds"]
    time.sleep(0.2)
    life.control("resume")
    assert summary(life.now)["duration_seconds"] == ran
    life.open(2)
    time.sleep(0.02)
    life.control("cancel")
    assert ran + 0.02 <= summary(life.close("canceled"))["duration_seconds"] < ran + 0.2


@pytest.mark.parametrize("name", ["pause", "cancel"])
def test_a_command_delivered_again_changes_nothing(life: Life, name: str) -> None:
    life.submit()
    life.open()
    command = life.command(name)
    version = life.application.control(command).version

    assert life.application.control(command).version == version
    with pytest.raises(TransitionError):
        life.control(name)


def test_commands_that_do_not_fit_the_state_are_refused(life: Life) -> None:
    for name in COMMANDS:
        with pytest.raises(OperationNotFoundError):
            life.control(name)
    life.submit()
    for name in ("pause", "resume"):
        with pytest.raises(TransitionError, match="waiting"):
            life.control(name)
    life.control("cancel")
    assert life.close("canceled").status == "canceled"
    for name in COMMANDS:
        with pytest.raises(TransitionError, match="canceled"):
            life.control(name)


def test_a_refused_command_is_refused_again_when_it_would_be_legal(life: Life) -> None:
    life.submit()
    life.open()
    resume, pause = life.command("resume"), life.command("pause")
    with pytest.raises(TransitionError) as first:
        life.application.control(resume)
    life.application.refuse(resume, first.value.reason)
    version = life.application.refuse(resume, "again").version
    life.application.control(pause)
    life.close("paused")

    with pytest.raises(TransitionError) as again:
        life.application.control(resume)
    assert again.value.reason == first.value.reason
    assert life.now.status == "paused"
    assert life.application.refuse(pause, "it was carried out").version == life.now.version == version + 2


def test_what_is_away_is_waited_for_and_what_is_refused_ends_it(life: Life) -> None:
    life.submit()
    away = WorkReturned(operation_id=life.id, epoch=1, reason="no route")
    assert life.tell(away).status == "retrying"
    assert summary(life.now)["waiting_for"] == "no route"
    assert life.open().status == "in_progress"
    life.plan()
    life.tell(away)
    assert life.tell(life.batch()).status == "in_progress"
    life.tell(WorkRefused(operation_id=life.id, epoch=1, reason="gone", field="queries[0]"))
    assert life.wants() == ["CloseFence"]
    assert life.close("ended").status == "failed"
    assert (summary(life.now)["reason"], summary(life.now)["field"]) == ("gone", "queries[0]")


def test_a_job_refused_at_the_start_fails_at_once(life: Life) -> None:
    life.submit()

    operation = life.tell(WorkRefused(operation_id=life.id, epoch=1, reason="unknown entity", field="queries[0]"))

    assert operation.status == "failed"
    assert life.wants() == []


@pytest.mark.parametrize("reverse", [False, True])
def test_parts_of_a_batch_count_when_all_are_there(life: Life, reverse: bool) -> None:
    life.submit()
    life.open()
    life.plan()
    parts = [life.batch(deleted=at + 1, part=at, parts=3) for at in range(3)]

    for part in [*reversed(parts)] * 3 if reverse else [parts[0], parts[0], parts[1], parts[0], parts[2], parts[1]]:
        life.tell(part)

    assert summary(life.now)["deleted"] == 6
    assert life.wants() == ["PlanQuery"]


def test_a_snapshot_restores_the_same_operation(life: Life) -> None:
    life.submit()
    life.open()
    life.plan(units=200)
    for unit in range(120):
        life.tell(life.batch(unit))

    assert life.now.version > 100
    assert summary(life.now)["deleted"] == 360
    first = outstanding(life.now)[0]
    assert isinstance(first, DeleteBatch)
    assert first.unit == 120
