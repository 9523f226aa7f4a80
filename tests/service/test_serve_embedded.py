"""Serving a state folder without a broker: what is due runs, whoever submitted it, and goes on after a crash."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bulkdelete.domain.commands import SubmitBulkDelete, command_of
from bulkdelete.domain.errors import OperationExistsError
from bulkdelete.domain.scheduling.commands import DisableSchedule, RunScheduleNow, Tick
from bulkdelete.domain.wall_time import rfc3339
from bulkdelete.service.configuration import load
from bulkdelete.service.embedded import Embedded
from bulkdelete.service.targets import Targets
from tests.service.running import until
from tests.service.serving_folder import Folder, job, served


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with served(tmp_path, 1000) as one:
        yield one


def test_what_is_due_runs_and_what_was_submitted_for_later_too(folder: Folder) -> None:
    schedule = folder.schedules.create(job())

    with folder.serving():
        until(lambda: folder.left() == 0 and folder.ran(schedule)[0].is_final, 120)
        folder.fill(50)
        folder.schedules.ask(RunScheduleNow, schedule.id)
        until(lambda: folder.left() == 0 and len(folder.ran(schedule)) == 2, 120)
        folder.fill(20)
        later = datetime.now(UTC) + timedelta(seconds=2)
        once = job(recurrence=None, start_at=rfc3339(later))
        command = command_of(SubmitBulkDelete, requested_by="me", operation_id=schedule.id, job=once)
        with pytest.raises(OperationExistsError, match="no operation's id"):
            folder.application.submit(command, "shop")
        command = command_of(SubmitBulkDelete, requested_by="me", operation_id=command.command_id, job=once)
        folder.application.submit(command, "shop")
        until(lambda: folder.application.operation(command.operation_id).is_final, 120)
    assert folder.left() == 0
    started = folder.application.operation(command.operation_id).started_at
    assert started is not None
    assert datetime.fromisoformat(started) >= later


def test_killed_in_the_midst_it_goes_on(folder: Folder) -> None:
    folder.fill(300_000)
    schedule = folder.schedules.create(job())
    with folder.serving() as process:
        until(lambda: folder.left() < 301_000, 120)
        process.kill()
        process.wait(30)

    with folder.serving():
        until(lambda: folder.left() == 0 and folder.ran(schedule)[0].is_final, 120)
    (operation,) = folder.ran(schedule)
    assert (operation.status, operation.queries[0]["deleted"]) == ("succeeded", 301_000)


def test_two_that_serve_the_same_folder_run_each_occurrence_once(folder: Folder) -> None:
    schedule = folder.schedules.create(job(recurrence="FREQ=SECONDLY;INTERVAL=2", overlap="queue"))

    with folder.serving(), folder.serving():
        until(lambda: sum(one.is_final for one in folder.ran(schedule)) >= 3, 120)
        folder.schedules.ask(DisableSchedule, schedule.id)
        until(lambda: not folder.open(), 120)
    assert {one.status for one in folder.ran(schedule)} == {"succeeded"}


def test_outside_its_window_nothing_is_deleted(folder: Folder) -> None:
    closed = datetime.now(UTC) + timedelta(hours=3)
    window = {"from": f"{closed:%H}:00", "to": f"{closed + timedelta(hours=2):%H}:00"}
    schedule = folder.schedules.create(job(window=window))

    with folder.serving() as process:
        until(lambda: folder.ran(schedule) and folder.ran(schedule)[0].status == "postponed", 120)
        began = time.monotonic()
        process.terminate()
        assert process.wait(60) == 0
    assert time.monotonic() - began < 40
    assert folder.left() == 1000
    assert str(folder.ran(schedule)[0].waiting_for).startswith("starts ")


def test_a_database_that_is_no_longer_configured_fails_the_operation(folder: Folder) -> None:
    schedule = folder.schedules.create(job())
    settings = load(given={"state": folder.path / "state"})
    service = Embedded(settings, folder.application, Targets({}, takes_addresses=True))
    service.scheduling.tick(Tick(at=datetime.now(UTC)))
    (operation,) = folder.ran(schedule)

    service.drive(operation.id)

    assert folder.ran(schedule)[0].status == "failed"
    assert "not configured here" in str(folder.ran(schedule)[0].reason)
