"""What is published and not yet acknowledged, in order: only a prefix without a hole counts as published."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any


class InFlight:
    """Follows the acknowledgements of a stream of messages; belongs to one event loop."""

    def __init__(self, position: int) -> None:
        self.acknowledged = position
        """The last message before which none is missing."""
        self.failure: BaseException | None = None
        self.settled = asyncio.Event()
        """Set whenever something came back."""
        self.waiting: deque[tuple[int, asyncio.Future[Any]]] = deque()

    def __len__(self) -> int:
        return len(self.waiting)

    def add(self, position: int, future: asyncio.Future[Any]) -> None:
        """One more is on its way."""
        self.waiting.append((position, future))
        future.add_done_callback(self.settle)

    def settle(self, _: asyncio.Future[Any]) -> None:
        """Count what came back, up to the first that has not or that failed."""
        while self.failure is None and self.waiting and self.waiting[0][1].done():
            position, future = self.waiting[0]
            if future.cancelled():
                self.failure = ConnectionError("publishing was cancelled")
            elif error := future.exception():
                self.failure = error
            else:
                self.acknowledged = position
                self.waiting.popleft()
        self.settled.set()

    def check(self) -> None:
        """Raise what went wrong, if anything did."""
        if self.failure is not None:
            raise self.failure

    async def wait(self, most: int) -> None:
        """Wait until at most so many are on their way."""
        while len(self.waiting) > most:
            self.check()
            self.settled.clear()
            await self.settled.wait()
        self.check()
