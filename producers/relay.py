"""The relay: every event of the notification log goes to Kafka, in order, by one relay at a time.

The log is the outbox. Messages are pipelined; the place that is recorded is that of the last one before which
none is missing, so a crash publishes some again and never leaves one out. A relay that lost its lease and has
not noticed yet can only repeat, in order, what the new one publishes as well.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from eventsourcing.persistence import PersistenceError

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.producers.events import encode
from bulkdelete.producers.in_flight import InFlight
from bulkdelete.producers.lease import Lease
from bulkdelete.producers.messages import Outgoing

log = logging.getLogger("bulkdelete.relay")
T = TypeVar("T")

PAGE = 32
"""Events read at once: each may have 768 KiB, and memory stays flat."""
MOST_IN_FLIGHT = 2000
ACTIVE, IDLE = 0.02, 0.1
"""Seconds between two looks at the log, while things move and when nothing has for a while."""
CALM_AFTER = 5.0
RECORD_EVERY = 0.2
LONGEST_PAUSE = 5.0

Publish = Callable[[Outgoing], Awaitable["asyncio.Future[Any]"]]


async def never_empty() -> bool:
    """A topic that has all that was published to it."""
    return False


@dataclass
class Relay:
    """Publishes the log while it holds the lease; stands by while another one does."""

    application: BulkDeletes
    lease: Lease
    topic: str
    publish: Publish
    is_topic_empty: Callable[[], Awaitable[bool]] = never_empty
    """Whether the topic holds nothing at all: then it is new, and gets everything again."""
    is_leading: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "relay"))

    def wake(self) -> None:
        """Something was recorded in this process: look at once."""
        self.woken.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Publish or stand by, until told to stop; what is away is waited for."""
        pause = 0.0
        try:
            while not stopping.is_set():
                try:
                    position = await self.thread(self.lease.take)
                    if position is None:
                        await sleep_unless(stopping, self.lease.seconds / 4)
                        continue
                    await self.lead(position, stopping)
                    pause = 0.0
                except Exception as error:
                    pause = min(LONGEST_PAUSE, pause * 2 or 0.1)
                    log.warning(
                        "The relay goes on in %.1f s: %s", pause, error,
                        extra={"action": "relay_waits", "error": type(error).__name__},
                    )  # fmt: skip
                    await sleep_unless(stopping, pause)
        finally:
            self.threads.shutdown(wait=False)

    async def lead(self, position: int, stopping: asyncio.Event) -> None:
        """Publish from a place on, as long as the lease is ours."""
        if position and await self.is_topic_empty():
            log.warning("Topic %s is empty: it gets every event again", self.topic, extra={"action": "republish"})
            position = 0
        log.info("The relay leads from %d", position, extra={"action": "relay_leads", "position": position})
        flight = InFlight(position)
        tasks = [
            asyncio.create_task(self.publish_from(position, flight)),
            asyncio.create_task(self.keep(flight)),
            asyncio.create_task(stopping.wait()),
        ]
        self.is_leading = True
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.is_leading = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self.leave(flight, stopping.is_set())
        for task in done:
            task.result()

    async def leave(self, flight: InFlight, for_good: bool) -> None:
        """Record the place; for good: after what is on its way, and so that another one may lead at once."""
        if for_good:
            with suppress(Exception):
                async with asyncio.timeout(2):
                    await flight.wait(0)
        with suppress(PersistenceError):
            kept = await self.thread(partial(self.lease.keep, flight.acknowledged))
            if kept and for_good:
                await self.thread(self.lease.release)
        place = flight.acknowledged
        log.info("The relay leads no longer, at %d", place, extra={"action": "relay_leaves", "position": place})

    async def publish_from(self, position: int, flight: InFlight) -> None:
        """Publish what comes after a place, for ever. Raises what went wrong."""
        moved = time.monotonic()
        while True:
            self.woken.clear()
            page = await self.thread(partial(self.read, position))
            for at, message in page:
                flight.add(at, await self.publish(message))
            await flight.wait(MOST_IN_FLIGHT)
            if page:
                position, moved = page[-1][0], time.monotonic()
            else:
                await wait_at_most(ACTIVE if time.monotonic() - moved < CALM_AFTER else IDLE, self.woken.wait())

    def read(self, after: int) -> list[tuple[int, Outgoing]]:
        """The next events of the log, as messages."""
        found = self.application.recorder.select_notifications(after, PAGE, inclusive_of_start=False)
        return [(one.id, encode(self.application.mapper.to_domain_event(one), self.topic)) for one in found]

    async def keep(self, flight: InFlight) -> None:
        """Hold the lease and record the place; returns when the lease is lost."""
        held = time.monotonic()
        recorded = flight.acknowledged
        while True:
            await wait_at_most(self.lease.seconds / 4, self.progress(flight, recorded))
            acknowledged = flight.acknowledged
            try:
                if not await self.thread(partial(self.lease.keep, acknowledged)):
                    log.warning("Another relay has taken over", extra={"action": "relay_lost"})
                    return
                held, recorded = time.monotonic(), acknowledged
            except PersistenceError:
                if time.monotonic() - held > self.lease.seconds:
                    raise
            await asyncio.sleep(RECORD_EVERY)

    async def progress(self, flight: InFlight, recorded: int) -> None:
        """Return when there is a new place to record."""
        while flight.acknowledged == recorded:
            flight.settled.clear()
            await flight.settled.wait()

    async def thread(self, call: Callable[[], T]) -> T:
        """Call what blocks, in a thread of the relay's own: no handler's work can keep it waiting."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, call)


async def sleep_unless(stopping: asyncio.Event, seconds: float) -> None:
    """Sleep, but wake when it is time to stop."""
    await wait_at_most(seconds, stopping.wait())


async def wait_at_most(seconds: float, what: Awaitable[Any]) -> None:
    """Wait for something, not for long. (`asyncio.wait_for` of Python 3.11 may lose a cancellation.)"""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await what
