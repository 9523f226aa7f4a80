"""Two terminals on one state folder: one runs, the other commands."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.operations import UNBOUNDED
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import (
    SubmitBulkDelete,
    command_of,
)
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.strain import NO_LIMITS, Limits
from bulkdelete.records.target import Target
from bulkdelete.service.local import LocalRun
from bulkdelete.service.state import State

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
    def running(
        self,
        operation_id: UUID,
        limits: Limits = NO_LIMITS,
        bounds: Bounds = UNBOUNDED,
        on_wait: Callable[[str], None] = lambda reason: None,
    ) -> Iterator[LocalRun]:
        """A run in a thread; at the end of the block it is interrupted where it goes on."""
        with closing(Target(self.address, patience=1, limits=limits)) as target:
            run = LocalRun(self.application, target, operation_id, bounds=bounds, on_wait=on_wait)
            thread = threading.Thread(target=run.drive)
            thread.start()
            try:
                yield run
                thread.join(60)
                assert not thread.is_alive()
            finally:
                run.stopping.set()
                thread.join(60)


@contextmanager
def two_terminals(tmp_path: Path) -> Iterator[Terminals]:
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
