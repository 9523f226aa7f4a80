"""One server of each kind for all workers of a test run: the process that leads them starts it, when one asks.

Without workers (no `-n`) nothing of this happens. Whoever starts a server ends it, so that must be the process that
outlives all the others.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

import pytest

from tests.servers.errors import ServerFailedError, ServerUnavailableError

Ways = Mapping[str, Callable[[], AbstractContextManager[str]]]
"""How a server of each kind is had, as its address."""

PLACE = "servers_are_shared_at"
"""Where a worker finds it in its input."""
LEADER = pytest.StashKey["Sharing"]()
ERRORS = {kind.__name__: kind for kind in (ServerUnavailableError, ServerFailedError)}


class Sharing:
    """In the process that leads: starts what workers ask for, once each, and ends all of it in the end."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._answers: dict[str, tuple[str, str]] = {}
        self._locks = {kind: threading.Lock() for kind in ways}
        self._started = ExitStack()
        folder = self._started.enter_context(tempfile.TemporaryDirectory(prefix="bulkdelete-servers-"))
        self.place = str(Path(folder) / "socket")
        self._listener = self._started.enter_context(Listener(self.place, "AF_UNIX"))
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """End every server."""
        with ExitStack() as nobody_starts_one:
            for lock in self._locks.values():
                nobody_starts_one.enter_context(lock)
            self._answers = dict.fromkeys(self._ways, ("ServerUnavailableError", "the test run is over"))
        self._started.close()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                threading.Thread(target=self._answer, args=[self._listener.accept()], daemon=True).start()

    def _answer(self, asked: Connection) -> None:
        with suppress(EOFError, OSError), asked:  # a worker that died waits for nothing
            asked.send(self.had(asked.recv()))

    def had(self, kind: str) -> tuple[str, str]:
        """A server's address after an empty text; or the name of the error, and what it says."""
        with self._locks[kind]:
            if kind not in self._answers:
                try:
                    self._answers[kind] = "", self._started.enter_context(self._ways[kind]())
                except Exception as error:  # told to the worker, whatever it is
                    name = type(error).__name__
                    known = name in ERRORS
                    self._answers[kind] = name if known else "ServerFailedError", str(error) if known else repr(error)
            return self._answers[kind]


def asked_of(place: str, kind: str) -> str:
    """In a worker: the address of a server of that kind. Raises ServerUnavailableError and ServerFailedError."""
    with Client(place, "AF_UNIX") as leader:
        leader.send(kind)
        answer: tuple[str, str] = leader.recv()
    error, text = answer
    if error:
        raise ERRORS[error](text)
    return text


def led(config: pytest.Config, ways: Ways) -> str:
    """In the process that leads, before a worker starts: the place to ask at."""
    if LEADER not in config.stash:
        config.stash[LEADER] = sharing = Sharing(ways)
        config.add_cleanup(sharing.close)
    return config.stash[LEADER].place


def place_of(config: pytest.Config) -> str | None:
    """In a worker: the place to ask at."""
    given: dict[str, Any] = getattr(config, "workerinput", {})
    return given.get(PLACE)


@contextmanager
def addressed(found: AbstractContextManager[object], name: str) -> Iterator[str]:
    """A server's address, while it runs."""
    with found as server:
        yield str(getattr(server, name))
