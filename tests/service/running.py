"""A service on a real Kafka, in a thread of the test; and plain Kafka clients that talk to it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import COMMANDS, PauseOperation, ResumeOperation, SubmitBulkDelete
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.rejection import Rejection
from bulkdelete.producers.connection import KafkaConnection
from bulkdelete.projections.keeper import ViewKeeper
from bulkdelete.service.configuration import load
from bulkdelete.service.event_store import open_event_store
from bulkdelete.service.kafka.parts import Parts, read_roles
from bulkdelete.service.kafka.reading import read_whole
from bulkdelete.service.kafka.received import Received
from bulkdelete.service.kafka.serving import Service
from bulkdelete.service.settings import Settings
from bulkdelete.service.urls import Url
from tests.service.fake_target import FakeTarget

HANDLERS = "operations,planning,deletion,relay"


def settings_for(address: str, store: str, **kafka: Any) -> Settings:
    """Settings with few partitions, so that groups are quick to form."""
    small = {"partitions": 2, "work_partitions": 4, "prefix": f"test-{uuid4().hex[:8]}"}
    given = {"kafka": {"servers": address, **small, **kafka}, "event_store": Url(store), "deletion_workers": 2}
    return load(None, {**given, "relay_lease_seconds": 1, "keep_commands_seconds": 2})


def sqlite_store(folder: Path) -> str:
    return f"sqlite:///{folder / 'events.db'}"


@dataclass
class Running:
    """A service that serves."""

    settings: Settings
    service: Service
    application: BulkDeletes
    target: FakeTarget
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    connection: KafkaConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = self.service.connection

    def topic(self, name: str) -> str:
        return self.service.topics.name(name)

    def publish(self, topic: str, *messages: tuple[bytes | None, bytes | None], headers: Any = ()) -> list[int]:
        """Publish keys and bodies as a raw client; their offsets."""
        return asyncio.run(publish(self.connection, self.topic(topic), messages, list(headers)))

    def command(self, *commands: Any) -> list[int]:
        return self.publish(
            "commands", *((str(one.operation_id).encode(), COMMANDS.dump_json(one)) for one in commands)
        )

    def messages(self, topic: str) -> list[Received]:
        return [one for section in read_whole(self.connection, self.topic(topic)) for one in section]

    def rejections(self) -> list[Rejection]:
        return [Rejection.model_validate_json(one.body or b"") for one in self.messages("rejected")]

    def until_ended(self, operation_id: UUID, seconds: float = 60) -> Operation:
        until(lambda: (one := self.application.find(operation_id)) and one.is_final, seconds)
        return self.application.operation(operation_id)

    def stop(self, seconds: float = 30) -> None:
        self.loop.call_soon_threadsafe(self.service.stop)
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "the service did not stop"


@contextmanager
def running(
    settings: Settings,
    roles: str = HANDLERS,
    target: FakeTarget | None = None,
    wait: bool = True,
    keeper: ViewKeeper | None = None,
) -> Iterator[Running]:
    """Run roles until the block ends."""
    target = target or FakeTarget()
    began = threading.Event()
    found: list[tuple[Service, asyncio.AbstractEventLoop]] = []

    async def main() -> None:
        service = Service(settings, read_roles([roles]), Parts(application, {"crm"}, target.do, keeper))
        found.append((service, asyncio.get_running_loop()))
        began.set()
        await service.run()

    with open_event_store(settings.events) as application:
        thread = threading.Thread(target=lambda: asyncio.run(main()), name=roles, daemon=True)
        thread.start()
        assert began.wait(30)
        service, loop = found[0]
        one = Running(settings, service, application, target, loop, thread)
        if wait:
            until(service.serving.is_set, 60)
        try:
            yield one
        finally:
            if thread.is_alive():
                one.stop()


def until(condition: Callable[[], Any], seconds: float = 60, pause: float = 0.01) -> Any:
    """Wait for something to become true; long, since other tests may have the processors."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)
    return found


async def publish(
    connection: KafkaConnection, topic: str, messages: Sequence[tuple[bytes | None, bytes | None]], headers: Any = ()
) -> list[int]:
    """Publish as a raw client."""
    producer = AIOKafkaProducer(**connection.arguments(), acks="all")
    await producer.start()
    try:
        sent = [await producer.send(topic, body, key, headers=headers) for key, body in messages]
        return [(await one).offset for one in sent]
    finally:
        await producer.stop()


def submit(operation_id: UUID | None = None, name: str = "Closed cases") -> SubmitBulkDelete:
    job = Job(name=name, database="crm", queries=[Query("incident").where(statecode=1)])
    return SubmitBulkDelete(
        command_id=uuid4(), operation_id=operation_id or uuid4(), requested_by="ops@example.com", job=job
    )


def pause(operation_id: UUID) -> PauseOperation:
    return PauseOperation(command_id=uuid4(), operation_id=operation_id, requested_by="ops@example.com")


def resume(operation_id: UUID) -> ResumeOperation:
    return ResumeOperation(command_id=uuid4(), operation_id=operation_id, requested_by="ops@example.com")


def facts(operation: Operation) -> tuple[str, int, int]:
    """Status, deleted, failed."""
    return (
        operation.status,
        sum(one["deleted"] for one in operation.queries),
        sum(one["failed"] for one in operation.queries),
    )


def as_json(command: SubmitBulkDelete) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(COMMANDS.dump_json(command))
    return found
