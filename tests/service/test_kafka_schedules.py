"""Schedules on a real Kafka: raw messages in, each occurrence once; any number of clocks, early and late ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.scheduling.schedules import Schedules
from bulkdelete.domain.wall_time import rfc3339
from tests.servers.kafka import Kafka
from tests.service.running import HANDLERS, Running, running, settings_for, sqlite_store, until

pytestmark = pytest.mark.kafka

JOB = {"name": "Old logs", "database": "crm", "queries": [{"EntityName": "incident", "all_records": True}]}


@pytest.fixture(scope="module")
def service(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = settings_for(kafka.address, sqlite_store(tmp_path_factory.mktemp("schedules")))
    quick = settings.model_copy(update={"tick_seconds": 0.2})
    with running(quick, roles=f"{HANDLERS},clock") as one, running(quick, roles="clock"):
        yield one


def say(service: Running, kind: str, schedule_id: UUID, topic: str = "commands", **words: Any) -> None:
    body = {"type": kind, "command_id": str(uuid4()), "schedule_id": str(schedule_id), "requested_by": "ops", **words}
    service.publish(topic, (str(schedule_id).encode(), json.dumps(body).encode()))


def occurred(service: Running, schedule_id: UUID) -> list[Any]:
    return [one for one in service.application.events.get(schedule_id) if isinstance(one, Schedule.Occurred)]


def test_two_clocks_run_each_occurrence_once(service: Running) -> None:
    schedule_id = uuid4()
    say(
        service,
        "CreateSchedule",
        schedule_id,
        job={**JOB, "recurrence": "FREQ=SECONDLY;INTERVAL=2;", "overlap": "queue"},
    )

    found = until(lambda: len(one := occurred(service, schedule_id)) >= 3 and one)

    for one in found:
        operation = service.until_ended(UUID(one.operation_id))
        assert (operation.status, operation.requested_by) == ("succeeded", "ops")
    assert len({one.operation_id for one in found}) == len({one.occurrence for one in found}) == len(found)
    say(service, "DisableSchedule", schedule_id)
    until(lambda: not service.application.repository.get(schedule_id).enabled)
    say(service, "RunScheduleNow", schedule_id)
    until(lambda: len(occurred(service, schedule_id)) > len(found))
    say(service, "DeleteSchedule", schedule_id)
    say(service, "EnableSchedule", schedule_id)
    until(lambda: any("was deleted" in one.reason for one in service.rejections()))


def test_a_submitted_job_that_recurs_becomes_a_schedule(service: Running) -> None:
    operation_id = uuid4()
    body = {"type": "SubmitBulkDelete", "command_id": str(uuid4()), "operation_id": str(operation_id),
            "requested_by": "ops", "job": {**JOB, "recurrence": "FREQ=DAILY;INTERVAL=7;"}}  # fmt: skip
    for _ in range(2):
        service.publish("commands", (str(operation_id).encode(), json.dumps(body).encode()))

    (first,) = until(lambda: occurred(service, operation_id))

    assert service.until_ended(UUID(first.operation_id)).status == "succeeded"
    assert service.application.find(operation_id) is None
    assert Schedules(service.application).schedule(operation_id).job["recurrence"] == "FREQ=DAILY;INTERVAL=7"


def test_a_command_for_a_schedule_that_nobody_knows_yet_is_kept(service: Running) -> None:
    schedule_id = uuid4()
    say(service, "DisableSchedule", schedule_id)
    words = {"recurrence": "FREQ=DAILY", "start_at": "2099-01-01T00:00:00", "time_zone": "UTC"}
    say(service, "CreateSchedule", schedule_id, job={**JOB, **words})

    until(lambda: (one := Schedules(service.application).find(schedule_id)) and not one.enabled)
    unknown = uuid4()
    say(service, "EnableSchedule", unknown)
    until(lambda: any(str(unknown) in one.reason for one in service.rejections()))


def test_ticks_of_another_time_change_nothing(service: Running) -> None:
    schedule_id = uuid4()
    start = datetime.now(UTC) + timedelta(days=2)
    words = {"recurrence": "FREQ=DAILY", "start_at": rfc3339(start), "time_zone": "UTC"}
    say(service, "CreateSchedule", schedule_id, job={**JOB, **words})
    until(lambda: Schedules(service.application).find(schedule_id))

    for topic in ("ticks", "commands"):
        for at in ("2099-01-01T00:00:00Z", "1999-01-01T00:00:00Z", "2027-01-01T00:00:00", "soon", 7):
            service.publish(topic, (None, json.dumps({"type": "Tick", "at": at}).encode()))
    say(service, "EnableSchedule", schedule_id, topic="ticks")

    def refused() -> list[str]:
        return [one.reason for one in service.rejections() if one.field in {"at", "type"}]

    until(lambda: len(refused()) >= 9)
    assert sum("ahead of the clock" in one for one in refused()) == 2
    assert sum("ticks are taken here" in one for one in refused()) == 1
    assert occurred(service, schedule_id) == []


def test_what_is_wrong_with_a_schedule_is_named(service: Running) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "job.recurrence": {"recurrence": "FREQ=DAILY;BYHOUR=25"},
        "job.start_at": {"recurrence": "FREQ=DAILY", "start_at": "2027-01-01T02:00:00"},
        "job.database": {"recurrence": "FREQ=DAILY", "database": "nowhere"},
        "job.window.from": {"recurrence": "FREQ=DAILY", "window": {"from": 22, "to": "05:00"}},
    }
    for words in wrong.values():
        say(service, "CreateSchedule", uuid4(), job={**JOB, **words})

    until(lambda: wrong.keys() <= {one.field for one in service.rejections()})


def test_a_simulated_clock_may_tell_any_time(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = settings_for(kafka.address, sqlite_store(tmp_path_factory.mktemp("simulated")))
    settings = settings.model_copy(update={"simulated_time": True})
    with running(settings) as one:
        schedule_id = uuid4()
        words = {"recurrence": "FREQ=MONTHLY;BYDAY=1MO", "start_at": "2030-01-01T02:00:00", "time_zone": "Europe/Oslo"}
        say(one, "CreateSchedule", schedule_id, job={**JOB, **words, "overlap": "queue"})
        until(lambda: Schedules(one.application).find(schedule_id))

        days = [datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=at) for at in range(365)]
        one.publish("ticks", *((None, json.dumps({"type": "Tick", "at": rfc3339(day)}).encode()) for day in days))

        until(lambda: Schedules(one.application).schedule(schedule_id).next_run == "2031-01-06T01:00:00Z")
        until(lambda: one.publish("ticks", (None, json.dumps({"type": "Tick", "at": rfc3339(days[-1])}).encode()))
              and len(occurred(one, schedule_id)) == 12, pause=0.2)  # fmt: skip
