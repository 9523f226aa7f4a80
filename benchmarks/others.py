"""Other people at work: single records updated and inserted at a fixed rate by a process of their own.

The rate is theirs, not the database's: who is late does not ask less often, and what a statement took counts from when
it was due. Four connections; three of four statements change a record that stays, the fourth adds one.
"""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from benchmarks.data import Data, Key
from benchmarks.databases.database import Cursor, Database
from benchmarks.taken import Taken

RATE = 200.0
"""Statements a second."""
WRITERS = 4
STAYING = 20_000
"""Records that are changed, spread over the table."""
FIRST_NEW = 1_000_000_000
"""Integer keys of records that are added."""
START = 60.0
"""Seconds in which they must be at work."""

Statement = tuple[float, float]
"""When it was due, and when it was answered: by the machine's monotonic clock, the same in every process."""


@dataclass
class Writer:
    """One connection that writes."""

    number: int
    key: Key
    keys: list[str]
    """Of records that stay, as literals."""
    done: list[Statement] = field(default_factory=list)
    added: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)

    def write(self, cursor: Cursor, ends: threading.Event) -> None:
        """Write until told to stop; each statement is committed by itself."""
        pause = WRITERS / RATE
        due = time.monotonic() + pause * self.number / WRITERS
        while not ends.wait(max(0.0, due - time.monotonic())):
            cursor.execute(self.statement())
            self.done.append((due, time.monotonic()))
            due += pause

    def statement(self) -> str:
        """Change a record that stays, or add a copy of one."""
        at = f"WHERE recordid = {self.chance.choice(self.keys)}"
        if self.chance.random() >= 0.25:
            return f"UPDATE record SET a1 = a1 + 1 {at}"
        self.added += 1
        new = f"'{uuid.uuid4()}'" if self.key == "uuid" else f"{FIRST_NEW + WRITERS * self.added + self.number}"
        return f"INSERT INTO record SELECT {new}, statecode, createdon, a1, a2, a3, a4, a5, subject FROM record {at}"


def work(database: Database, address: str, data: Data, pipe: Connection) -> None:
    """Write until something is sent; then send what was done and how many were added, or what went wrong."""
    with database.connected(address) as cursor:
        cursor.execute(f"SELECT recordid FROM record WHERE statecode = 0 ORDER BY a2 LIMIT {STAYING}")
        keys = [f"'{key}'" if data.key == "uuid" else str(key) for (key,) in cursor.fetchall()]
    writers = [Writer(at, data.key, keys) for at in range(WRITERS)]
    ends = threading.Event()
    errors: list[str] = []

    def one(writer: Writer) -> None:
        try:
            with database.connected(address) as cursor:
                writer.write(cursor, ends)
        except Exception as error:  # whatever it was, the run is no measurement
            errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=one, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    pipe.send("at work")
    pipe.recv()
    ends.set()
    for thread in threads:
        thread.join()
    pipe.send((sorted(pair for writer in writers for pair in writer.done), sum(one.added for one in writers), errors))


@dataclass
class Others:
    """What they did, once they have stopped."""

    done: list[Statement] = field(default_factory=list)
    added: int = 0

    def among(self, *times: tuple[float, float]) -> Taken:
        """How long it took what was due at these times, each from a moment to another."""
        return Taken.of([end - due for due, end in self.done if any(one <= due < other for one, other in times)])


@contextmanager
def at_work(database: Database, address: str, data: Data) -> Iterator[Others]:
    """Others write while the block runs. Raises AssertionError where one of their statements failed."""
    found = Others()
    spawning = multiprocessing.get_context("spawn")
    pipe, theirs = spawning.Pipe()
    process = spawning.Process(target=work, args=(database, address, data, theirs), daemon=True)
    process.start()
    try:
        assert pipe.poll(START), "they did not begin"
        pipe.recv()
        yield found
        pipe.send("enough")
        assert pipe.poll(START), "they did not end"
        found.done, found.added, errors = pipe.recv()
        assert not errors, errors
    finally:
        process.terminate()
        process.join()
        pipe.close()
        theirs.close()
