"""The command line as people use it: processes of their own, with a state folder of their own."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from tests.faults.processes import begin

PATIENCE = 240.0
"""Seconds after which a command that does not end has failed; never a measure of speed."""


@dataclass(frozen=True)
class Ended:
    """A command that ended by itself."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The JSON on stdout."""
        assert self.out, f"nothing on stdout, exit code {self.code}: {self.err[-2000:]}"
        return json.loads(self.out)


@dataclass
class Started:
    """A command that is running, in a process of its own."""

    arguments: tuple[str, ...]
    folder: Path
    process: ForkServerProcess = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        number = len(list(self.folder.glob("*.out")))
        self.out, self.err = self.folder / f"{number}.out", self.folder / f"{number}.err"
        self.out.touch()
        self.process = begin(self.arguments, self.out, self.err)

    @property
    def is_running(self) -> bool:
        return self.process.is_alive()

    def send(self, number: signal.Signals) -> None:
        """A signal, where it still runs."""
        if self.is_running and self.process.pid:
            os.kill(self.process.pid, number)

    def kill(self) -> bool:
        """Kill it at once, as a power cut would; whether it was still running."""
        self.process.kill()
        self.process.join(PATIENCE)
        return self.process.exitcode == -signal.SIGKILL

    def ended(self, seconds: float = PATIENCE) -> Ended:
        """Wait for its end; a command that hangs is killed, and a failure."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.kill()
            raise AssertionError(f"{self.arguments} hangs; it said: {self.texts()[1][-2000:]}")
        return Ended(self.process.exitcode, *self.texts())

    def texts(self) -> tuple[str, str]:
        """What it printed so far."""
        return text_of(self.out), text_of(self.err)


@dataclass(frozen=True)
class Shell:
    """A folder to run commands in: its job files, its state."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def job(self, value: dict[str, Any], name: str = "job.json") -> Path:
        """A job file."""
        path = self.folder / name
        path.write_text(json.dumps(value))
        return path

    def start(self, *arguments: str | Path, state: Path | None = None) -> Started:
        """Begin a command."""
        given = (*map(str, arguments), "--state", str(state or self.state))
        return Started(given, self.folder / "said")

    def ask(self, *arguments: str | Path, state: Path | None = None) -> Ended:
        """A command to its end."""
        return self.start(*arguments, state=state).ended()

    def start_run(self, job: Path, address: str, *more: str) -> Started:
        """Begin to run a job without being asked."""
        return self.start("run", job, "--database", address, "--yes", "--json", *more)

    def run(self, job: Path, address: str, *more: str) -> Ended:
        """Run a job to its end."""
        return self.start_run(job, address, *more).ended()

    def start_resume(self, address: str, *more: str) -> Started:
        """Begin to go on. The address is given again, for its password."""
        return self.start("run", *more, "--resume", "--database", address, "--json")

    def resume(self, address: str, *more: str) -> Ended:
        """Go on to the end."""
        return self.start_resume(address, *more).ended()

    def answer(self, *arguments: str | Path) -> Any:
        """The JSON that a reading command answers."""
        ended = self.ask(*arguments, "--json")
        assert ended.code == 0, ended.err
        return ended.answer


def text_of(path: Path) -> str:
    """A file's text, where there is one yet."""
    return path.read_text(errors="replace") if path.exists() else ""


def wait_until(condition: Callable[[], Any], seconds: float = 60.0, running: Sequence[Started] = ()) -> None:
    """Wait for something to become true; a command that ends meanwhile is a failure."""
    deadline = time.monotonic() + seconds
    while not condition():
        for one in running:
            assert one.is_running, f"it ended too early: {one.texts()}"
        assert time.monotonic() < deadline, f"it did not happen in {seconds} s"
        time.sleep(0.005)
