"""Half of a table with two secondary indexes on random values, on SQLite: all at once, and as a governed job."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.embedded import seconds_embedded
from benchmarks.figures import Figure
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.sqlite.sessions import CACHE_KIB

TABLE = """
CREATE TABLE record (
    recordid INTEGER PRIMARY KEY, statecode INTEGER NOT NULL, createdon TEXT NOT NULL,
    ownerid TEXT NOT NULL, amount INTEGER NOT NULL, subject TEXT NOT NULL
)"""
ROWS = """
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
INSERT INTO record
SELECT n, n % 2, datetime('2020-01-01', n || ' minutes'), lower(hex(randomblob(16))), random(),
       'a subject of usual length, number ' || n
FROM n"""
INDEXES = ("CREATE INDEX record_owner ON record (ownerid)", "CREATE INDEX record_amount ON record (amount)")
DELETE = "DELETE FROM record WHERE statecode = 1 AND createdon < datetime('now')"
JOB = Job(name="Half of the records", queries=[Query("record").where(statecode=1)])
SETTINGS = ("foreign_keys=ON", "synchronous=FULL", f"cache_size=-{CACHE_KIB}", "wal_autocheckpoint=20000")
"""As bulkdelete sets them, so that the baseline is as durable and has the same cache."""


def measure(rows: int, runs: int) -> Figure:
    """Pairs of runs, each on a fresh copy of the same file."""
    with prepared(rows) as source:
        pairs = [(ours(source, rows // 2), baseline(source)) for _ in range(runs)]
    return Figure.of_pairs(f"SQLite, {rows // 2:,} of {rows:,}, ids audited", rows // 2, pairs, 0.6)


def ours(source: Path, records: int) -> float:
    """Seconds of the job."""
    with copied(source) as copy:
        return seconds_embedded(f"sqlite:///{copy}", JOB, records)


def baseline(source: Path) -> float:
    """Seconds of one DELETE of the same records."""
    with copied(source) as copy, closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        for pragma in SETTINGS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(DELETE)
        connection.execute("COMMIT")
        return time.perf_counter() - started


@contextmanager
def prepared(rows: int) -> Iterator[Path]:
    """The file that every run gets a copy of."""
    with tempfile.TemporaryDirectory(prefix="bulkdelete-benchmark-") as folder:
        path = Path(folder) / "prepared.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA cache_size=-200000")
            connection.execute("BEGIN")
            connection.execute(TABLE)
            connection.execute(ROWS, (rows,))
            for statement in (*INDEXES, "ANALYZE", "COMMIT", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.execute(statement).fetchall()
        yield path


@contextmanager
def copied(source: Path) -> Iterator[Path]:
    """A copy, which is then as warm in the system's cache for each run."""
    copy = source.with_name("run.db")
    shutil.copyfile(source, copy)
    try:
        yield copy
    finally:
        for one in source.parent.glob("run.db*"):
            one.unlink()
