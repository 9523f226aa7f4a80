"""SQLite: copies are copies of a file, just written and so in the system's cache."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import ClassVar

from benchmarks import tables
from benchmarks.data import Data, Key
from benchmarks.databases.database import Copying, Cursor, Database
from bulkdelete.records.sqlite.sessions import CACHE_KIB

WORDS = tables.Words(
    key_types={"integer": "INTEGER", "uuid": "TEXT"},
    instant_type="TEXT",
    text_type="TEXT",
    uuid="benchmark_uuid({n})",
    instant="datetime('2020-01-01', {n} || ' seconds')",
    random="random()",
    text="'a subject of usual length, number ' || n",
    numbers="(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
    "SELECT n FROM numbers)",
)
SETTINGS = ("foreign_keys=ON", "synchronous=FULL", f"cache_size=-{CACHE_KIB}", "busy_timeout=5000")
"""As bulkdelete sets them, so that the others are as durable and have the same cache."""


class SQLite(Database):
    """SQLite, in this process."""

    name: ClassVar[str] = "sqlite"
    label: ClassVar[str] = "SQLite"
    key: ClassVar[Key] = "integer"
    begin: ClassVar[str] = "BEGIN IMMEDIATE"
    condition: ClassVar[str] = "statecode = 1 AND createdon < datetime('now')"
    some: ClassVar[str] = "DELETE FROM record WHERE rowid IN (SELECT rowid FROM record WHERE {condition} LIMIT {limit})"

    @contextmanager
    def prepared(self, data: Data, number: int) -> Iterator[Copying]:
        """The file that every run gets a copy of."""
        with tempfile.TemporaryDirectory(prefix="bulkdelete-benchmark-") as folder:
            path = Path(folder) / f"prepared-{number}.db"
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.create_function("benchmark_uuid", 1, uuid_of, deterministic=True)
                connection.execute("PRAGMA journal_mode=WAL").fetchall()
                connection.execute("PRAGMA cache_size=-400000")
                connection.execute("BEGIN")
                for statement in (*tables.tables(data, WORDS).values(), *tables.rows(data, WORDS)):
                    connection.execute(statement)
                for statement in (*tables.indexes(data), "ANALYZE", "COMMIT", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    connection.execute(statement).fetchall()
            yield partial(copied, path)

    @contextmanager
    def connected(self, address: str) -> Iterator[Cursor]:
        """As durable as bulkdelete's own connections; the log is copied at SQLite's own default."""
        path = address.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection, closing(connection.cursor()) as cursor:
            for setting in SETTINGS:
                cursor.execute(f"PRAGMA {setting}").fetchall()
            yield cursor

    def described(self) -> str:
        """Version and settings."""
        return f"{self.label} {sqlite3.sqlite_version} (WAL, synchronous FULL, cache {CACHE_KIB // 1024} MiB)"


@contextmanager
def copied(source: Path) -> Iterator[str]:
    """A copy of the file, with nothing left to write."""
    copy = source.with_name("run.db")
    with source.open("rb") as taken, copy.open("wb") as made:
        shutil.copyfileobj(taken, made, 1024 * 1024)
        made.flush()
        os.fsync(made.fileno())
    try:
        yield f"sqlite:///{copy}"
    finally:
        for one in source.parent.glob("run.db*"):
            one.unlink()


def uuid_of(number: int) -> str:
    """The key of the n-th record."""
    return str(uuid.UUID(bytes=md5(f"k{number}".encode(), usedforsecurity=False).digest()))
