"""The event store: which library settings an address means."""

from __future__ import annotations

from pathlib import Path

from eventsourcing.utils import get_topic

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.operation import Operation
from bulkdelete.service.opening import PREFIX, opened
from bulkdelete.service.problems import Problem, SettingsError
from bulkdelete.service.urls import Url


def event_store_environment(url: Url) -> dict[str, str]:
    """What `BulkDeletes(env=…)` takes for an event store at this address. Raises SettingsError."""
    settings = of_sqlite(url) if url.scheme == "sqlite" else postgresql(url)
    # The library prefers names with the application's own prefix: nobody's PERSISTENCE_MODULE gets in the way.
    return {f"{PREFIX}{name}": value for name, value in settings.items()}


def of_sqlite(url: Url) -> dict[str, str]:
    """SQLite: one file, on one machine."""
    path = url.secret.partition("///")[2]
    if not path or ":memory:" in path:
        raise SettingsError([Problem("event_store", str(url), "an event store in SQLite is a file: sqlite:///PATH")])
    Path(path).absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "SQLITE_DBNAME": str(Path(path).absolute()),
        "SQLITE_LOCK_TIMEOUT": "15",
    }


def postgresql(url: Url) -> dict[str, str]:
    """PostgreSQL: shared by all processes."""
    # Only here: its driver takes a while to load, which a question to views on one machine need not wait for.
    from bulkdelete.service.postgresql_store import of_postgresql  # noqa: PLC0415

    return of_postgresql(url)


def open_event_store(url: Url) -> BulkDeletes:
    """The event store, its tables made where they are missing. Raises UnavailableError where it cannot be reached."""
    # The library knows the topic of a snapshot only in a process that took one; others could not read it.
    get_topic(Operation.Snapshot)
    return opened(event_store_environment(url), str(url))
