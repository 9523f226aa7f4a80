"""The projection: every event and rejection goes into the views, whose file holds the place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from bulkdelete.domain.errors import BulkDeleteError, ViewsError
from bulkdelete.domain.rejection import Rejection
from bulkdelete.producers.relay import sleep_unless
from bulkdelete.projections.keeper import ViewKeeper
from bulkdelete.projections.projector import RejectedMessage
from bulkdelete.projections.recorded import RecordedEvent, from_cloud_event
from bulkdelete.service.kafka.reading import Place, TopicReader
from bulkdelete.service.kafka.received import Received

log = logging.getLogger("bulkdelete.projection")
T = TypeVar("T")
Placed = TypeVar("Placed", bound=Any)
"""Something that knows its source and position."""

STAND_BY = 1.0
LONGEST_PAUSE = 5.0
STEP = 4 * 1024 * 1024
"""Bytes of messages that are not left to wait for others."""


@dataclass
class Projection:
    """Feeds one set of views; where another process writes them, it stands by."""

    open_reader: Callable[[], TopicReader]
    keeper: ViewKeeper
    events: str
    rejected: str
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "projection"))

    async def run(self, stopping: asyncio.Event) -> None:
        """Feed the views until it is time to stop; what is away is waited for."""
        pause = 0.1
        try:
            while not stopping.is_set():
                try:
                    if not await self.thread(self.keeper.acquire):
                        await sleep_unless(stopping, STAND_BY)
                        continue
                    await self.follow(stopping)
                except Exception as error:
                    extra = {"action": "projection_waits", "error": type(error).__name__}
                    log.warning("The projection goes on in %.1f s: %s", pause, error, extra=extra)
                    await sleep_unless(stopping, pause)
                    pause = min(LONGEST_PAUSE, pause * 2)
        finally:
            await self.thread(self.keeper.close)
            self.threads.shutdown(wait=False)

    async def follow(self, stopping: asyncio.Event) -> None:
        """Read from the views' own place on."""
        reader = self.open_reader()
        try:
            await reader.start(await self.thread(self.places))
            found: list[Received] = []
            while not stopping.is_set():
                found += await reader.poll()
                # Nobody sees what is not published: until then many small steps only cost more than a large one.
                if self.keeper.is_due or sum(len(one.body or b"") for one in found) >= STEP:
                    await self.thread(partial(self.apply, found))
                    found = []
            await self.thread(partial(self.apply, found))
        finally:
            with suppress(Exception):
                await reader.stop()

    def places(self) -> dict[Place, int]:
        """The next offset of each partition."""
        found = {}
        for source, position in self.keeper.writer.positions().items():
            topic, slash, partition = source.rpartition("/")
            if slash and partition.isdigit():
                found[topic, int(partition)] = position + 1
        return found

    def apply(self, messages: list[Received]) -> None:
        """Write what messages tell."""
        events = list(recorded(one for one in messages if one.topic == self.events))
        rejections = list(rejected(one for one in messages if one.topic == self.rejected))
        self.write(events, self.keeper.take)
        self.write(rejections, self.keeper.reject)
        self.keeper.publish_if_due()

    def write(self, found: Sequence[Placed], write: Callable[[Sequence[Placed]], int]) -> None:
        """Write; where one of them cannot be one of ours, the others all the same."""
        if not found:
            return
        try:
            write(found)
        except BulkDeleteError:
            raise
        except Exception as error:
            if len(found) > 1:
                half = len(found) // 2
                self.write(found[:half], write)
                self.write(found[half:], write)
            else:
                skip(found[0].source, found[0].position, error)

    async def thread(self, call: Callable[[], T]) -> T:
        """Call what blocks, in the one thread that knows the views."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, call)


def source(message: Received) -> str:
    """Under this name the views keep their place in a partition."""
    return f"{message.topic}/{message.partition}"


def recorded(messages: Iterable[Received]) -> Iterable[RecordedEvent]:
    """The events that messages carry."""
    for one in messages:
        try:
            yield from_cloud_event(one.headers, one.body or b"", source(one), one.offset)
        except (ViewsError, RecursionError) as error:
            skip(source(one), one.offset, error)


def rejected(messages: Iterable[Received]) -> Iterable[RejectedMessage]:
    """The rejections that messages carry."""
    for one in messages:
        try:
            found = Rejection.model_validate_json(one.body or b"")
            at = datetime.fromtimestamp(one.timestamp / 1000, UTC)
        except (ValueError, OverflowError, OSError) as error:
            skip(source(one), one.offset, error)
            continue
        yield RejectedMessage(found, at, source(one), one.offset)


def skip(source: str, position: int, error: Exception) -> None:
    """Say that a message is none of ours; a hole that it leaves is filled from the event store."""
    extra = {"action": "message_skipped", "source": source, "offset": position}
    log.error("A message is skipped: %.300r", error, extra=extra)
