"""A client's link to Kafka."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker, TopicPartition

from bulkdelete.domain.commands import Command
from bulkdelete.domain.errors import UnavailableError
from bulkdelete.producers.connection import KafkaConnection, publishing_broker, started
from bulkdelete.producers.following import Place
from bulkdelete.producers.keys import partition_of
from bulkdelete.producers.messages import JSON
from bulkdelete.producers.topics import Topics, existing_topics

PATIENCE = 30.0
"""Seconds that a command may take to reach Kafka."""


LOOKS = 8
"""Times, a second apart, that a client looks for topics which a starting service has not made yet."""


class NotServedError(UnavailableError):
    """The topics are missing."""


class Link:
    """Publishes commands, and knows where the topics end."""

    def __init__(self, connection: KafkaConnection, prefix: str) -> None:
        self.connection = connection
        self.topics = Topics(prefix)
        self.broker: KafkaBroker = publishing_broker(connection)
        self.partitions: dict[str, int] = {}
        self.ends: Any = None
        """A subscriber that never reads: it can tell where partitions end."""

    async def open(self) -> None:
        """Connect. Raises UnavailableError where Kafka is away or is no Kafka of a bulkdelete service."""
        try:
            await self.look_patiently()
            await started(self.broker.start())
            await self.find_ends()
        except (KafkaError, OSError) as error:
            await self.close()
            raise UnavailableError(f"Kafka at {self.connection.servers} cannot be reached: {error!s:.300}") from None

    async def look_patiently(self) -> None:
        """Give a service that was started a moment ago the time to make its topics."""
        for _ in range(LOOKS - 1):
            try:
                await self.look()
                return
            except NotServedError:
                await asyncio.sleep(1)
        await self.look()

    async def look(self) -> None:
        """See which topics there are."""
        found = await existing_topics(self.connection)
        self.partitions = {plan.name: found[plan.name] for plan in self.topics.plans() if plan.name in found}
        missing = [plan.name for plan in self.topics.plans() if plan.name not in found]
        if missing:
            raise NotServedError(
                f"Kafka at {self.connection.servers} has no topic {', '.join(missing)}: "
                "no bulkdelete service was started there with this prefix"
            )

    async def find_ends(self) -> None:
        """Make ready to ask where partitions end."""
        watched = [TopicPartition(topic, 0, declare=False) for topic in (self.events, self.rejected)]
        self.ends = self.broker.subscriber(
            partitions=watched, auto_offset_reset="latest", persistent=False, include_in_schema=False
        )
        await started(self.ends.start())
        self.ends.consumer.pause(*self.ends.consumer.assignment())

    @property
    def events(self) -> str:
        """The topic of events."""
        return self.topics.name("events")

    @property
    def rejected(self) -> str:
        """The topic of rejections."""
        return self.topics.name("rejected")

    async def places(self, operation_id: UUID) -> tuple[Place, Place]:
        """From where on an operation's events and rejections will be found. Raises UnavailableError."""
        wanted = []
        for topic in (self.events, self.rejected):
            partition = partition_of(str(operation_id).encode(), range(self.partitions[topic]))
            wanted.append(self.ends.partitions[0]._replace(topic=topic, partition=partition))
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self.ends.consumer.end_offsets(wanted)
        except (KafkaError, TimeoutError) as error:
            raise UnavailableError(f"Kafka at {self.connection.servers} is away: {error!s:.300}") from None
        events, rejections = (Place(one.topic, one.partition, found[one]) for one in wanted)
        return events, rejections

    async def publish(self, topic: str, key: bytes, body: bytes) -> None:
        """Publish and wait until Kafka has it. Raises UnavailableError: then it may arrive, or not."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.broker.publish(body, self.topics.name(topic), key=key, headers=dict(JSON))
        except (KafkaError, TimeoutError) as error:
            raise UnavailableError(f"Kafka at {self.connection.servers} does not answer: {error!s:.300}") from None

    async def tell(self, command: Command) -> None:
        """Publish a command and wait until Kafka has it. Raises UnavailableError."""
        body = command.model_dump_json(by_alias=True).encode()
        await self.publish("commands", str(command.subject).encode(), body)

    async def close(self) -> None:
        """Close every connection; a Kafka that is away is not waited for."""
        try:
            async with asyncio.timeout(5):
                if self.ends is not None:
                    await self.ends.stop()
                await self.broker.stop()
        except TimeoutError:
            pass
