"""Programs that end when we do."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.servers.errors import ServerFailedError, ServerUnavailableError

GUARD = Path(__file__).with_name("guard.py")
TAIL_LINES = 40

Command = list[str | Path]


class Process:
    """A running program under guard: its directory goes with it if we die."""

    def __init__(
        self,
        command: Command,
        *,
        log: Path,
        directory: Path,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        guard = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(directory), user or ""]
        with log.open("ab") as output:
            self._guard = subprocess.Popen(
                [*guard, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=directory,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl-C in the terminal is for us, who then stop it in good order
            )
        self.pid = self._reported_pid()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._guard.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self.running:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Its exit status, once it and all its children are gone."""
        return self._guard.wait(timeout)

    def end(self, number: signal.Signals, timeout: float = 60) -> None:
        """Ask it to end by a signal; kill it if it does not."""
        self.send(number)
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self.wait(timeout)

    def _reported_pid(self) -> int:
        assert self._guard.stdout is not None
        with self._guard.stdout as reports:
            reported = reports.readline()
        if not reported:
            self._guard.wait()
            raise ServerFailedError(f"the program could not be started\n{tail(self.log)}")
        return int(reported)


def run(
    command: Command,
    *,
    log: Path,
    directory: Path,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> None:
    """Run a program to its end, which must be a good one."""
    process = Process(command, log=log, directory=directory, user=user, environment=environment)
    try:
        status = process.wait(timeout)
    finally:
        process.end(signal.SIGKILL)
    if status != 0:
        raise ServerFailedError(f"{Path(command[0]).name} ended with status {status}\n{tail(log)}")


def tail(log: Path) -> str:
    """The last lines of a log."""
    with log.open(errors="replace") as lines:
        return "".join(deque(lines, TAIL_LINES))


def unprivileged_user() -> str | None:
    """Whom to start servers as that refuse to run as root; nobody else where we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody").pw_name
    except KeyError:
        raise ServerUnavailableError("we are root, and there is no user `nobody` to run a database as") from None
