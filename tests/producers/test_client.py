"""The Python client against a service on Kafka, and against Kafkas that let nobody in."""

from __future__ import annotations

import asyncio
import gc
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID, uuid4

import pytest

from bulkdelete.domain.errors import InvalidJobError, RefusedError, ScheduleNotFoundError, UnavailableError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.producers.async_client import AsyncClient
from bulkdelete.producers.client import Client
from tests.servers.kafka import PASSWORD, USER, Kafka, KafkaServer
from tests.servers.ports import free_port
from tests.service.running import Running, running, settings_for, sqlite_store

pytestmark = pytest.mark.kafka

JOB = Job(name="Closed cases", database="crm", queries=[Query("incident").where(statecode=1)])


@pytest.fixture(scope="module")
def service(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(settings_for(kafka.address, sqlite_store(tmp_path_factory.mktemp("client")))) as one:
        yield one


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[Client]:
    kafka = service.settings.kafka
    with Client.connect(kafka.servers or "", prefix=kafka.prefix, requested_by="ops@example.com") as one:
        yield one


def test_submit_and_wait(client: Client) -> None:
    began = time.perf_counter()
    operation = client.submit(JOB)

    result = operation.wait(timeout=20)

    print(f"\nsmallest job, submit to result: {time.perf_counter() - began:.3f} s")
    assert (result.operation_id, result.status, result.deleted, result.failed) == (operation.id, "succeeded", 30, 0)
    assert [(one.entity, one.matched, one.estimated) for one in result.queries] == [("incident", 30, 30)]
    assert result.data["requested_by"] == "ops@example.com"


def test_the_same_operation_again_has_the_same_result(client: Client) -> None:
    operation_id = uuid4()
    first = client.submit(JOB, operation_id).wait(timeout=20)

    assert client.submit(JOB, operation_id).wait(timeout=20) == first


def test_another_job_under_the_same_id_is_refused(client: Client) -> None:
    operation_id = client.submit(JOB).id
    other = Job(name="Other", database="crm", queries=[Query("incident").where(statecode=2)])

    with pytest.raises(RefusedError, match="another job"):
        client.submit(other, operation_id).wait(timeout=20)


def test_a_job_that_can_never_work_is_not_published(client: Client, service: Running) -> None:
    before = len(service.messages("commands"))

    with pytest.raises(InvalidJobError, match=r"queries\[0\].*EntityName"):
        client.submit({"name": "x", "database": "crm", "queries": [{}]})
    with pytest.raises(InvalidJobError, match=r"job.database: the job names no database"):
        client.submit(JOB.model_copy(update={"database": None}))
    with pytest.raises(InvalidJobError, match="requested_by"):
        client.submit(JOB, requested_by="a\nb")

    assert len(service.messages("commands")) == before


def test_an_unknown_database_is_told(client: Client) -> None:
    with pytest.raises(RefusedError, match="'hr' is no configured database"):
        client.submit(JOB, database="hr").wait(timeout=20)


def test_pause_resume_cancel(client: Client, service: Running) -> None:
    service.target.units = 200
    operation = client.submit(JOB)
    operation.pause()
    operation.resume()
    operation.cancel()

    result = operation.wait(timeout=20)

    service.target.units = 3
    assert result.status == "canceled"
    assert result.deleted < 2000


def test_waiting_ends_in_time(client: Client) -> None:
    with pytest.raises(TimeoutError):
        client.submit(JOB).wait(timeout=0.001)


@pytest.mark.parametrize("what", ["operation", "schedule"])
def test_waiting_that_ends_too_soon_leaves_no_connection_open(client: Client, what: str) -> None:
    asked = client.submit(JOB) if what == "operation" else client.schedule(uuid4())
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for milliseconds in range(1, 25):
            with suppress(TimeoutError, ScheduleNotFoundError):
                asked.wait(timeout=milliseconds / 1000)
        gc.collect()

    assert [str(one.message) for one in told] == []


def test_several_at_once_without_blocking(service: Running) -> None:
    async def main() -> list[int]:
        kafka = service.settings.kafka
        async with AsyncClient.connect(kafka.servers or "", prefix=kafka.prefix) as client:
            operations = [await client.submit(JOB) for _ in range(5)]
            results = await asyncio.gather(*(one.wait(timeout=20) for one in operations))
            assert all(isinstance(one.id, UUID) for one in operations)
            return [one.deleted for one in results]

    assert asyncio.run(main()) == [30] * 5


def test_a_kafka_that_is_away_is_told_at_once() -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"), Client.connect(f"127.0.0.1:{free_port()}"):
        pass


def test_a_kafka_without_a_service_is_told(kafka: Kafka) -> None:
    with pytest.raises(UnavailableError, match="no bulkdelete service"), Client.connect(kafka.address, prefix="nobody"):
        pass


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_kafka_that_asks_who_it_is(
    sasl_kafka: KafkaServer, mechanism: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = sqlite_store(tmp_path_factory.mktemp("sasl"))
    settings = settings_for(sasl_kafka.address, store, username=USER, password=PASSWORD, sasl_mechanism=mechanism)
    prefix = settings.kafka.prefix
    with running(settings):
        with Client.connect(
            sasl_kafka.address, prefix=prefix, username=USER, password=PASSWORD, sasl_mechanism=mechanism
        ) as client:
            assert client.submit(JOB).wait(timeout=20).deleted == 30
        with (
            pytest.raises(UnavailableError),
            Client.connect(
                sasl_kafka.address, prefix=prefix, username=USER, password="wrong", sasl_mechanism=mechanism
            ),
        ):
            pass
