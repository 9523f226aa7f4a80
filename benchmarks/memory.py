"""Peak memory of a `bulkdelete run` process, whatever the number of records that match."""

from __future__ import annotations

import os
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


def peak_of_run(folder: Path) -> float:
    """Run the job in a process of its own; returns its peak resident memory in megabytes."""
    command = Path(sys.executable).with_name("bulkdelete")
    arguments: list[str | Path] = [
        command, "run", folder / "job.yaml", "--database", f"sqlite:///{folder / 'many.db'}",
        "--state", folder / "state", "--yes",
    ]  # fmt: skip
    with (folder / "messages").open("w+") as messages:
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=messages)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            messages.seek(0)
            raise AssertionError(f"exit code {process.returncode}: {messages.read()[-2000:]}")
    return usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
