"""Control over Kafka: raw messages, twice, in wrong orders, for what is long gone; several workers under one rate."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from bulkdelete.consumers.attention import Attention
from bulkdelete.consumers.deletion import Deletion
from bulkdelete.domain.commands import (
    BRAKE,
    Halt,
    PostponeOperation,
    SubmitBulkDelete,
    ThrottleOperation,
    Unhalt,
    command_of,
)
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.summary import summary
from bulkdelete.producers.client import Client
from bulkdelete.records.target import Target
from bulkdelete.service.event_store import open_event_store
from tests.servers.kafka import Kafka
from tests.service.fake_target import FakeTarget
from tests.service.running import Running, pause, resume, running, settings_for, sqlite_store, until

pytestmark = pytest.mark.kafka
RECORDS = 30_000


class RealTarget(FakeTarget):
    """An SQLite database of logs and a few notes, behind the real workers."""

    def __init__(self, path: Path, store: Any) -> None:
        super().__init__()
        self.path = path
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            for name, records in (("log", RECORDS), ("note", 50)):
                connection.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, createdon TEXT)")
                connection.execute(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                    f" INSERT INTO {name} SELECT i, '2020-01-01T00:00:00Z' FROM n",
                    [records],
                )
        self.target = Target(f"sqlite:///{path}", patience=1)
        self.do = Deletion(store, lambda _: self.target, attention=Attention(store)).do  # type: ignore[method-assign]

    def left(self, table: str = "log") -> int:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealTarget]:
    folder = tmp_path_factory.mktemp("control")
    with open_event_store(settings_for("127.0.0.1:1", sqlite_store(folder)).events) as store:
        found = RealTarget(folder / "target.db", store)
        yield found
        found.target.close()


@pytest.fixture(scope="module")
def service(kafka: Kafka, target: RealTarget) -> Iterator[Running]:
    settings = settings_for(kafka.address, sqlite_store(target.path.parent))
    with running(settings, target=target) as one:
        yield one


@pytest.fixture
def client(service: Running) -> Iterator[Client]:
    with Client.connect(service.settings.kafka.servers or "", prefix=service.settings.kafka.prefix) as one:
        yield one


def submitted(service: Running, entity: str, **more: Any) -> UUID:
    job = Job(name=entity, database="crm", queries=[Query(entity).all_records()], **more)
    command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="ops@example.com", job=job)
    service.command(command)
    until(lambda: service.application.find(command.operation_id))
    return command.operation_id


def waits(service: Running, operation_id: UUID, condition: Callable[[Operation], Any]) -> Operation:
    until(lambda: condition(service.application.operation(operation_id)))
    return service.application.operation(operation_id)


def say(service: Running, *commands: Any) -> None:
    service.publish("commands", *((str(one.subject).encode(), one.model_dump_json().encode()) for one in commands))


def test_a_long_run_is_steered(service: Running, target: RealTarget, client: Client) -> None:
    """One run, since a service is slow to start: rate, throttle, small job beside, postpone, halt, pause, cancel."""
    big = submitted(service, "log", rate=2000)
    waits(service, big, lambda one: one.queries[0]["deleted"])
    before, began = target.left(), time.monotonic()
    time.sleep(4)
    rate = (before - target.left()) / (time.monotonic() - began)
    print(f"\n2,000 a second were allowed, {rate:,.0f} were deleted, by {service.settings.deletion_workers} workers")
    assert rate <= 2000 * 1.05 + 2000 * 0.2 / 4, "a grant of a fifth of a second may just have been used"

    client.throttle(big, 300)
    waits(service, big, lambda one: one.rate == 300)
    small, asked = submitted(service, "note"), time.monotonic()
    service.until_ended(small)
    print(f"a small job beside it ended after {time.monotonic() - asked:.2f} s")
    assert target.left("note") == 0

    again = datetime.now(UTC) + timedelta(seconds=2)
    client.postpone(big, again)
    postponed = waits(service, big, lambda one: one.status == "postponed")
    left = target.left()
    assert left == RECORDS - postponed.queries[0]["deleted"] > 0
    waits(service, big, lambda one: one.status == "in_progress")
    assert datetime.now(UTC) >= again

    client.halt("disk is filling up")
    halted = waits(service, big, lambda one: one.status == "halted")
    assert str(halted.waiting_for).endswith(": disk is filling up")
    left, waiting = target.left(), submitted(service, "note")
    time.sleep(1.5)
    assert service.application.operation(waiting).status == "waiting"
    assert target.left() == left == RECORDS - halted.queries[0]["deleted"]
    client.unhalt()
    service.until_ended(waiting)
    waits(service, big, lambda one: one.status == "in_progress")

    client.pause(big)
    paused = waits(service, big, lambda one: one.status == "paused")
    assert target.left() == RECORDS - paused.queries[0]["deleted"]
    client.cancel(big)
    assert service.until_ended(big).status == "canceled"
    assert target.left() == RECORDS - summary(service.application.operation(big))["deleted"]


def test_raw_messages_twice_in_wrong_orders_and_for_what_is_long_gone(service: Running) -> None:
    gone = submitted(service, "note")
    service.until_ended(gone)
    version = service.application.operation(gone).version
    before = len(service.rejections())
    by = {"requested_by": "raw"}
    unhalt, halt = command_of(Unhalt, **by), command_of(Halt, **by, reason="once")
    throttle = command_of(ThrottleOperation, **by, operation_id=gone, rate=5)
    postpone = command_of(PostponeOperation, **by, operation_id=gone, until="2030-01-01T00:00:00Z")
    nobody = command_of(ThrottleOperation, **by, operation_id=uuid4(), rate=5)

    say(service, unhalt, throttle, postpone, pause(gone), resume(gone), nobody)
    found = until(lambda: len(all_ := service.rejections()) >= before + 6 and all_)[before:]

    reasons = sorted(one.reason for one in found)
    assert sum("is succeeded and cannot be" in one for one in reasons) == 4
    assert "nothing is halted" in reasons
    assert any("was submitted (kept for" in one for one in reasons)
    assert service.application.operation(gone).version == version

    say(service, halt, halt, unhalt)
    until(lambda: len(service.rejections()) == before + 7)
    brake = service.application.brake()
    assert brake is not None
    assert brake.is_on, "an unhalt that was refused stays refused"
    say(service, command_of(Unhalt, **by), halt)
    until(lambda: not (one := service.application.brake()) or not one.is_on)
    service.until_ended(submitted(service, "note"))


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"type": "PostponeOperation", "until": "2027-01-04T02:00:00"}, "until", "time without a zone"),
        ({"type": "PostponeOperation", "until": "tomorrow"}, "until", "date and a time"),
        ({"type": "PostponeOperation", "until": "2027-01-04T02:00:00", "time_zone": "Mars"}, "time_zone", "IANA"),
        ({"type": "ThrottleOperation", "rate": 0}, "rate", "greater than 0"),
        ({"type": "ThrottleOperation", "rate": "fast"}, "rate", "number"),
        ({"type": "Halt"}, "reason", "required"),
        ({"type": "Halt", "reason": "a\nb"}, "reason", "printable"),
    ],
)
def test_bad_ones_are_rejected_with_the_field(service: Running, body: dict[str, Any], field: str, reason: str) -> None:
    command_id = str(uuid4())
    about = {} if body["type"] == "Halt" else {"operation_id": str(uuid4())}
    message = {"command_id": command_id, "requested_by": "raw", **about, **body}
    service.publish("commands", (None, json.dumps(message).encode()))

    def found() -> Any:
        return next((one for one in service.rejections() if command_id in one.body), None)

    rejection = until(found)
    assert rejection.field == field
    assert reason in rejection.reason


def test_the_brake_has_a_key_of_its_own(service: Running) -> None:
    command = command_of(Halt, requested_by="raw", reason="x")
    before = len(service.rejections())
    service.publish("commands", (str(uuid4()).encode(), command.model_dump_json().encode()))
    rejection = until(lambda: len(all_ := service.rejections()) > before and all_)[-1]
    assert rejection.field == "key"
    assert str(BRAKE) in rejection.reason


def test_a_guard_stops_a_job_before_it_deletes(service: Running, target: RealTarget) -> None:
    before = target.left()
    refused = submitted(service, "log", guards={"max_records": before - 1})
    allowed = submitted(service, "log", guards={"max_records": before})

    ended = service.until_ended(refused)
    assert ended.status == "failed"
    assert f"{before:,}" in (ended.reason or "")
    assert service.until_ended(allowed).status == "succeeded"
    assert sum(one["deleted"] for one in ended.queries) == 0
    assert target.left() == 0
