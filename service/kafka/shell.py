"""The shell around every handler: what can never work is rejected, what is away is waited for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from anyio import to_thread
from eventsourcing.persistence import PersistenceError

from bulkdelete.domain.errors import RefusedError, UnavailableError
from bulkdelete.producers.relay import sleep_unless
from bulkdelete.service.kafka.outbox import Outbox
from bulkdelete.service.kafka.received import Received
from bulkdelete.service.kafka.rejecting import rejection

log = logging.getLogger("bulkdelete.kafka")
T = TypeVar("T")

LONGEST_WAIT = 120.0
"""Seconds; less than half of `max.poll.interval.ms`, beyond which Kafka gives the message to another one."""
LONGEST_PAUSE = 5.0
MOST_SURPRISES = 5
"""How often a message meets an error that nobody foresaw before it is set aside: it must not stop the others."""


@dataclass
class Shell:
    """What every handler of this process shares."""

    outbox: Outbox
    rejected: str
    """The topic of rejections."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def attempt(self, received: Received, call: Callable[[], T]) -> T | None:
        """Call in a thread until it works; None where the message was rejected.

        Raises UnavailableError where something stays away: FastStream then goes back to the message.
        """
        pause, surprises, began = 0.1, 0, time.monotonic()
        while True:
            try:
                return await to_thread.run_sync(call)
            except RefusedError as error:
                await self.reject(received, error.reason, error.field)
                return None
            except (UnavailableError, PersistenceError) as error:
                away = UnavailableError(str(error))
                say = "Waiting %.1f s: %s"
            except Exception as error:
                surprises += 1
                if surprises == MOST_SURPRISES:
                    log.exception("A message is set aside", extra={"action": "handler_failed", **where(received)})
                    await self.reject(received, f"an error nobody foresaw: {error!r:.500}", None)
                    return None
                away = UnavailableError(repr(error))
                say = "Trying again in %.1f s: %s"
            log.warning(say, pause, away, extra={"action": "handler_waits", **where(received)})
            if time.monotonic() - began > LONGEST_WAIT:
                raise away
            await sleep_unless(self.stopping, pause)
            if self.stopping.is_set():
                raise away
            pause = min(LONGEST_PAUSE, pause * 2)

    async def reject(self, received: Received, reason: str, field: str | None) -> None:
        """Set a message aside with the reason."""
        extra = {"action": "rejected", "reason": reason[:500], "field": field, **where(received)}
        log.warning("A message is rejected: %s", f"{field}: {reason:.300}" if field else reason[:300], extra=extra)
        await self.outbox.send(rejection(self.rejected, received, reason, field))


def where(received: Received) -> dict[str, object]:
    """Where a message stood, as fields of a log line."""
    return {"topic": received.topic, "partition": received.partition, "offset": received.offset}
