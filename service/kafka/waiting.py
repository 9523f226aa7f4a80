"""Waiting for what is away, with growing pauses, saying so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bulkdelete.producers.relay import sleep_unless

log = logging.getLogger("bulkdelete.service")
T = TypeVar("T")

LONGEST_PAUSE = 5.0


async def patiently(what: str, call: Callable[[], Awaitable[T]], stopping: asyncio.Event) -> T | None:
    """Call until it works; None where it is time to stop instead."""
    pause = 0.25
    while not stopping.is_set():
        try:
            return await call()
        except Exception as error:
            extra = {"action": "waiting", "for": what, "error": type(error).__name__}
            log.warning("Waiting for %s, trying again in %.1f s: %.300s", what, pause, error, extra=extra)
            await sleep_unless(stopping, pause)
            pause = min(LONGEST_PAUSE, pause * 2)
    return None


async def forever(what: str, call: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Keep something running that should never end by itself."""
    while not stopping.is_set():
        await patiently(what, call, stopping)
