"""One run of one contestant on one fresh copy, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.data import Data
from benchmarks.databases.database import Database
from benchmarks.taken import Taken


class StoppedError(Exception):
    """The contestant gave up before it was done: what it does by design, not a fault of the measurement."""


@dataclass
class Run:
    """A fresh copy to delete from; the contestant says which part of what it does counts, by `timed`."""

    database: Database
    data: Data
    address: str
    seconds: float = 0.0
    """Until the database had settled, where it goes on after the commit."""
    reply: float = 0.0
    """Until the contestant said that it was done."""
    megabytes: float = 0.0
    """Peak memory of the contestant's largest process, where it has processes of its own."""

    is_settled: bool = True
    """Whether the database comes to rest at all: not while others write."""
    added: int = 0
    """Records that others added meanwhile."""
    alone: Taken | None = None
    """Statements of others, before and after."""
    beside: Taken | None = None
    """Statements of others, meanwhile."""
    held: Taken | None = None
    """Transactions that held records, from the first statement that locks any until the end."""

    @contextmanager
    def timed(self) -> Iterator[None]:
        """What counts: from the beginning of the work until it is done and the database has settled."""
        if self.is_settled:
            self.database.settle()
        started = time.perf_counter()
        yield
        self.reply = time.perf_counter() - started
        if self.is_settled:
            self.database.settle()
        self.seconds = time.perf_counter() - started

    def check(self) -> None:
        """Raise AssertionError unless exactly those records are gone that should be, a cascade's too."""
        kept = self.data.rows - self.data.deleted
        with self.database.connected(self.address) as cursor:
            for table in ("record", "part", "piece") if self.data.levels else ("record",):
                cursor.execute(f"SELECT count(*) FROM {table}")
                left = int(cursor.fetchall()[0][0])
                right = kept + (self.added if table == "record" else 0)
                if left != right:
                    raise AssertionError(f"{left:,} rows are left in {table}, not {right:,}: this is no measurement")


@dataclass(frozen=True)
class Contestant:
    """A way to delete the records."""

    name: str
    delete: Callable[[Run], None]
    most_runs: int | None = None
    """For what takes so long that few runs must do."""
    in_process: bool = False
    """Whether it works in this process, which a first run warms up."""
    absent: Callable[[], str | None] = lambda: None
    """Why it cannot be had on this machine."""
