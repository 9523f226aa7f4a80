"""A state folder that is served in a process of its own, and asked in this one."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.producers.clock import OpenOperations
from bulkdelete.service.configuration import load
from bulkdelete.service.local_schedules import LocalSchedules, local_schedules
from bulkdelete.service.state import State

COMMAND = Path(sys.executable).with_name("bulkdelete")


@dataclass
class Folder:
    """A database of old records, and a state folder."""

    path: Path
    schedules: LocalSchedules

    @property
    def application(self) -> BulkDeletes:
        return self.schedules.application

    def fill(self, count: int) -> None:
        with closing(sqlite3.connect(self.path / "shop.db")) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, createdon TEXT)")
            connection.executemany("INSERT INTO log (createdon) VALUES (?)", [("2020-01-01 00:00:00",)] * count)

    def left(self) -> int:
        with closing(sqlite3.connect(self.path / "shop.db")) as connection:
            return int(connection.execute("SELECT count(*) FROM log").fetchone()[0])

    def ran(self, schedule: Schedule) -> list[Operation]:
        """The operations that came of its occurrences."""
        events = self.application.events.get(schedule.id)
        found = [one for one in events if isinstance(one, Schedule.Occurred)]
        assert len({one.occurrence for one in found}) == len(found), "an occurrence came twice"
        return [self.application.operation(UUID(one.operation_id)) for one in found]

    def open(self) -> list[UUID]:
        return OpenOperations(self.application).refresh()

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        with (self.path / "serve.log").open("ab") as log:
            process = subprocess.Popen(
                [COMMAND, "serve", "--state", str(self.path / "state")], stderr=log, env=self.environment
            )
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)

    @property
    def environment(self) -> dict[str, str]:
        database = f"sqlite:///{self.path / 'shop.db'}"
        return {**os.environ, "BULKDELETE_DATABASES__SHOP": database, "BULKDELETE_TICK_SECONDS": "0.2"}


@contextmanager
def served(path: Path, records: int) -> Iterator[Folder]:
    """A folder with so many records."""
    databases = {"shop": f"sqlite:///{path / 'shop.db'}"}
    settings = load(given={"state": path / "state", "event_store": None, "views": None, "databases": databases})
    with (
        State(settings.state).application() as application,
        local_schedules(settings, application, "me") as schedules,
    ):
        folder = Folder(path, schedules)
        folder.fill(records)
        yield folder


def job(**words: Any) -> Job:
    same = {"name": "Old logs", "database": "shop", "queries": [{"EntityName": "log", "all_records": True}]}
    return Job.read({**same, "recurrence": "FREQ=DAILY;INTERVAL=7;", **words})
