"""Messages come early, twice, late: each operation ends as if they had come once and in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bulkdelete.domain.commands import CancelOperation
from tests.servers.kafka import Kafka
from tests.service.fake_target import FakeTarget
from tests.service.running import (
    HANDLERS,
    Running,
    facts,
    pause,
    resume,
    running,
    settings_for,
    sqlite_store,
    submit,
    until,
)

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def service(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = settings_for(kafka.address, sqlite_store(tmp_path_factory.mktemp("delivery")))
    with running(settings, target=FakeTarget(seconds=0.05)) as one:
        yield one


def test_the_smallest_job_is_done_within_a_second(service: Running) -> None:
    seconds = []
    for _ in range(3):
        command = submit()
        began = time.perf_counter()
        service.command(command)
        operation = service.until_ended(command.operation_id)
        seconds.append(time.perf_counter() - began)
        assert facts(operation) == ("succeeded", 30, 0)
    print(f"\nsmallest job, submit to completed: {', '.join(f'{one:.3f}' for one in seconds)} s")


def test_every_message_twice_changes_nothing(service: Running) -> None:
    command = submit()
    service.command(command, command)
    operation = service.until_ended(command.operation_id)
    key = str(command.operation_id).encode()

    for topic in ("commands", "outcomes", "work", "events"):
        ours = [one for one in service.messages(topic) if (one.key or b"").startswith(key)]
        service.publish(topic, *((one.key, one.body) for one in ours))
    other = submit()
    service.command(other)
    service.until_ended(other.operation_id)

    again = service.application.operation(command.operation_id)
    assert (again.version, facts(again)) == (operation.version, ("succeeded", 30, 0))
    assert service.rejections() == []


def test_events_are_published_once_each_and_in_order(service: Running) -> None:
    command = submit()
    service.command(command)
    service.until_ended(command.operation_id)
    last = until(service.application.recorder.max_notification_id)

    until(
        lambda: (
            len(ids := [one.headers["ce_id"] for one in service.messages("events") if "ce_id" in one.headers]) >= last
            and ids
        )
    )
    ours = [one for one in service.messages("events") if one.headers.get("ce_subject") == str(command.operation_id)]

    assert [one.headers["ce_type"] for one in ours if "operation." in one.headers["ce_type"]] == [
        "bulkdelete.operation.submitted",
        "bulkdelete.operation.started",
        "bulkdelete.operation.planned",
        *["bulkdelete.operation.batch_deleted"] * 3,
        "bulkdelete.operation.planned",
        "bulkdelete.operation.completed",
    ]
    assert len({one.headers["ce_id"] for one in ours}) == len(ours)
    assert {one.key for one in ours} == {str(command.operation_id).encode()}


@pytest.mark.parametrize("seconds", [0.0, 0.7])
def test_a_pause_before_its_operation_is_kept(service: Running, seconds: float) -> None:
    service.target.units = 60
    before = len(service.rejections())
    command = submit()
    service.command(pause(command.operation_id))
    time.sleep(seconds)

    service.command(command)

    until(lambda: (one := service.application.find(command.operation_id)) and one.status == "paused")
    service.command(resume(command.operation_id))
    assert facts(service.until_ended(command.operation_id)) == ("succeeded", 600, 0)
    assert len(service.rejections()) == before
    service.target.units = 3


def test_pause_and_resume_at_once_are_carried_out_one_after_the_other(service: Running) -> None:
    service.target.units = 60
    before = len(service.rejections())
    command = submit()

    service.command(command, pause(command.operation_id), resume(command.operation_id))

    operation = service.until_ended(command.operation_id)
    assert (facts(operation), operation.epoch) == (("succeeded", 600, 0), 2)
    assert len(service.rejections()) == before
    service.target.units = 3


def test_a_pause_of_nothing_is_rejected_in_the_end_and_nobody_waits_for_it(service: Running) -> None:
    before = len(service.rejections())
    strangers = [pause(submit().operation_id) for _ in range(20)]
    offsets = service.command(*strangers)
    command = submit()
    began = time.perf_counter()

    service.command(command)

    service.until_ended(command.operation_id)
    assert time.perf_counter() - began < 5
    found = until(lambda: len(all_ := service.rejections()) == before + 20 and all_, 15)[before:]
    assert all("no operation" in one.reason and "kept for 2 s" in one.reason for one in found)
    assert sorted(one.offset or 0 for one in found) == sorted(offsets)


def test_a_command_that_is_not_legal_is_rejected(service: Running) -> None:
    command = submit()
    service.command(command)
    service.until_ended(command.operation_id)
    before = len(service.rejections())

    service.command(pause(command.operation_id), submit(command.operation_id, "Another job"))

    found = until(lambda: len(all_ := service.rejections()) == before + 2 and all_)[before:]
    assert [one.field for one in found] == ["type", "operation_id"]
    assert "cannot be paused" in found[0].reason
    assert "another job" in found[1].reason


def test_a_command_that_was_refused_stays_refused(service: Running) -> None:
    service.target.units = 200
    command = submit()
    refused = resume(command.operation_id)
    service.command(command)
    until(lambda: (one := service.application.find(command.operation_id)) and facts(one)[1] > 0)
    before = len(service.rejections())
    service.command(refused)
    until(lambda: len(service.rejections()) == before + 1)
    service.command(pause(command.operation_id))
    until(lambda: service.application.operation(command.operation_id).status == "paused")

    service.command(refused)

    first, again = until(lambda: len(all_ := service.rejections()) == before + 2 and all_)[before:]
    assert first.reason == again.reason
    assert "in progress" in first.reason
    assert service.application.operation(command.operation_id).status == "paused"
    service.target.units = 3


def test_cancel_stops_what_runs(service: Running) -> None:
    service.target.units = 200
    command = submit()
    service.command(command)
    until(lambda: (one := service.application.find(command.operation_id)) and facts(one)[1] > 0)

    service.command(
        CancelOperation(command_id=submit().command_id, operation_id=command.operation_id, requested_by="ops")
    )

    operation = service.until_ended(command.operation_id)
    service.target.units = 3
    assert operation.status == "canceled"
    assert 0 < facts(operation)[1] < 2000


def test_several_processes_share_the_work(kafka: Kafka, tmp_path: Path) -> None:
    settings = settings_for(kafka.address, sqlite_store(tmp_path))
    with running(settings, HANDLERS) as one, running(settings, "operations,deletion,planning") as two:
        for topic in ("commands", "outcomes", "events"):
            until(partial(share_evenly, one, two, topic), 30)
        commands = [submit() for _ in range(12)]

        one.command(*commands)

        for command in commands:
            assert facts(one.until_ended(command.operation_id)) == ("succeeded", 30, 0)
        assert one.target.calls
        assert two.target.calls


def share_evenly(one: Running, two: Running, topic: str) -> bool:
    return shares(one, topic) == shares(two, topic) == 1


def shares(service: Running, topic: str) -> int:
    """How many partitions of a topic this process has."""
    consumers = [getattr(one, "consumer", None) for one in service.service.broker.subscribers]
    tps = [tp for consumer in consumers if consumer is not None for tp in consumer.assignment()]
    return sum(tp.topic == service.topic(topic) for tp in tps)
