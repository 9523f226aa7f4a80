"""Two hands on one run without a broker: what another connection to the event store asks, the run obeys."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.operations import UNBOUNDED, pull
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import (
    CancelOperation,
    Halt,
    PauseOperation,
    PostponeOperation,
    ResumeOperation,
    SubmitBulkDelete,
    ThrottleOperation,
    Unhalt,
    command_of,
)
from bulkdelete.domain.errors import TransitionError
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.summary import summary
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.projections.verify import verify
from bulkdelete.records.strain import NO_LIMITS, Limits
from bulkdelete.records.target import Target
from bulkdelete.service.local import LocalRun
from bulkdelete.service.state import State
from tests.service.running import until

RECORDS = 4_000


@dataclass
class Terminals:
    """One that runs, and one that commands through an event-store connection of its own."""

    folder: Path
    application: BulkDeletes
    other: BulkDeletes

    @property
    def address(self) -> str:
        return f"sqlite:///{self.folder / 'target.db'}"

    def sql(self, statement: str) -> int:
        with closing(sqlite3.connect(self.folder / "target.db", timeout=30, isolation_level=None)) as connection:
            row = connection.execute(statement).fetchone()
            return int(row[0]) if row else 0

    def left(self) -> int:
        return self.sql("SELECT count(*) FROM log")

    def submit(self, **more: Any) -> UUID:
        job = Job(name="Old logs", queries=[Query("log").all_records()], **more)
        command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="me", job=job)
        return self.application.submit(command, self.address).id

    def say(self, kind: Any, operation_id: UUID, **more: Any) -> Operation:
        return self.other.control(command_of(kind, operation_id=operation_id, requested_by="other", **more))

    def operation(self, operation_id: UUID) -> Operation:
        return self.other.operation(operation_id)

    @contextmanager
    def running(self, operation_id: UUID, limits: Limits = NO_LIMITS, bounds: Bounds = UNBOUNDED) -> Iterator[LocalRun]:
        """A run in a thread; at the end of the block it is interrupted where it goes on."""
        with closing(Target(self.address, patience=1, limits=limits)) as target:
            run = LocalRun(self.application, target, operation_id, bounds=bounds)
            thread = threading.Thread(target=run.drive)
            thread.start()
            try:
                yield run
                thread.join(60)
                assert not thread.is_alive()
            finally:
                run.stopping.set()
                thread.join(60)


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    with closing(sqlite3.connect(tmp_path / "target.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, createdon TEXT)")
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO log SELECT i, '2020-01-01T00:00:00Z' FROM n",
            [RECORDS],
        )
    state = State(tmp_path / "state")
    with state.application() as application, state.application() as other:
        yield Terminals(tmp_path, application, other)


def begun(terminals: Terminals, operation_id: UUID) -> bool:
    return terminals.operation(operation_id).queries[0]["deleted"] > 0


@pytest.mark.parametrize(("kind", "ends"), [(PauseOperation, "paused"), (CancelOperation, "canceled")])
def test_it_is_still_within_a_batch_and_what_is_gone_is_counted(terminals: Terminals, kind: Any, ends: str) -> None:
    operation_id = terminals.submit(rate=1000)
    with terminals.running(operation_id):
        until(lambda: begun(terminals, operation_id))
        asked = time.monotonic()
        terminals.say(kind, operation_id)
        with pytest.raises(TransitionError, match="possible"):
            terminals.say(ResumeOperation, operation_id)
    print(f"\n{ends} after {time.monotonic() - asked:.2f} s")
    operation = terminals.operation(operation_id)
    assert operation.status == ends
    left = terminals.left()
    assert 0 < left == RECORDS - operation.queries[0]["deleted"]
    if kind is PauseOperation:
        terminals.say(ThrottleOperation, operation_id, rate=None)
        terminals.say(ResumeOperation, operation_id)
        with terminals.running(operation_id):
            pass
        assert summary(terminals.operation(operation_id))["deleted"] == RECORDS


def test_the_rate_is_changed_while_it_runs(terminals: Terminals) -> None:
    operation_id = terminals.submit(rate=500)
    with terminals.running(operation_id):
        until(lambda: begun(terminals, operation_id))
        began, before = time.monotonic(), terminals.operation(operation_id).queries[0]["deleted"]
        until(lambda: time.monotonic() > began + 3)
        gone = terminals.operation(operation_id).queries[0]["deleted"] - before
        took = time.monotonic() - began
        terminals.say(ThrottleOperation, operation_id, rate=None)
    assert gone <= 500 * took * 1.05 + 100, "a grant of a fifth of a second may just have been used"
    assert terminals.operation(operation_id).status == "succeeded"
    assert terminals.left() == 0


def test_a_run_waits_for_its_time_and_for_another_one(terminals: Terminals) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    operation_id = terminals.submit(start_at=soon.isoformat(), rate=2000)
    waited: list[str] = []
    with terminals.running(operation_id) as run:
        run.on_wait = waited.append
        until(lambda: waited)
        assert terminals.left() == RECORDS
        terminals.say(PostponeOperation, operation_id, until=datetime.now(UTC) + timedelta(seconds=1))
        until(lambda: begun(terminals, operation_id))
        terminals.say(PostponeOperation, operation_id, until=datetime.now(UTC) + timedelta(seconds=1))
        until(lambda: terminals.operation(operation_id).status == "postponed")
        left = terminals.left()
        assert "goes on" in (terminals.operation(operation_id).waiting_for or "")
        assert 0 < left == RECORDS - terminals.operation(operation_id).queries[0]["deleted"]
    assert terminals.operation(operation_id).status == "succeeded"
    assert any(one.startswith("starts") for one in waited)


def test_a_halt_stops_the_run_until_it_is_over_and_stands_in_the_views(terminals: Terminals, tmp_path: Path) -> None:
    operation_id = terminals.submit(rate=1000)
    with terminals.running(operation_id):
        until(lambda: begun(terminals, operation_id))
        pull(command_of(Halt, requested_by="ops", reason="disk"), terminals.other)
        until(lambda: terminals.operation(operation_id).status == "halted")
        left, waiting = terminals.left(), terminals.submit(start_at="2030-01-01T00:00:00Z")
        files = ViewFiles.beside(tmp_path / "views.duckdb")
        with open_views(files, terminals.other) as views:
            told = views.status(operation_id)
            assert (told.status, told.waiting_for) == ("paused", "halted by ops: disk")
            assert views.status(waiting).waiting_for == "halted by ops: disk"
            halt = views.halt()
            assert halt is not None
            assert (halt.requested_by, halt.reason) == ("ops", "disk")
        time.sleep(0.5)
        assert terminals.left() == left
        pull(command_of(Unhalt, requested_by="ops"), terminals.other)
        terminals.say(ThrottleOperation, operation_id, rate=None)
    assert terminals.left() == 0
    with open_views(files, terminals.other) as views:
        assert views.halt() is None
        assert str(views.status(waiting).waiting_for).startswith("starts Tue 2030-01-01")
        _, rows = views.sql("SELECT statecode, statuscode, nextrun FROM bulkdeleteoperation ORDER BY createdon")
        assert [row[:2] for row in rows] == [(3, 30), (1, 10)]
    assert verify(files, terminals.other).equal


@pytest.mark.parametrize("kind", [PauseOperation, PostponeOperation, CancelOperation, Halt])
def test_a_run_that_died_between_the_request_and_its_effect_is_followed_by_one_that_obeys(
    terminals: Terminals, kind: Any
) -> None:
    operation_id = terminals.submit(rate=1000)
    with terminals.running(operation_id) as run:
        until(lambda: begun(terminals, operation_id))
        run.stopping.set()
    left = terminals.left()
    if kind is Halt:
        pull(command_of(Halt, requested_by="ops", reason="disk"), terminals.other)
    else:
        terminals.say(kind, operation_id, **({"until": "2030-01-01T00:00:00Z"} if kind is PostponeOperation else {}))
    resting = {PauseOperation: "paused", PostponeOperation: "postponed", CancelOperation: "canceled", Halt: "halted"}
    with terminals.running(operation_id) as run:
        until(lambda: terminals.operation(operation_id).status == resting[kind])
        run.stopping.set()
    assert terminals.left() == left == RECORDS - terminals.operation(operation_id).queries[0]["deleted"]


def test_a_database_that_suffers_is_waited_for(terminals: Terminals) -> None:
    terminals.sql("CREATE TABLE load_of (n INTEGER)")
    operation_id = terminals.submit(rate=1500)
    waited: list[str] = []
    with terminals.running(operation_id, Limits(query="SELECT count(*) FROM load_of")) as run:
        run.on_wait = waited.append
        until(lambda: begun(terminals, operation_id))
        terminals.sql("INSERT INTO load_of VALUES (1)")
        until(lambda: terminals.operation(operation_id).waiting_for)
        operation = terminals.operation(operation_id)
        assert (operation.status, operation.waiting_for) == ("in_progress", "the back-off query gives 1, at most 0")
        left = terminals.left()
        time.sleep(1.5)
        assert terminals.left() == left
        terminals.sql("DELETE FROM load_of")
    assert waited == ["the back-off query gives 1, at most 0"]
    assert summary(terminals.operation(operation_id))["waiting_for"] is None
    assert terminals.left() == 0


def test_the_second_operation_waits_for_the_first_one_and_for_none_that_nobody_drives(terminals: Terminals) -> None:
    driven: set[UUID] = set()
    bounds = Bounds(operations_per_database=1, is_driven=driven.__contains__)
    first, second = terminals.submit(rate=1000), terminals.submit()
    with terminals.running(first, bounds=bounds) as run:
        driven.add(first)
        until(lambda: begun(terminals, first))
        with terminals.running(second, bounds=bounds):
            until(lambda: terminals.operation(second).waiting_for)
            assert str(terminals.operation(second).waiting_for).startswith("another operation on sqlite:///")
            run.stopping.set()
            until(lambda: run.is_over(terminals.operation(first)))
            driven.clear()
    assert terminals.operation(first).status == "in_progress"
    assert terminals.operation(second).status == "succeeded"


def test_many_commands_at_once_lose_nothing(terminals: Terminals) -> None:
    operation_id = terminals.submit(rate=2000)
    refused: list[str] = []

    def shout(kinds: list[Any]) -> None:
        for at in range(6):
            kind = kinds[at % len(kinds)]
            try:
                terminals.say(kind, operation_id, **({"rate": 2000 + at} if kind is ThrottleOperation else {}))
            except TransitionError as error:
                refused.append(error.reason)

    with terminals.running(operation_id):
        until(lambda: begun(terminals, operation_id))
        threads = [
            threading.Thread(target=shout, args=[kinds])
            for kinds in ([ThrottleOperation], [PauseOperation, ResumeOperation], [ResumeOperation, PauseOperation])
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
        until(lambda: terminals.operation(operation_id).status not in {"pausing", "waiting"})
    if terminals.operation(operation_id).status == "paused":
        terminals.say(ResumeOperation, operation_id)
        with terminals.running(operation_id):
            pass
    operation = terminals.operation(operation_id)
    assert (operation.status, operation.queries[0]["deleted"], terminals.left()) == ("succeeded", RECORDS, 0)
    assert all("possible from there" in one for one in refused)
