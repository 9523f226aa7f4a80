"""Topics are declared as planned, and what others made is compared and used."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from bulkdelete.producers.connection import KafkaConnection
from bulkdelete.producers.topics import Topics, declare, existing_topics
from tests.servers.kafka import Kafka
from tests.servers.ports import free_port

pytestmark = pytest.mark.anyio


@pytest.fixture
def topics() -> Topics:
    return Topics(f"test-{uuid4().hex[:8]}", partitions=3, work_partitions=5, retention_ms=3_600_000)


@pytest.mark.kafka
async def test_topics_are_made_once(kafka: Kafka, topics: Topics) -> None:
    connection = KafkaConnection(kafka.address)

    both = await asyncio.gather(declare(connection, topics.plans()), declare(connection, topics.plans()))
    again = await declare(connection, topics.plans())

    assert [one.missing for one in (*both, again)] == [{}, {}, {}]
    assert again.remarks == []
    found = await existing_topics(connection)
    assert [found[plan.name] for plan in topics.plans()] == [3, 5, 3, 3, 1, 1]
    assert await configs(connection, topics.name("events")) == {"retention.ms": "-1", "max.message.bytes": "1048576"}
    assert (await configs(connection, topics.name("work")))["retention.ms"] == "3600000"


@pytest.mark.kafka
async def test_what_others_made_is_used_as_it_is(kafka: Kafka, topics: Topics) -> None:
    connection = KafkaConnection(kafka.address)
    admin = AIOKafkaAdminClient(**connection.arguments())
    await admin.start()
    name = topics.name("events")
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs={"retention.ms": "60000", "max.message.bytes": "9"})])
    await admin.close()
    while name not in await existing_topics(connection):
        await asyncio.sleep(0.05)

    found = await declare(connection, topics.plans())

    assert found.missing == {}
    assert [one for one in found.remarks if name in one] == [
        f"topic {name} has 1 partitions, 3 are set; it is used as it is",
        f"topic {name} keeps messages 60000 ms, for good is set (retention.ms)",
        f"topic {name} takes less than 1048576 bytes a message (max.message.bytes)",
    ]


@pytest.mark.kafka
async def test_where_operators_own_the_topics_nothing_is_made(kafka: Kafka, topics: Topics) -> None:
    connection = KafkaConnection(kafka.address)

    found = await declare(connection, topics.plans(), create=False)

    assert set(found.missing) == {plan.name for plan in topics.plans()}
    assert not set(found.missing) & set(await existing_topics(connection))


@pytest.mark.kafka
async def test_what_cannot_be_made_is_told(kafka: Kafka, topics: Topics) -> None:
    found = await declare(KafkaConnection(kafka.address), topics.plans(), replication_factor=7)

    assert set(found.missing) == {plan.name for plan in topics.plans()}
    assert all("InvalidReplicationFactor" in reason for reason in found.missing.values())


async def test_a_kafka_that_is_away_is_an_error() -> None:
    with pytest.raises(KafkaError):
        await declare(KafkaConnection(f"127.0.0.1:{free_port()}"), Topics().plans())


async def configs(connection: KafkaConnection, topic: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(**connection.arguments())
    await admin.start()
    try:
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    finally:
        await admin.close()
    entries = answers[0].to_object()["resources"][0]["config_entries"]
    wanted = {"retention.ms", "max.message.bytes"}
    return {one["config_names"]: one["config_value"] for one in entries if one["config_names"] in wanted}
