"""Topics read whole, partition by partition, without a group: whoever reads keeps the place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from bulkdelete.domain.errors import UnavailableError
from bulkdelete.producers.connection import KafkaConnection, started
from bulkdelete.producers.topics import existing_topics
from bulkdelete.service.kafka.received import Received

Place = tuple[str, int]
"""Topic and partition."""

FETCH = 4 * 1024 * 1024
"""Bytes fetched at once, so that memory stays flat however much there is to read."""


class TopicReader:
    """Reads all partitions of some topics, each from its place on."""

    def __init__(self, connection: KafkaConnection, topics: Sequence[str]) -> None:
        self.connection = connection
        self.topics = topics
        self.consumer: Any = None
        self.partitions: list[TopicPartition] = []

    async def start(self, places: Mapping[Place, int]) -> None:
        """Begin at the next offset of each partition, or at its beginning."""
        existing = await existing_topics(self.connection)
        if missing := [topic for topic in self.topics if topic not in existing]:
            raise UnavailableError(f"Kafka at {self.connection.servers} has no topic {', '.join(missing)}")
        self.partitions = [TopicPartition(topic, at) for topic in self.topics for at in range(existing[topic])]
        self.consumer = AIOKafkaConsumer(
            **self.connection.arguments(), auto_offset_reset="earliest", enable_auto_commit=False,
            fetch_max_bytes=FETCH, request_timeout_ms=20_000,
        )  # fmt: skip
        await started(self.consumer.start())
        self.consumer.assign(self.partitions)
        for one in self.partitions:
            if (offset := places.get((one.topic, one.partition))) is not None:
                self.consumer.seek(one, offset)

    async def ends(self) -> dict[Place, int]:
        """The next offset that will be written to each partition."""
        found = await self.consumer.end_offsets(self.partitions)
        return {(one.topic, one.partition): offset for one, offset in found.items()}

    async def beginnings(self) -> dict[Place, int]:
        """The first offset that is still there, of each partition."""
        found = await self.consumer.beginning_offsets(self.partitions)
        return {(one.topic, one.partition): offset for one, offset in found.items()}

    async def poll(self, seconds: float = 0.2, most: int = 1000) -> list[Received]:
        """What has come; after so long, nothing."""
        found = await self.consumer.getmany(timeout_ms=int(seconds * 1000), max_records=most)
        return [Received.of(record) for records in found.values() for record in records]

    async def stop(self) -> None:
        """Stop reading."""
        if self.consumer is not None:
            await self.consumer.stop()
            self.consumer = None


async def is_empty(connection: KafkaConnection, topic: str) -> bool:
    """Whether nothing was ever written to a topic."""
    reader = TopicReader(connection, [topic])
    try:
        await reader.start({})
        return not any((await reader.ends()).values())
    finally:
        await reader.stop()


def read_whole(connection: KafkaConnection, topic: str) -> Iterator[list[Received]]:
    """Everything that is in a topic now, in sections, each partition in order. Raises UnavailableError."""
    reader = TopicReader(connection, [topic])
    with asyncio.Runner() as runner:
        try:
            runner.run(reader.start({}))
            ends = runner.run(reader.ends())
            reached = runner.run(reader.beginnings())
            while any(reached[place] < end for place, end in ends.items()):
                section = runner.run(reader.poll())
                reached.update({(one.topic, one.partition): one.offset + 1 for one in section})
                yield [one for one in section if one.offset < ends[one.topic, one.partition]]
        except KafkaError as error:
            raise UnavailableError(f"Kafka at {connection.servers} is away: {error!s:.200}") from None
        finally:
            runner.run(reader.stop())
