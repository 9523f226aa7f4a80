"""Processes of a service on Kafka, killed at random while a schedule ticks and an operation is steered."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.producers.client import Client
from bulkdelete.service.event_store import open_event_store
from bulkdelete.service.settings import Settings
from tests.servers.kafka import Kafka
from tests.service.running import settings_for, sqlite_store, until

pytestmark = [pytest.mark.kafka, pytest.mark.long]
RECORDS = 20_000
ROLES = ["operations,planning,relay,clock", "deletion,clock", "operations,planning,deletion,relay,clock"]
"""Each role in at least two processes: one may always be dead."""
PATIENCE = 180
"""Seconds: a group notices after ten that a member was killed, and a process takes some to start."""


@dataclass
class Processes:
    """The service, a process for each of these roles."""

    settings: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, roles: str) -> None:
        """As from the shell."""
        command = [sys.executable, "-c", "from bulkdelete.service.cli.main import main; main()", "serve"]
        arguments = ["--config", str(self.settings), "--role", roles]
        with (self.settings.parent / f"{roles}.log").open("ab") as log:
            self.running[roles] = subprocess.Popen([*command, *arguments], stdout=log, stderr=log)

    def serves(self, roles: str) -> None:
        """Wait until it does."""
        until(lambda: b"erving" in (self.settings.parent / f"{roles}.log").read_bytes(), PATIENCE)

    def kill(self, roles: str) -> None:
        """`kill -9`."""
        one = self.running.pop(roles)
        assert one.poll() is None, f"{roles} ended by itself: {(self.settings.parent / f'{roles}.log').read_text()}"
        one.kill()
        one.wait()


@dataclass
class World:
    """A database of logs, a service on it, and what is said to it."""

    database: Path
    application: BulkDeletes
    client: Client
    processes: Processes

    def left(self) -> int:
        with closing(sqlite3.connect(self.database, timeout=60)) as connection:
            return int(connection.execute("SELECT count(*) FROM log").fetchone()[0])

    def reaches(self, operation_id: UUID, *states: str) -> Operation:
        def found() -> Operation | None:
            one = self.application.find(operation_id)
            return one if one is not None and (one.status in states or one.is_final) else None

        one: Operation = until(found, PATIENCE, 0.05)
        assert one.status in states, f"{one.status}: {one.reason}"
        return one

    def stands_still(self) -> None:
        before = self.left()
        time.sleep(2)
        assert self.left() == before


@pytest.fixture
def world(kafka: Kafka, tmp_path: Path) -> Iterator[World]:
    database = tmp_path / "target.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, createdon TEXT)")
        connection.execute("CREATE TABLE void (id INTEGER PRIMARY KEY)")
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO log SELECT i, '2020-01-01T00:00:00Z' FROM n",
            [RECORDS],
        )
    settings = settings_for(kafka.address, sqlite_store(tmp_path))
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({**given(settings), "databases": {"crm": f"sqlite:///{database}"}}))
    processes = Processes(file)
    try:
        for roles in ROLES:
            processes.start(roles)
        for roles in ROLES:
            processes.serves(roles)
        with (
            open_event_store(settings.events) as application,
            Client.connect(kafka.address, prefix=settings.kafka.prefix) as client,
        ):
            yield World(database, application, client, processes)
    finally:
        for one in processes.running.values():
            one.kill()
            one.wait()


def given(settings: Settings) -> Mapping[str, Any]:
    value = settings.model_dump(mode="json")
    kept = {name: value[name] for name in ("kafka", "relay_lease_seconds", "deletion_workers")}
    return {**kept, "event_store": settings.events.secret, "tick_seconds": 0.2}


def job(entity: str, **more: Any) -> dict[str, Any]:
    return {"name": entity, "database": "crm", "queries": [{"EntityName": entity, "all_records": True}], **more}


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_or_done_twice(world: World, seed: int) -> None:
    random = Random(seed)

    def strike() -> None:
        """Kill one, and start it again at once: others have to notice."""
        roles = random.choice(ROLES)
        world.processes.kill(roles)
        time.sleep(random.random())
        world.processes.start(roles)

    schedule = world.client.create_schedule(job("void", recurrence="FREQ=SECONDLY;INTERVAL=3", overlap="queue"))
    big = world.client.submit(job("log", rate=1500)).id
    until(lambda: world.left() < RECORDS, PATIENCE)

    strike()
    world.client.pause(big)
    strike()
    world.reaches(big, "paused")
    world.stands_still()
    world.client.resume(big)
    strike()
    world.reaches(big, "in_progress", "retrying")
    world.client.throttle(big, 800)
    world.client.postpone(big, datetime.now(UTC) + timedelta(seconds=60))
    strike()
    world.reaches(big, "postponed")
    world.stands_still()
    world.client.resume(big)
    world.reaches(big, "in_progress", "retrying")
    world.client.halt("the auditors are here")
    strike()
    world.reaches(big, "halted")
    world.stands_still()
    strike()
    world.client.unhalt()
    world.client.throttle(big, 5000)
    ended = world.reaches(big, "succeeded")

    assert (ended.queries[0]["deleted"], ended.queries[0]["failed"], world.left()) == (RECORDS, 0, 0)
    each_occurrence_once(world, schedule.id)


def each_occurrence_once(world: World, schedule_id: UUID) -> None:
    """Each on the rule's second, none twice, each with an operation of its own that ends."""
    world.client.schedule(schedule_id).disable()
    until(lambda: not world.application.repository.get(schedule_id).enabled, PATIENCE)
    occurred = [one for one in world.application.events.get(schedule_id) if isinstance(one, Schedule.Occurred)]

    times = [datetime.fromisoformat(one.occurrence) for one in occurred]
    assert len(times) > 3
    assert times == sorted(set(times))
    assert {(later - times[0]).total_seconds() % 3 for later in times} == {0}
    for one in occurred:
        world.reaches(UUID(one.operation_id), "succeeded")
    assert len({one.operation_id for one in occurred}) == len(occurred)


def test_a_rate_holds_over_processes(world: World) -> None:
    """Two processes delete, one of them is killed: together they take what the job allows, and no more."""
    big = world.client.submit(job("log", rate=1000)).id
    until(lambda: world.left() < RECORDS, PATIENCE)
    for seconds in (4, 4):
        before, began = world.left(), time.monotonic()
        time.sleep(seconds)
        rate = (before - world.left()) / (time.monotonic() - began)
        print(f"\n1,000 a second were allowed, {rate:,.0f} were deleted")
        assert rate <= 1000 * 1.05 + 1000 * 0.2 / seconds, "a grant of a fifth of a second may just have been used"
        world.processes.kill("deletion,clock") if "deletion,clock" in world.processes.running else None
    world.client.throttle(big, 50_000)
    ended = world.reaches(big, "succeeded")
    assert (ended.queries[0]["deleted"], world.left()) == (RECORDS, 0)
