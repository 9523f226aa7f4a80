"""Control at any moment: what may be asked from where, and what becomes of it. No database, and a clock of our own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import Halt, Unhalt, command_of
from bulkdelete.domain.errors import TransitionError
from bulkdelete.domain.lifecycle import CONTROLS, TRANSITIONS, Status, asked, possible
from bulkdelete.domain.outcomes import WorkDeferred, WorkReturned
from bulkdelete.domain.summary import summary
from bulkdelete.domain.work import OpenFence
from tests.domain.life import Life

UNTIL = datetime(2027, 1, 4, 1, tzinfo=UTC)
SPOKEN = "Mon 2027-01-04 02:00 Europe/Oslo"
TIME = {"until": "2027-01-04T02:00:00", "time_zone": "Europe/Oslo"}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_leads_somewhere_or_is_answered_with_what_is_possible(status: Status, control: str) -> None:
    if control in possible(status):
        assert (status, asked(status, control)) in TRANSITIONS
        assert asked(status, control) in CONTROLS[control]
        return
    with pytest.raises(TransitionError) as refused:
        asked(status, control)
    assert f"the operation is {status.replace('_', ' ')}" in refused.value.reason
    assert possible(status) in refused.value.reason


def test_what_is_possible_from_where() -> None:
    able = {status: possible(status).removeprefix("possible from there: ") for status in Status}
    assert able == {
        "waiting": "postpone, cancel, throttle",
        "postponed": "resume, postpone, cancel, throttle",
        "in_progress": "pause, postpone, cancel, throttle",
        "retrying": "pause, postpone, cancel, throttle",
        "pausing": "postpone, cancel, throttle",
        "paused": "resume, postpone, cancel, throttle",
        "postponing": "pause, postpone, cancel, throttle",
        "halting": "pause, postpone, cancel, throttle",
        "halted": "pause, postpone, cancel, throttle",
        **dict.fromkeys(("canceling", "succeeded", "failed", "canceled"), "nothing is possible from there"),
    }


def test_a_job_for_later_waits_and_begins_when_its_time_has_come(life: Life) -> None:
    submitted = life.submit(start_at="2027-01-04T02:00:00", time_zone="Europe/Oslo")
    told = summary(submitted)
    assert (told["status"], told["waiting_for"]) == ("waiting", f"starts {SPOKEN}")
    assert told["postponed_until"] == "2027-01-04T01:00:00Z"
    assert life.wants() == []

    assert life.application.begin_if_due(life.id, UNTIL - timedelta(seconds=1)).status == "postponed"
    version = life.application.begin_if_due(life.id, UNTIL).version
    assert life.application.begin_if_due(life.id, UNTIL).version == version, "the clock strikes twice"

    assert summary(life.now)["waiting_for"] is None
    assert outstanding(life.now) == [OpenFence(operation_id=life.id, epoch=1)]
    assert life.open(1).status == "in_progress"


def test_a_running_operation_is_postponed_when_its_batches_are_recorded(life: Life) -> None:
    life.submit()
    life.open()
    life.plan(units=2)
    assert summary(life.control("postpone", **TIME))["status"] == "pausing"
    assert life.wants() == ["CloseFence"]
    life.tell(life.batch(0))
    told = summary(life.close("paused"))
    assert (told["status"], told["waiting_for"], told["deleted"]) == ("waiting", f"goes on {SPOKEN}", 3)

    life.application.begin_if_due(life.id, UNTIL)

    assert outstanding(life.now) == [OpenFence(operation_id=life.id, epoch=2)]


def test_an_opening_on_its_way_changes_nothing_for_what_was_postponed_meanwhile(life: Life) -> None:
    life.submit()
    life.control("postpone", **TIME)
    assert life.open(1).status == "postponed"
    life.control("resume")
    assert outstanding(life.now) == [OpenFence(operation_id=life.id, epoch=1)], "the fence was never closed"
    assert life.open(1).status == "in_progress"


def test_postponed_from_a_pause_and_to_another_time(life: Life) -> None:
    life.submit()
    life.open()
    life.control("pause")
    life.close("paused")
    life.control("postpone", until="2030-01-01T00:00:00Z")
    assert life.application.begin_if_due(life.id, UNTIL).status == "postponed"
    life.control("postpone", **TIME)
    assert life.application.begin_if_due(life.id, UNTIL).epoch == 2
    life.control("postpone", **TIME)
    assert life.control("cancel").status == "canceling"


def test_a_target_that_was_away_before_the_start_gets_another_epoch_after_a_pause(life: Life) -> None:
    life.submit()
    life.tell(WorkReturned(operation_id=life.id, epoch=1, reason="away"))
    life.control("pause")
    life.close("paused")
    assert life.control("resume").epoch == 2, "the fence was closed at epoch 1"


def test_the_rate_of_the_job_and_of_commands(life: Life) -> None:
    assert life.submit(rate=5000).rate == 5000
    assert life.control("throttle", rate=10).rate == 10
    life.open()
    assert life.control("throttle", rate=None).rate is None
    life.control("cancel")
    with pytest.raises(TransitionError, match="canceling and cannot be throttled; nothing is possible"):
        life.control("throttle", rate=10)


def test_what_holds_it_is_told_once_and_forgotten_with_the_next_batch(life: Life) -> None:
    life.submit()
    life.open()
    life.plan(units=3)
    held = WorkDeferred(operation_id=life.id, epoch=1, cause="threads running", reason="120 threads are running")
    version = life.tell(held).version
    assert life.tell(held.model_copy(update={"reason": "121 threads are running"})).version == version
    assert (life.now.status, life.now.waiting_for) == ("in_progress", "120 threads are running")
    life.tell(WorkReturned(operation_id=life.id, epoch=1, reason="away"))
    assert life.tell(held).status == "in_progress"
    assert life.tell(life.batch()).waiting_for is None
    assert life.tell(held.model_copy(update={"epoch": 0})).waiting_for is None


def halt(application: BulkDeletes, reason: str = "disk", command_id: UUID | None = None) -> None:
    application.take_brake(Halt(command_id=command_id or uuid4(), requested_by="ops", reason=reason))


def heed(life: Life) -> str:
    return life.application.heed(life.now, life.application.brake()).status


def test_a_halt_stops_what_runs_and_lets_it_go_on(life: Life) -> None:
    life.submit()
    life.open()
    halt(life.application)
    assert heed(life) == heed(life) == "halting"
    told = summary(life.close("paused"))
    assert (told["status"], told["waiting_for"]) == ("paused", "halted by ops: disk")
    with pytest.raises(TransitionError, match="halted and cannot be resumed"):
        life.control("resume")
    life.application.take_brake(command_of(Unhalt, requested_by="ops"))
    assert heed(life) == "waiting"
    assert outstanding(life.now) == [OpenFence(operation_id=life.id, epoch=2)]


@pytest.mark.parametrize(("name", "stays"), [("pause", "paused"), ("postpone", "postponed"), ("cancel", "canceled")])
@pytest.mark.parametrize("is_closed", [True, False])
def test_what_somebody_wants_stays_when_the_halt_is_over(life: Life, name: str, stays: str, is_closed: bool) -> None:
    life.submit()
    life.open()
    halt(life.application)
    heed(life)
    if is_closed:
        life.close("paused")
    life.control(name, **(TIME if name == "postpone" else {}))
    life.close("canceled" if name == "cancel" else "paused")
    life.application.take_brake(command_of(Unhalt, requested_by="ops"))
    assert heed(life) == stays


def test_halting_twice_or_again_later(life: Life) -> None:
    first, late = uuid4(), command_of(Unhalt, requested_by="late")
    with pytest.raises(TransitionError, match="nothing is halted"):
        life.application.take_brake(late)
    life.application.refuse_brake(late, "nothing is halted")
    halt(life.application, command_id=first)
    halt(life.application, command_id=first)
    with pytest.raises(TransitionError, match="halted already, by ops: disk"):
        halt(life.application, "again")
    with pytest.raises(TransitionError, match="nothing is halted"):
        life.application.take_brake(late)
    brake = life.application.brake()
    assert brake is not None
    assert brake.is_on


def test_lanes_are_taken_left_and_taken_again(life: Life) -> None:
    others = [Life(life.application) for _ in range(2)]
    for one in (life, *others):
        one.submit()

    def takes(one: Life, most: int = 2) -> bool:
        return life.application.take_lane(one.now, most)

    assert takes(life)
    assert takes(life)
    assert takes(others[0])
    assert not takes(others[1])
    life.control("postpone", **TIME)
    assert takes(others[1])
    life.control("resume")
    assert takes(life) is False
    others[0].open()
    others[0].control("cancel")
    assert takes(life) is False, "what is canceling still deletes"
    others[0].close("canceled")
    assert takes(life)
    assert life.application.take_lane(others[1].now, 1, is_driven=lambda _: False)


def test_a_snapshot_of_before_there_were_rates_and_times_is_read(life: Life) -> None:
    life.submit()
    life.open()
    life.control("pause")
    life.close("paused")
    old = life.now
    for name in ("closed", "postponed_until", "time_zone", "rate", "held_by"):
        old.__dict__.pop(name, None)
    assert summary(old)["rate"] is None
    assert old.next_epoch == 2
    old.control(life.command("postpone", **TIME))
    assert summary(old)["waiting_for"] == f"goes on {SPOKEN}"
    old.begin_if_due(UNTIL)
    assert old.epoch == 2
