"""Schedules from Python, of a service on a real Kafka: what is asked, what came of it, and how they stand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from bulkdelete.domain.errors import InvalidJobError, RefusedError, ScheduleNotFoundError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.scheduling.schedules import Schedules
from bulkdelete.domain.scheduling.status import ScheduleStatus
from bulkdelete.producers.async_client import AsyncClient
from bulkdelete.producers.client import Client
from tests.servers.kafka import Kafka
from tests.service.running import HANDLERS, Running, running, settings_for, sqlite_store, until

pytestmark = pytest.mark.kafka

JOB = Job(
    name="Old logs", database="crm", queries=[Query("incident").all_records()], start_at="2099-01-05T02:00:00",
    time_zone="Europe/Oslo", recurrence="FREQ=WEEKLY;BYDAY=MO,TH",
)  # fmt: skip
PATIENCE = 60.0


@pytest.fixture(scope="module")
def service(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = settings_for(kafka.address, sqlite_store(tmp_path_factory.mktemp("schedules")))
    with running(settings.model_copy(update={"tick_seconds": 0.2}), roles=f"{HANDLERS},clock") as one:
        yield one


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[Client]:
    kafka = service.settings.kafka
    with Client.connect(kafka.servers or "", prefix=kafka.prefix, requested_by="ops@example.com") as one:
        yield one


def named(client: Client, name: str) -> ScheduleStatus | None:
    return next((one for one in client.schedules() if one.name == name), None)


def test_a_schedule_has_a_life_in_python(client: Client, service: Running) -> None:
    schedule = client.create_schedule(JOB)

    made = schedule.wait(PATIENCE)
    assert made == ScheduleStatus.of(Schedules(service.application).schedule(schedule.id))
    assert (made.next_run, made.requested_by) == (datetime(2099, 1, 5, 1, tzinfo=UTC), "ops@example.com")
    assert made in client.schedules()

    schedule.edit(JOB.model_copy(update={"recurrence": "FREQ=DAILY"}))
    assert (schedule.wait(PATIENCE).recurrence, schedule.wait(PATIENCE).revision) == ("FREQ=DAILY", 2)
    schedule.disable()
    assert (schedule.wait(PATIENCE).enabled, schedule.wait(PATIENCE).next_run) == (False, None)
    schedule.enable()
    assert schedule.wait(PATIENCE).enabled
    schedule.run_now()
    schedule.wait(PATIENCE)
    ran = until(lambda: client.schedule(schedule.id).wait(PATIENCE).last_operation_id)
    assert service.until_ended(ran).status == "succeeded"
    schedule.delete()
    schedule.wait(PATIENCE)
    assert [one for one in client.schedules() if one.schedule_id == schedule.id] == []

    schedule.enable()
    with pytest.raises(RefusedError, match="was deleted"):
        schedule.wait(PATIENCE)


def test_the_same_schedule_again_is_the_same(client: Client) -> None:
    schedule_id = uuid4()
    job = JOB.model_copy(update={"name": "Twice"})
    first = client.create_schedule(job, schedule_id).wait(PATIENCE)

    assert client.create_schedule(job, schedule_id).wait(PATIENCE) == first
    with pytest.raises(RefusedError, match="another job"):
        client.create_schedule(JOB.model_copy(update={"name": "Other"}), schedule_id).wait(PATIENCE)


def test_what_can_never_work_is_told(client: Client, service: Running) -> None:
    before = len(service.messages("commands"))
    with pytest.raises(InvalidJobError, match="database"):
        client.create_schedule(JOB.model_copy(update={"database": None}))
    with pytest.raises(ScheduleNotFoundError):
        client.schedule(uuid4()).wait(PATIENCE)
    assert len(service.messages("commands")) == before

    with pytest.raises(RefusedError, match="'hr' is no configured database"):
        client.create_schedule(JOB, database="hr").wait(PATIENCE)
    unknown = client.schedule(uuid4())
    unknown.disable()
    with pytest.raises(RefusedError, match="no schedule"):
        unknown.wait(PATIENCE)


def test_several_at_once_without_blocking(service: Running) -> None:
    async def main() -> list[ScheduleStatus]:
        kafka = service.settings.kafka
        async with AsyncClient.connect(kafka.servers or "", prefix=kafka.prefix) as client:
            names = [f"Of many {at}" for at in range(5)]
            made = [await client.create_schedule(JOB.model_copy(update={"name": name})) for name in names]
            found = await asyncio.gather(*(one.wait(PATIENCE) for one in made))
            assert all(isinstance(one.id, UUID) for one in made)
            assert {one.schedule_id for one in found} <= {one.schedule_id for one in await client.schedules()}
            return found

    assert len({one.name for one in asyncio.run(main())}) == 5


def test_schedules_are_in_the_order_in_which_they_are_due(client: Client) -> None:
    late = client.create_schedule(JOB.model_copy(update={"name": "Late", "start_at": datetime(2150, 1, 1)}))
    never = client.create_schedule(JOB.model_copy(update={"name": "Never"}))
    never.disable()
    late.wait(PATIENCE)
    never.wait(PATIENCE)

    found = [one.next_run for one in client.schedules()]

    assert found == sorted((one for one in found if one), key=str) + [None] * found.count(None)
    assert named(client, "Never") is not None
