"""The events that come in for planning, and the clock that looks after what is silent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from anyio import to_thread
from pydantic import InstanceOf

from bulkdelete.consumers.planning import Planner
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.work import AnyWork
from bulkdelete.producers.clock import OpenOperations
from bulkdelete.producers.events import TYPE_PREFIX
from bulkdelete.producers.keys import partition_of
from bulkdelete.producers.relay import sleep_unless
from bulkdelete.service.kafka.event_models import any_event
from bulkdelete.service.kafka.received import Documents, Received
from bulkdelete.service.kafka.shell import Shell
from bulkdelete.service.kafka.work import work_message

log = logging.getLogger("bulkdelete.kafka")

EventMessage = Annotated[InstanceOf[Received], Documents(any_event())]
TICK = 0.5
"""Seconds between two looks at the clock."""


@dataclass
class Planning:
    """Decides what is next, for the operations of this process's partitions."""

    shell: Shell
    planner: Planner
    work_topic: str
    open: OpenOperations = field(init=False)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """The planner is told one thing at a time."""

    def __post_init__(self) -> None:
        self.open = OpenOperations(self.planner.application)

    async def take(self, messages: Iterable[Received]) -> None:
        """Follow the operations that these events are about, each once."""
        about: dict[UUID, Received] = {}
        for message in messages:
            if is_of_a_batch(message):
                continue
            try:
                about[subject(message)] = message
            except InvalidJobError as error:
                await self.shell.reject(message, error.reason, error.field)
        for operation_id, message in about.items():
            async with self.lock:
                work = await self.shell.attempt(message, partial(self.planner.follow, operation_id))
            await self.issue(work or [])

    async def issue(self, work: list[AnyWork]) -> None:
        """Publish work."""
        await self.shell.outbox.send(*(work_message(self.work_topic, one) for one in work))

    async def tick(self, is_ours: Callable[[UUID], bool]) -> None:
        """Issue again what is overdue, of the operations that are ours."""

        def overdue() -> list[AnyWork]:
            ours = [one for one in self.open.refresh() if is_ours(one)]
            self.planner.running = len(self.open.running)
            return self.planner.tick(ours)

        await self.issue_found(overdue)

    async def issue_found(self, find: Callable[[], list[AnyWork]]) -> None:
        """Publish the work that the planner finds."""
        async with self.lock:
            work = await to_thread.run_sync(find)
        await self.issue(work)

    async def clock(self, is_ours: Callable[[UUID], bool]) -> None:
        """Tick until it is time to stop."""
        following = 0.0
        while not self.shell.stopping.is_set():
            began = time.monotonic()
            is_time = began >= following
            try:
                await (self.tick(is_ours) if is_time else self.issue_found(self.planner.grants))
            except Exception as error:
                log.warning("The clock goes on: %s", error, extra={"action": "clock_waits"})
            if is_time:
                # Thousands of open operations take a while to look at: a tenth of the time is enough for it.
                following = began + max(TICK, 11 * (time.monotonic() - began))
            left = max(0.0, following - time.monotonic())
            await sleep_unless(self.shell.stopping, self.planner.pause(left))

    def handler(self) -> Callable[[list[EventMessage]], Awaitable[None]]:
        """The handler to mount."""

        async def events(messages: list[EventMessage]) -> None:
            """Everything that happened, as CloudEvents (binary mode). The key is the operation's id."""
            await self.take(messages)

        return events


def is_of_a_batch(message: Received) -> bool:
    """Whether it tells of a batch's records: the operation's own event follows."""
    return message.headers.get("ce_type", "").startswith(f"{TYPE_PREFIX}batch.")


def subject(message: Received) -> UUID:
    """The operation that an event is about. Raises InvalidJobError."""
    try:
        return UUID((message.key or b"").decode("ascii"))
    except ValueError:
        raise InvalidJobError("no event of ours: its key is no operation's id", "key") from None


def ownership(consumer: Any, topic: str) -> Callable[[UUID], bool]:
    """Whether this consumer has the partition of an operation's events: else its clock is another process's."""

    def is_ours(operation_id: UUID) -> bool:
        partitions = consumer.partitions_for_topic(topic)
        ours = {one.partition for one in consumer.assignment()}
        return bool(partitions) and partition_of(str(operation_id).encode(), partitions) in ours

    return is_ours
