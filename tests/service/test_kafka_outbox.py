"""The outbox against brokers that fail: everything arrives in order, or the message in hand comes again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, OutOfOrderSequenceNumber

from bulkdelete.domain.errors import UnavailableError
from bulkdelete.producers.messages import Outgoing
from bulkdelete.service.kafka.outbox import Outbox, TooLargeError

pytestmark = pytest.mark.anyio

Answer = Callable[[bytes], BaseException | None]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


class Broker:
    """FastStream's broker, as far as the outbox uses it."""

    def __init__(self, log: list[bytes], answer: Answer = lambda body: None, silent: bool = False) -> None:
        self.log, self.answer, self.silent = log, answer, silent
        self.is_connected = self.is_stopped = False

    async def publish(self, body: bytes, topic: str, **more: Any) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.silent:
            return future
        error = self.answer(body)
        if isinstance(error, MessageSizeTooLargeError):
            raise error
        if error is None:
            self.log.append(body)
            future.set_result(None)
        else:
            future.set_exception(error)
        return future

    async def connect(self) -> None:
        self.is_connected = True

    async def stop(self) -> None:
        self.is_stopped = True


def messages(*bodies: bytes) -> list[Outgoing]:
    return [Outgoing("t", b"k", body) for body in bodies]


def outbox(first: Broker, *others: Broker) -> Outbox:
    left = list(others)
    return Outbox(first, lambda: left.pop(0))  # type: ignore[arg-type, return-value]


async def test_all_arrive_in_order() -> None:
    log: list[bytes] = []

    await outbox(Broker(log)).send(*messages(b"1", b"2", b"3"))

    assert log == [b"1", b"2", b"3"]


async def test_a_producer_that_lost_its_sequence_is_replaced_and_the_rest_sent_anew() -> None:
    log: list[bytes] = []
    broken = Broker(log, lambda body: OutOfOrderSequenceNumber() if body != b"1" else None)
    fresh = Broker(log)
    box = outbox(broken, fresh)

    await box.send(*messages(b"1", b"2", b"3"))

    assert log == [b"1", b"2", b"3"]
    assert id(box.broker) == id(fresh)
    assert fresh.is_connected
    await box.close()
    assert fresh.is_stopped


async def test_who_waits_for_a_replaced_producer_sends_anew() -> None:
    log: list[bytes] = []
    broken, fresh = Broker(log, silent=True), Broker(log)
    box = outbox(broken, fresh)
    waiting = asyncio.create_task(box.send(*messages(b"1")))
    await asyncio.sleep(0.01)

    await box.replace(broken)  # type: ignore[arg-type]

    await waiting
    assert log == [b"1"]


async def test_it_goes_on_trying_while_no_new_producer_can_connect() -> None:
    class Away(Broker):
        async def connect(self) -> None:
            raise KafkaConnectionError("away")

    log: list[bytes] = []
    broken = Broker(log, lambda body: KafkaConnectionError("gone"))
    box = outbox(broken, Away(log), Away(log), Broker(log))

    await box.send(*messages(b"1"))

    assert log == [b"1"]


async def test_a_message_too_large_is_told_at_once() -> None:
    refusing = Broker([], lambda body: MessageSizeTooLargeError("too large"))

    with pytest.raises(TooLargeError, match="at most 786,432"):
        await outbox(Broker([])).send(*messages(b"x" * 900_000))
    with pytest.raises(TooLargeError, match="too large"):
        await outbox(refusing).send(*messages(b"x"))


async def test_a_process_that_stops_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkdelete.service.kafka.outbox.SAY_AFTER", 0.05)
    box = outbox(Broker([], silent=True))
    box.stopping.set()

    with pytest.raises(UnavailableError, match="the process stops"):
        await box.send(*messages(b"1"))
