"""Connections that aiokafka leaves open: one that is being made while its client closes is in nobody's list.

A process ends then, and all is well. A test goes on, and a later one would be told, whichever it is.
"""

from __future__ import annotations

import asyncio
import asyncio.runners
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from aiokafka.conn import AIOKafkaConnection


@contextmanager
def closed_at_the_end_of_a_loop() -> Iterator[None]:
    """Whatever `asyncio.run` ran: when its tasks are over, its connections to Kafka are closed."""
    made: weakref.WeakSet[Any] = weakref.WeakSet()
    begin, cancel_all = AIOKafkaConnection.__init__, asyncio.runners._cancel_all_tasks  # type: ignore[attr-defined]

    def begun(self: Any, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        made.add(self)

    def cancelled(loop: asyncio.AbstractEventLoop) -> None:
        cancel_all(loop)
        for one in [one for one in made if one._loop is loop and one.connected()]:
            if (closed := one.close()) is not None:
                loop.run_until_complete(asyncio.wait([closed], timeout=5))

    with (
        mock.patch.object(AIOKafkaConnection, "__init__", begun),
        mock.patch.object(asyncio.runners, "_cancel_all_tasks", cancelled),
    ):
        yield
