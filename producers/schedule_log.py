"""The schedules as the topic of events tells them, and what became of commands for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from bulkdelete.domain.errors import RefusedError, UnavailableError
from bulkdelete.domain.scheduling.commands import AnyScheduleCommand, CreateSchedule
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.producers.connection import started
from bulkdelete.producers.events import TYPE_PREFIX, decode
from bulkdelete.producers.following import Place
from bulkdelete.producers.keys import partition_of
from bulkdelete.producers.link import Link
from bulkdelete.producers.raw import text_of

FETCH = 4 * 1024 * 1024
"""Bytes fetched at once, so that memory stays flat however much there is to read."""
OURS = f"{TYPE_PREFIX}schedule."


class ScheduleLog:
    """Reads the topic of events from its beginning, for `async with`: all of it, or the partitions of some schedules.

    Rejections are read from where their topic ended when reading began, or from a place.
    """

    def __init__(self, link: Link, keys: Collection[UUID] | None = None, rejections: Place | None = None) -> None:
        self.link = link
        self.known: dict[UUID, Schedule] = {}
        self.rejections: list[dict[str, Any]] = []
        self._events = self._partitions(link.events, keys)
        self._rejected = self._partitions(link.rejected, keys)
        self._from = rejections
        self._consumer: Any = None

    def _partitions(self, topic: str, keys: Collection[UUID] | None) -> list[TopicPartition]:
        every = range(self.link.partitions[topic])
        wanted = every if keys is None else {partition_of(str(one).encode(), every) for one in keys}
        return [TopicPartition(topic, at) for at in sorted(wanted)]

    async def __aenter__(self) -> Self:
        self._consumer = AIOKafkaConsumer(
            **self.link.connection.arguments(), auto_offset_reset="earliest", enable_auto_commit=False,
            fetch_max_bytes=FETCH,
        )  # fmt: skip
        try:
            await started(self._consumer.start())
            self._consumer.assign([*self._events, *self._rejected])
            ends = await self._consumer.end_offsets(self._rejected)
            for one, end in ends.items():
                place = self._from
                is_there = place is not None and (place.topic, place.partition) == (one.topic, one.partition)
                self._consumer.seek(one, place.offset if place is not None and is_there else end)
        except (KafkaError, asyncio.CancelledError) as error:
            await self._consumer.stop()
            if isinstance(error, KafkaError):
                raise self._away(error) from None
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    def _away(self, error: BaseException) -> UnavailableError:
        return UnavailableError(f"Kafka at {self.link.connection.servers} is away: {error!s:.300}")

    async def catch_up(self) -> None:
        """Read every event that there is now. Raises UnavailableError."""
        try:
            ends = await self._consumer.end_offsets(self._events)
            while any([await self._consumer.position(one) < end for one, end in ends.items()]):
                await self.poll()
        except KafkaError as error:
            raise self._away(error) from None

    async def answers(self, commands: Iterable[AnyScheduleCommand]) -> dict[UUID, RefusedError]:
        """Wait until each command was carried out or refused; the refused ones. Raises UnavailableError."""
        refused: dict[UUID, RefusedError] = {}
        waiting = list(commands)
        try:
            while waiting := [one for one in waiting if not self.is_answered(one, refused)]:
                await self.poll()
        except KafkaError as error:
            raise self._away(error) from None
        return refused

    def is_answered(self, command: AnyScheduleCommand, refused: dict[UUID, RefusedError]) -> bool:
        """Whether it is known what became of a command; why, where it was refused."""
        told = str(command.command_id)
        schedule = self.known.get(command.schedule_id)
        if schedule is not None and told in schedule.commands:
            return True
        # Of two who make the same schedule at once the second one changes nothing, and nothing is recorded of it.
        if schedule is not None and is_made(schedule, command):
            return True
        if schedule is not None and told in schedule.refused:
            refused[command.command_id] = RefusedError(schedule.refused[told])
            return True
        for one in self.rejections:
            if told in str(one.get("body")):
                refused[command.command_id] = RefusedError(str(one.get("reason")), one.get("field"))
                return True
        return False

    async def poll(self) -> None:
        """Take what has come."""
        found = await self._consumer.getmany(timeout_ms=200)
        for records in found.values():
            for record in records:
                self.take(record)

    def take(self, record: Any) -> None:
        """What one message tells."""
        if record.topic == self.link.rejected:
            self.rejections.append(json.loads(record.value or b"{}"))
            return
        headers = text_of(record.headers)
        if not headers.get("ce_type", "").startswith(OURS):
            return
        event: Any = decode(headers, record.value or b"")
        schedule = self.known.get(event.originator_id)
        reached = schedule.version if schedule is not None else 0
        if event.originator_version <= reached:
            return  # the relay told it twice
        if event.originator_version > reached + 1:
            raise UnavailableError(f"the topic {record.topic} no longer holds schedule {event.originator_id} whole")
        self.known[event.originator_id] = event.mutate(schedule)


def is_made(schedule: Schedule, command: AnyScheduleCommand) -> bool:
    """Whether a schedule that is to be created is there as it is wanted."""
    return isinstance(command, CreateSchedule) and not schedule.deleted and schedule.job == command.job.to_json()
