"""The smallest job on a service on Kafka: from `submit` to the client's knowing that it is completed."""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from uuid import uuid4

from benchmarks.figures import Figure
from bulkdelete.domain.errors import UnavailableError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.producers.client import Client

MOST = 1.0
"""Seconds."""
PATIENCE = 90.0
"""Seconds for the service to start and to answer the first job, which is not counted."""


def measure(address: str, runs: int) -> Figure:
    """The median of several jobs that delete one record each, after one that warms the service up."""
    with tempfile.TemporaryDirectory(prefix="bulkdelete-kafka-") as name:
        folder, prefix = Path(name), f"benchmark-{uuid4().hex[:8]}"
        database = folder / "crm.db"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE record (recordid INTEGER PRIMARY KEY, createdon TEXT)")
            rows = [(at, "2020-01-01 00:00:00") for at in range(runs + 1)]
            connection.executemany("INSERT INTO record VALUES (?, ?)", rows)
            connection.commit()
        with serving(address, prefix, database), connected(address, prefix) as client:
            seconds = [seconds_of(client, at, PATIENCE) for at in range(runs + 1)]
    return Figure.of_limit("Kafka, smallest job, submit to completed", statistics.median(seconds[1:]), "s", MOST)


def seconds_of(client: Client, record: int, patience: float) -> float:
    """Seconds until the client knows that one record is deleted."""
    job = Job(name="Smallest", database="crm", queries=[Query("record").where(recordid=record)])
    started = time.perf_counter()
    result = client.submit(job).wait(patience)
    seconds = time.perf_counter() - started
    if result.deleted != 1:
        raise AssertionError(f"not deleted: {result}")
    return seconds


@contextmanager
def connected(address: str, prefix: str) -> Iterator[Client]:
    """A client, as soon as the service has declared its topics."""
    deadline = time.monotonic() + PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                client = stack.enter_context(Client.connect(address, prefix=prefix))
                break
            except UnavailableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
        yield client


@contextmanager
def serving(address: str, prefix: str, database: Path) -> Iterator[None]:
    """A service with all roles, in a process of its own."""
    folder = database.parent
    settings = {
        "BULKDELETE_KAFKA__PREFIX": prefix, "BULKDELETE_DATABASES__CRM": f"sqlite:///{database}",
        "BULKDELETE_EVENT_STORE": f"sqlite:///{folder / 'events.db'}", "BULKDELETE_VIEWS": str(folder / "views.duckdb"),
    }  # fmt: skip
    command = Path(sys.executable).with_name("bulkdelete")
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(
            [command, "serve", "--kafka", address, "--role", "all"], env=os.environ | settings, stdout=log, stderr=log
        )
        try:
            yield
        except BaseException as error:
            log.seek(0)
            error.add_note(f"the service said: {log.read()[-2000:]}")
            raise
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
