"""What all servers of our own have in common."""

from __future__ import annotations

import platform
import shutil
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.servers.directories import DataDirectory
from tests.servers.errors import ServerFailedError, ServerUnavailableError
from tests.servers.ports import free_port
from tests.servers.process import Command, Process, run, tail

HOST = "127.0.0.1"
START_TIMEOUT = 120.0
POLL_INTERVAL = 0.05


class OwnServer(ABC):
    """A server that this process starts, on a port and with data of its own; it never outlives us."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, port: int | None = None, user: str | None = None) -> None:
        if platform.system() != "Linux":
            raise ServerUnavailableError(f"{self.name} is started by us on Linux only, not on {platform.system()}")
        self.port = port or free_port()
        self._user = user
        self._directory: DataDirectory | None = None
        self._process: Process | None = None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """The process to send signals to."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def directory(self) -> Path:
        """Where its data and its log are."""
        assert self._directory is not None, f"{self.name} was never started"
        return self._directory.path

    @property
    def log(self) -> Path:
        """What it printed, since its data exist."""
        return self.directory / "server.log"

    def start(self) -> None:
        """Start it and return when it serves."""
        if self.running:
            return
        first = self._directory is None
        try:
            if self._directory is None:
                self._directory = DataDirectory(self._user)
                self.prepare()
            self._process = Process(self.command(), log=self.log, directory=self.directory, user=self._user)
            self._wait_until_ready()
        except BaseException:
            self.close() if first else self.kill()
            raise

    def stop(self) -> None:
        """Stop it in good order; its data stay."""
        if self._process is not None:
            self._process.end(self.stop_signal)

    def kill(self) -> None:
        """Kill it, children and all, as a power cut would; its data stay."""
        if self._process is not None:
            self._process.end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same port with the same data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End it and remove its data."""
        self.kill()
        if self._directory is not None:
            self._directory.remove()
        self._directory = self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def prepare(self) -> None:
        """Make its data directory, once."""

    @abstractmethod
    def command(self) -> Command:
        """The program to run."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it serves."""

    def run(self, command: Command, environment: Mapping[str, str] | None = None) -> None:
        """Run a tool of this server's to its end, as the user the server runs as."""
        run(command, log=self.log, directory=self.directory, user=self._user, environment=environment)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not self.is_ready():
            if not self.running:
                raise ServerFailedError(f"{self.name} ended while starting\n{tail(self.log)}")
            if time.monotonic() > deadline:
                raise ServerFailedError(f"{self.name} not ready after {START_TIMEOUT:.0f} s\n{tail(self.log)}")
            time.sleep(POLL_INTERVAL)


def program(name: str) -> Path:
    """A program that this machine must have."""
    found = shutil.which(name)
    if found is None:
        raise ServerUnavailableError(f"`{name}` is not installed")
    return Path(found)
