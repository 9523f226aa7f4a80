"""bulkdelete on Kafka: a process for the views, one or two for deletion (one thing at a time), one for the rest."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

from benchmarks.contestants.topics import removed_topics
from benchmarks.data import JOB, WARMUP, WARMUP_ROWS
from benchmarks.run import Contestant, Run
from benchmarks.servers import Servers
from bulkdelete.producers.client import Client

COMMAND = Path(sys.executable).with_name("bulkdelete")
OTHERS = ("operations,planning,relay", "projection")
"""The views in a process of their own, as in compose.yaml: it steps back where processors are few."""
PATIENCE = 90.0
"""Seconds for a process to start, and for the first job, which is not counted."""
LONGEST = 3600.0
READY = "Serving"


@dataclass
class Process:
    """A process of the service."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    def wait_until_ready(self) -> None:
        """Return when it serves. Raises RuntimeError where it ends or takes too long."""
        deadline = time.monotonic() + PATIENCE
        while READY not in self.text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not serve")
            time.sleep(0.05)

    def text(self) -> str:
        """What it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def peak(self) -> float:
        """Megabytes it took at most so far; 0 where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
        return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))

    def stop(self) -> None:
        """End it, in good order if it will."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def delete(run: Run, servers: Servers, workers: int) -> None:
    """Start the service, let it do a small job, and time the client from `submit` until it knows the end."""
    prefix = f"benchmark-{uuid4().hex[:8]}"
    with (
        tempfile.TemporaryDirectory(prefix="bulkdelete-service-") as folder,
        servers.postgresql.database() as store,
        removed_topics(servers.kafka.address, prefix),
        serving(Path(folder), environment(run, servers, prefix, store), workers) as processes,
        Client.connect(servers.kafka.address, prefix=prefix) as client,
    ):
        first = client.submit(WARMUP, database="benchmark").wait(PATIENCE)
        assert first.deleted == WARMUP_ROWS, first
        with run.timed():
            result = client.submit(JOB, database="benchmark").wait(LONGEST)
        run.megabytes = max(one.peak() for one in processes)
    if (result.deleted, result.failed) != (run.data.deleted, run.data.kept):
        raise AssertionError(f"{result.status}: {result.deleted:,} deleted, {result.failed:,} failed: {result.reason}")


def environment(run: Run, servers: Servers, prefix: str, store: str) -> dict[str, str]:
    """The settings of every process but where it keeps views."""
    return {
        "BULKDELETE_KAFKA__SERVERS": servers.kafka.address, "BULKDELETE_KAFKA__PREFIX": prefix,
        "BULKDELETE_DATABASES__BENCHMARK": run.address, "BULKDELETE_EVENT_STORE": store,
        "BULKDELETE_DELETION_WORKERS": "1",
    }  # fmt: skip


@contextmanager
def serving(folder: Path, settings: dict[str, str], workers: int) -> Iterator[list[Process]]:
    """The processes, as soon as all of them serve; what they logged goes with an error."""
    roles = [*OTHERS, *["deletion"] * workers]
    found: list[Process] = []
    with ExitStack() as stack:
        try:
            for at, role in enumerate(roles):
                found.append(started(folder / str(at), role, settings))
                stack.callback(found[-1].stop)
            for one in found:
                one.wait_until_ready()
            yield found
        except BaseException as error:
            for one in found:
                error.add_note(f"{one.name} said: {one.text()[-2000:]}")
            raise


def started(folder: Path, role: str, settings: dict[str, str]) -> Process:
    """One process of the service."""
    folder.mkdir()
    own = {"BULKDELETE_STATE": str(folder), "BULKDELETE_VIEWS": str(folder / "views.duckdb")}
    log = folder / "log"
    with log.open("wb") as out:
        command: list[str | Path] = [COMMAND, "serve", "--role", role]
        return Process(role, log, subprocess.Popen(command, env=os.environ | settings | own, stdout=out, stderr=out))


def service(servers: Servers, workers: int) -> Contestant:
    """The service with so many deletion processes."""
    name = f"bulkdelete on Kafka, {workers} deletion worker{'s' if workers > 1 else ''}"
    return Contestant(
        name, partial(delete, servers=servers, workers=workers), absent=partial(servers.missing, "kafka", "postgresql")
    )
