"""Peak memory of a `bulkdelete run` process, whatever the number of records that match."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure

JOB = """
name: Nearly all records
queries:
  - EntityName: record
    Criteria: {Conditions: [{AttributeName: statecode, Operator: Equal, Values: [1]}]}
"""
TABLE = "CREATE TABLE record (recordid INTEGER PRIMARY KEY, statecode INTEGER, createdon TEXT, subject TEXT)"
ROWS = """
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
INSERT INTO record SELECT n, 1, '2020-01-01 00:00:00', 'a subject of usual length' FROM n"""
MOST = 300.0
"""Megabytes."""


def measure(matched: int) -> Figure:
    """Peak resident memory of the process, views and all."""
    with tempfile.TemporaryDirectory(prefix="bulkdelete-memory-") as name:
        folder = Path(name)
        with closing(sqlite3.connect(folder / "many.db")) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(TABLE)
            connection.execute(ROWS, (matched,))
            connection.execute("INSERT INTO record VALUES (-1, 0, '2020-01-01 00:00:00', 'stays')")
            connection.commit()
        (folder / "job.yaml").write_text(JOB, encoding="utf-8")
        peak = peak_of_run(folder)
        with closing(sqlite3.connect(folder / "many.db")) as connection:
            (left,) = connection.execute("SELECT count(*) FROM record").fetchone()
    if left != 1:
        raise AssertionError(f"{left:,} records are left, not 1")
    return Figure.of_limit(f"Memory, {matched:,} matched", peak, "MB", MOST)


LAUNCHER = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""A process counts the size of the one that started it as its own peak: this one is small."""


def peak_of_run(folder: Path) -> float:
    """Run the job in a process of its own; returns its peak resident memory in megabytes."""
    command = Path(sys.executable).with_name("bulkdelete")
    arguments: list[str | Path] = [
        sys.executable, "-c", LAUNCHER, command, "run", folder / "job.yaml",
        "--database", f"sqlite:///{folder / 'many.db'}", "--state", folder / "state", "--yes",
    ]  # fmt: skip
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"exit code {done.returncode}: {done.stderr[-2000:]}")
    return int(done.stdout) / (1024**2 if sys.platform == "darwin" else 1024)
