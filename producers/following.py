"""Following one operation on Kafka: its events, from before it was submitted, until it has ended."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from faststream.kafka import KafkaBroker, TopicPartition

from bulkdelete.domain.errors import RefusedError
from bulkdelete.domain.operation import Operation
from bulkdelete.producers.connection import started
from bulkdelete.producers.events import TYPE_PREFIX, decode
from bulkdelete.producers.raw import parse, text_of, undecoded
from bulkdelete.producers.result import Result

SEEN_WITHIN = 3.0
"""Seconds in which a new operation shows; one that does not may be older than its submission."""


class TooLateError(Exception):
    """The operation's first events lie before the place where following began."""


@dataclass(frozen=True)
class Place:
    """A partition, and the offset to read it from."""

    topic: str
    partition: int
    offset: int


@dataclass
class Following:
    """One operation, followed from the partitions that hold its events and its rejections."""

    broker: KafkaBroker
    operation_id: UUID
    command_id: UUID
    events: Place
    rejections: Place
    may_be_older: bool
    """Whether the caller chose the id: then the operation may have been submitted before."""
    asked_of: UUID | None = None
    """The operation that the command was about, where it is another one: a rejection has its key."""

    async def result(self) -> Result:
        """Wait for the end. Raises RefusedError where the submission was rejected."""
        try:
            return await self.follow(self.events, self.may_be_older)
        except TooLateError:
            return await self.follow(Place(self.events.topic, self.events.partition, 0), False)

    async def follow(self, events: Place, may_be_older: bool) -> Result:
        """Read from a place on, until the end."""
        places = [events, self.rejections]
        subscriber = self.broker.subscriber(
            partitions=[TopicPartition(one.topic, one.partition, declare=False) for one in places],
            auto_offset_reset="earliest", decoder=undecoded, parser=parse, persistent=False,
            include_in_schema=False,
        )  # fmt: skip
        try:
            await started(subscriber.start())
            seek(subscriber.consumer, places)
            return await self.read(subscriber, may_be_older)
        finally:
            await subscriber.stop()

    async def read(self, subscriber: Any, may_be_older: bool) -> Result:
        """Read until the operation has ended."""
        operation: Operation | None = None
        until = asyncio.get_running_loop().time() + SEEN_WITHIN
        while True:
            message = await subscriber.get_one(timeout=0.5)
            if message is not None and message.raw_message.key in self.keys:
                operation = self.take(message.raw_message, operation)
                if operation is not None and operation.is_final:
                    return Result.of(operation)
            elif operation is None and may_be_older and asyncio.get_running_loop().time() > until:
                raise TooLateError

    @property
    def keys(self) -> set[bytes]:
        """The keys of messages about us."""
        return {str(one).encode() for one in (self.operation_id, self.asked_of) if one is not None}

    def take(self, record: Any, operation: Operation | None) -> Operation | None:
        """The operation after one more message."""
        if record.topic == self.rejections.topic:
            self.check(record.value or b"")
            return operation
        headers = text_of(record.headers)
        if not headers.get("ce_type", "").startswith(f"{TYPE_PREFIX}operation."):
            return operation
        if record.key != str(self.operation_id).encode():
            return operation
        event: Any = decode(headers, record.value or b"")
        reached = operation.version if operation is not None else 0
        if event.originator_version <= reached:
            return operation
        if event.originator_version > reached + 1:
            raise TooLateError
        found: Operation = event.mutate(operation)
        return found

    def check(self, body: bytes) -> None:
        """Raise RefusedError where this rejection is about our submission."""
        found = json.loads(body)
        if str(self.command_id) in str(found.get("body")):
            raise RefusedError(str(found.get("reason")), found.get("field"))


def seek(consumer: Any, places: list[Place]) -> None:
    """Go to the places."""
    offsets = {(one.topic, one.partition): one.offset for one in places}
    for one in consumer.assignment():
        consumer.seek(one, offsets[one.topic, one.partition])
