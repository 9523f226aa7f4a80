"""Control commands that come too early: kept for a bounded time, then rejected.

A kept command is published again at the end of its topic, with the time it was first seen in a header, and the
original is acknowledged: nothing is held in memory, and no other command waits behind it. Copies are paced by the
time since the last try, so that many kept commands wait together, not one after another.
(Holding back the acknowledgement instead would deliver, after a crash, all later commands of the partition again.)
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from uuid import UUID

from bulkdelete.domain.errors import RefusedError
from bulkdelete.producers.messages import Outgoing
from bulkdelete.producers.relay import sleep_unless
from bulkdelete.service.kafka.received import Received
from bulkdelete.service.kafka.rejecting import FIRST_OFFSET, bounded
from bulkdelete.service.kafka.shell import Shell

FIRST_SEEN = "bulkdelete-first-seen"
LAST_TRIED = "bulkdelete-last-tried"
SHORTEST, LONGEST = 0.05, 1.5
"""Seconds between two tries."""
MOST_REMEMBERED = 10_000


@dataclass
class Keeper:
    """Keeps what came too early."""

    shell: Shell
    seconds: float
    lately: dict[bytes | None, float] = field(default_factory=dict)
    """When this process last kept a command of an operation, by its key."""

    def has_kept(self, operation_id: UUID) -> bool:
        """Whether a command of this operation was kept and is tried again soon."""
        return time.monotonic() - self.lately.get(str(operation_id).encode(), -math.inf) < 3 * LONGEST

    async def pace(self, received: Received) -> None:
        """Wait until it is time to try a copy again."""
        now = time.time()
        tried = instant(received, LAST_TRIED, now)
        first = instant(received, FIRST_SEEN, now)
        if tried is not None and first is not None:
            pause = min(LONGEST, max(SHORTEST, tried - first))
            await sleep_unless(self.shell.stopping, max(0.0, tried + pause - now))

    def is_over(self, received: Received) -> bool:
        """Whether a command was kept for as long as any is."""
        now = time.time()
        return now - (instant(received, FIRST_SEEN, now) or now) >= self.seconds

    def after(self, error: RefusedError) -> str:
        """The reason why it is rejected in the end."""
        return f"{error.reason} (kept for {self.seconds:g} s)"

    async def keep(self, received: Received) -> None:
        """Publish it again, to be tried later."""
        now = time.time()
        first = instant(received, FIRST_SEEN, now) or now
        own = {
            FIRST_SEEN: f"{first:.3f}",
            LAST_TRIED: f"{now:.3f}",
            FIRST_OFFSET: received.headers.get(FIRST_OFFSET) or str(received.offset),
        }
        if len(self.lately) > MOST_REMEMBERED:
            self.lately.clear()
        self.lately[received.key] = time.monotonic()
        await self.shell.outbox.send(
            Outgoing(received.topic, received.key, received.body or b"", {**bounded(received), **own})
        )


def instant(received: Received, name: str, now: float) -> float | None:
    """The time in a header; one that lies in the future, or is none, was not written by us."""
    try:
        found = float(received.headers.get(name, "nan"))
    except ValueError:
        return None
    return found if math.isfinite(found) and 0 < found <= now else None
