"""The relay publishes the whole log in order, again where it must, by one relay at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.producers.lease import lease_of
from bulkdelete.producers.messages import Outgoing
from bulkdelete.producers.relay import Relay
from bulkdelete.service.event_store import open_event_store
from bulkdelete.service.urls import Url
from tests.service.running import submit

pytestmark = pytest.mark.anyio


class Topic:
    """A topic that can lose messages and answer late."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []
        self.lost = 0
        """So many of the next messages fail."""
        self.silent = False
        """Whether nothing is acknowledged any more."""

    async def publish(self, message: Outgoing) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.lost:
            self.lost -= 1
            future.set_exception(ConnectionError("lost"))
            return future
        self.messages.append(message)
        if not self.silent:
            future.set_result(None)
        return future

    @property
    def ids(self) -> list[str]:
        return [one.headers["ce_id"] for one in self.messages]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def application(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BulkDeletes]:
    url = f"sqlite:///{tmp_path}/events.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    with open_event_store(Url(url)) as one:
        yield one


@asynccontextmanager
async def relaying(application: BulkDeletes, topic: Topic, seconds: float = 1, **more: Any) -> AsyncIterator[Relay]:
    stopping = asyncio.Event()
    relay = Relay(application, lease_of(application, "events", seconds), "events", topic.publish, **more)
    task = asyncio.create_task(relay.run(stopping))
    try:
        yield relay
    finally:
        stopping.set()
        async with asyncio.timeout(10):
            await task


async def until(condition: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def record(application: BulkDeletes, count: int) -> list[str]:
    commands = [submit() for _ in range(count)]
    for command in commands:
        application.submit(command, "crm")
    return [f"{command.operation_id}/1" for command in commands]


async def test_the_whole_log_in_order_then_what_is_new(application: BulkDeletes) -> None:
    first = record(application, 250)
    topic = Topic()
    async with relaying(application, topic):
        await until(lambda: len(topic.ids) == 250)
        second = await asyncio.to_thread(record, application, 3)
        await until(lambda: len(topic.ids) == 253)

    assert topic.ids == first + second


async def test_a_relay_that_begins_anew_publishes_nothing_twice(application: BulkDeletes) -> None:
    record(application, 20)
    topic = Topic()
    async with relaying(application, topic):
        await until(lambda: len(topic.ids) == 20)

    more = record(application, 2)
    async with relaying(application, topic):
        await until(lambda: len(topic.ids) == 22)

    assert topic.ids[20:] == more


async def test_after_a_failure_it_goes_on_from_the_last_without_a_hole(application: BulkDeletes) -> None:
    log = record(application, 20)
    topic = Topic()
    topic.lost = 3
    async with relaying(application, topic):
        await until(lambda: set(log) <= set(topic.ids))
        await until(lambda: topic.ids[-1] == log[-1])

    reached = -1
    for one in topic.ids[topic.ids.index(log[0]) :]:
        assert log.index(one) <= reached + 1
        reached = max(reached, log.index(one))


async def test_what_was_never_acknowledged_is_published_again_by_the_next(application: BulkDeletes) -> None:
    log = record(application, 5)
    deaf, topic = Topic(), Topic()
    deaf.silent = True
    async with relaying(application, deaf):
        await until(lambda: len(deaf.ids) == 5)

    async with relaying(application, topic):
        await until(lambda: len(topic.ids) == 5)

    assert topic.ids == log


async def test_one_leads_and_the_next_takes_over_when_it_stops(application: BulkDeletes) -> None:
    topic = Topic()
    async with relaying(application, topic, 2) as first:
        await until(lambda: first.is_leading)
        async with relaying(application, topic, 2) as second:
            log = await asyncio.to_thread(record, application, 5)
            await until(lambda: len(topic.ids) == 5)
            assert not second.is_leading
    async with relaying(application, topic, 2) as third:
        await until(lambda: third.is_leading, 1)

    assert topic.ids == log


async def test_an_empty_topic_gets_everything_again(application: BulkDeletes) -> None:
    log = record(application, 5)
    async with relaying(application, old := Topic()):
        await until(lambda: len(old.ids) == 5)

    async def is_empty() -> bool:
        return True

    async with relaying(application, new := Topic(), is_topic_empty=is_empty):
        await until(lambda: len(new.ids) == 5)

    assert new.ids == log


async def test_it_is_woken_by_what_this_process_records(
    application: BulkDeletes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkdelete.producers.relay.IDLE", 60)
    monkeypatch.setattr("bulkdelete.producers.relay.ACTIVE", 60)
    topic = Topic()
    async with relaying(application, topic) as relay:
        await until(lambda: relay.is_leading)
        await asyncio.sleep(0.1)
        await asyncio.to_thread(record, application, 1)

        relay.wake()

        await until(lambda: len(topic.ids) == 1, 2)
