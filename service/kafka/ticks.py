"""Ticks: clocks, any number of them, publish what time it is; whoever has the topic lets begin what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated

from pydantic import InstanceOf, TypeAdapter

from bulkdelete.consumers.schedules import Scheduling, utc_now
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.reading import read_message
from bulkdelete.domain.scheduling.commands import Tick
from bulkdelete.producers.clock import tick_message
from bulkdelete.producers.relay import sleep_unless
from bulkdelete.service.kafka.outbox import Outbox
from bulkdelete.service.kafka.received import Documents, Received
from bulkdelete.service.kafka.shell import Shell

TickMessage = Annotated[InstanceOf[Received], Documents(TypeAdapter(Tick))]


@dataclass
class Ticks:
    """Carries ticks out, one after another."""

    shell: Shell
    scheduling: Scheduling
    recorded: Callable[[], None]

    async def take(self, messages: Iterable[Received]) -> None:
        """Carry ticks out, or reject them."""
        for message in messages:
            began = await self.shell.attempt(message, partial(self.carry_out, message))
            if began:
                self.recorded()

    def carry_out(self, received: Received) -> list[Operation]:
        """Carry one out. Raises InvalidJobError and UnavailableError."""
        found = read_message(received.body or b"")
        if not isinstance(found, Tick):
            raise InvalidJobError("ticks are taken here; commands are for the topic of commands", "type")
        return self.scheduling.tick(found)

    def handler(self) -> Callable[[list[TickMessage]], Awaitable[None]]:
        """The handler to mount."""

        async def ticks(messages: list[TickMessage]) -> None:
            """What time it is, told by any number of clocks. There is no key."""
            await self.take(messages)

        return ticks


@dataclass
class Clock:
    """Publishes a tick now and then."""

    outbox: Outbox
    topic: str
    seconds: float
    now: Callable[[], datetime] = utc_now

    async def run(self, stopping: asyncio.Event) -> None:
        """Tick until it is time to stop; while Kafka is away nobody is told the time."""
        while not stopping.is_set():
            await self.outbox.send(tick_message(self.topic, self.now()))
            await sleep_unless(stopping, self.seconds)
