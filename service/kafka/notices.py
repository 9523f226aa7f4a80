"""The ends of operations that come in, and the notices that go out: nobody waits for them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from anyio import CapacityLimiter, to_thread

from bulkdelete.consumers.notification import Notifier
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.operation import Operation
from bulkdelete.producers.clock import PendingNotifications
from bulkdelete.producers.events import TYPE_PREFIX
from bulkdelete.producers.relay import wait_at_most
from bulkdelete.service.kafka.planning import EventMessage, subject
from bulkdelete.service.kafka.received import Received
from bulkdelete.service.kafka.shell import Shell

log = logging.getLogger("bulkdelete.kafka")

ENDS = frozenset(f"{TYPE_PREFIX}{one.TOPIC}" for one in (Operation.Completed, Operation.Failed))
TICK = 1.0
"""Seconds between two looks at what is due."""
AT_ONCE = 8
"""Notifications that one process delivers at once: a server that hangs holds up few."""


@dataclass
class Notices:
    """Tells people how the operations of this process's partitions ended."""

    shell: Shell
    notifier: Notifier
    recorded: Callable[[], None] = lambda: None
    pending: PendingNotifications = field(init=False)
    operations: dict[UUID, UUID] = field(default_factory=dict)
    """Notification → its operation, whose partition says whose it is."""
    under_way: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.pending = PendingNotifications(self.notifier.application)

    async def take(self, messages: Iterable[Received]) -> None:
        """Record that people are to be told of the ends among these events."""
        for message in messages:
            if message.headers.get("ce_type") not in ENDS:
                continue
            try:
                operation_id = subject(message)
            except InvalidJobError as error:
                await self.shell.reject(message, error.reason, error.field)
                continue
            if await self.shell.attempt(message, partial(self.notifier.follow, operation_id)) is not None:
                self.recorded()
                self.woken.set()

    async def run(self, is_ours: Callable[[UUID], bool]) -> None:
        """Deliver what is due until it is time to stop; what is under way is finished."""
        limiter = CapacityLimiter(AT_ONCE)
        stopping = asyncio.create_task(self.shell.stopping.wait())
        while not self.shell.stopping.is_set():
            began = time.monotonic()
            try:
                for identity in await to_thread.run_sync(partial(self.due, is_ours)):
                    self.begin(identity, limiter)
            except Exception as error:
                log.warning("The notices go on: %s", error, extra={"action": "notices_wait"})
            # Thousands that wait take a while to look at: a tenth of the time is enough for it.
            pause = max(TICK, 10 * (time.monotonic() - began))
            woken = asyncio.create_task(self.woken.wait())
            await wait_at_most(pause, asyncio.wait({stopping, woken}, return_when=asyncio.FIRST_COMPLETED))
            woken.cancel()
            self.woken.clear()
        await asyncio.gather(*self.under_way.values(), return_exceptions=True)

    def due(self, is_ours: Callable[[UUID], bool]) -> list[UUID]:
        """The notifications of ours of which something is due, and that are not under way."""
        pending = self.pending.refresh()
        for settled in self.operations.keys() - set(pending):
            del self.operations[settled]
        ours = [one for one in pending if is_ours(self.operation_of(one))]
        return [one for one in self.notifier.tick(ours) if one not in self.under_way]

    def operation_of(self, identity: UUID) -> UUID:
        """The operation that a notification is about."""
        if identity not in self.operations:
            found = self.notifier.application.notification(identity)
            self.operations[identity] = UUID(found.operation_id) if found is not None else identity
        return self.operations[identity]

    def begin(self, identity: UUID, limiter: CapacityLimiter) -> None:
        """Deliver in a thread, beside everything else."""
        task = asyncio.create_task(self.deliver(identity, limiter))
        self.under_way[identity] = task
        task.add_done_callback(lambda _: self.under_way.pop(identity, None))

    async def deliver(self, identity: UUID, limiter: CapacityLimiter) -> None:
        """Deliver what is due of one notification."""
        await to_thread.run_sync(self.notifier.quietly, identity, limiter=limiter)
        self.recorded()

    def handler(self) -> Callable[[list[EventMessage]], Awaitable[None]]:
        """The handler to mount."""

        async def ends(messages: list[EventMessage]) -> None:
            """Everything that happened: of the ends people are told."""
            await self.take(messages)

        return ends
