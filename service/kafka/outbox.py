"""Publishing through FastStream: what is away is waited for, nothing is lost, a broken producer is replaced."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from aiokafka.errors import MessageSizeTooLargeError
from faststream.kafka import KafkaBroker

from bulkdelete.domain.commands import LARGEST_MESSAGE
from bulkdelete.domain.errors import UnavailableError
from bulkdelete.producers.messages import Outgoing

log = logging.getLogger("bulkdelete.kafka")

SAY_AFTER = 5.0
LONGEST_PAUSE = 5.0
ROOM = 64 * 1024
"""Bytes for key and headers, beyond the body."""


class TooLargeError(ValueError):
    """A message is larger than any message of ours may be."""


class Outbox:
    """Publishes with all acknowledgements, idempotently; belongs to one event loop."""

    def __init__(
        self, broker: KafkaBroker, renew: Callable[[], KafkaBroker], stopping: asyncio.Event | None = None
    ) -> None:
        self.broker = broker
        self.renew = renew
        self.stopping = stopping or asyncio.Event()
        self.own: KafkaBroker | None = None
        self.lock = asyncio.Lock()
        self.unanswered: set[asyncio.Future[Any]] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    async def begin(self, message: Outgoing) -> asyncio.Future[Any]:
        """Hand a message to the producer; the future is done when Kafka has it, and fails when it must be sent anew."""
        if len(message.body) > LARGEST_MESSAGE + ROOM:
            raise TooLargeError(f"{len(message.body):,} bytes for {message.topic}; at most {LARGEST_MESSAGE:,}")
        broker = self.broker
        try:
            sent: Any = await broker.publish(
                message.body, message.topic, key=message.key, headers=dict(message.headers), no_confirm=True
            )
        except MessageSizeTooLargeError as error:
            raise TooLargeError(str(error)) from None
        except Exception:
            await self.replace(broker)
            raise
        future: asyncio.Future[Any] = sent if isinstance(sent, asyncio.Future) else done()
        self.unanswered.add(future)
        future.add_done_callback(partial(self.answered, broker))
        return future

    def answered(self, broker: KafkaBroker, sent: asyncio.Future[Any]) -> None:
        """After a failure, an idempotent producer refuses all that follows: it must be replaced."""
        self.unanswered.discard(sent)
        if not sent.cancelled() and sent.exception() is not None and broker is self.broker:
            task = asyncio.ensure_future(self.replace_quietly(broker))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def send(self, *messages: Outgoing) -> None:
        """Publish in order and return when Kafka has all of them, however long it is away.

        Raises UnavailableError when it is away and the process must stop: then the message in hand comes again.
        """
        left, pause = list(messages), 0.1
        while left:
            left, error = await self.deliver(left)
            if error is not None:
                log.warning(
                    "Publishing again in %.1f s: %r", pause, error,
                    extra={"action": "publish_retry", "messages": len(left)},
                )  # fmt: skip
                self.give_up_when_stopping()
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)

    def give_up_when_stopping(self) -> None:
        """Raise UnavailableError where nobody has the time to wait."""
        if self.stopping.is_set():
            raise UnavailableError("Kafka is away, and the process stops")

    async def deliver(self, messages: list[Outgoing]) -> tuple[list[Outgoing], BaseException | None]:
        """Try once; what is left from the first failure on, and the failure."""
        futures: list[asyncio.Future[Any]] = []
        failure: BaseException | None = None
        for message in messages:
            try:
                futures.append(await self.begin(message))
            except TooLargeError:
                raise
            except Exception as error:
                failure = error
                break
        waiting = set(futures)
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=SAY_AFTER)
            if waiting and not done:
                self.give_up_when_stopping()
                log.warning("Waiting for Kafka", extra={"action": "kafka_away", "messages": len(waiting)})
        for at, future in enumerate(futures):
            if (problem := future.exception()) is not None:
                return messages[at:], problem
        return messages[len(futures) :], failure

    async def replace_quietly(self, broken: KafkaBroker) -> None:
        """Replace a producer; where Kafka is away, the next failure tries again."""
        try:
            await self.replace(broken)
        except Exception as error:
            log.warning("No new producer yet: %r", error, extra={"action": "kafka_away"})

    async def replace(self, broken: KafkaBroker) -> None:
        """Put a new producer in the place of a broken one; whoever still waits for the old one sends anew."""
        async with self.lock:
            if self.broker is not broken:
                return
            fresh = self.renew()
            await fresh.connect()
            old, self.own, self.broker = self.own, fresh, fresh
            log.info("A new producer takes over", extra={"action": "producer_replaced"})
        for sent in list(self.unanswered):
            if not sent.done():
                sent.set_exception(ConnectionError("the producer was replaced before Kafka acknowledged"))
        if old is not None:
            await stop(old)

    async def close(self) -> None:
        """Close the producer that we made, if any."""
        if self.own is not None:
            await stop(self.own)


def done() -> asyncio.Future[Any]:
    """What the in-memory broker of the tests answers: the message has arrived."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


async def stop(broker: KafkaBroker) -> None:
    """Stop a broker; one that still waits for Kafka is left behind."""
    with suppress(Exception):
        async with asyncio.timeout(5):
            await broker.stop()
