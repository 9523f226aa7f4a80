"""The event store: which library settings an address means."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import psycopg
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType, get_topic
from psycopg.conninfo import conninfo_to_dict

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.operation import Operation
from bulkdelete.service.configuration import Problem, SettingsError
from bulkdelete.service.event_recorder import BinaryCursor, EventRecorder
from bulkdelete.service.opening import PREFIX, opened
from bulkdelete.service.urls import Url

CONNECTION = "POSTGRES_CONNECTION"
BOUNDS = {
    "application_name": "bulkdelete event store", "connect_timeout": 5, "target_session_attrs": "read-write",
    "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
}  # fmt: skip
"""A dead server is noticed; whoever looks at the server sees who is connected."""


class PostgreSQLFactory(PostgresFactory):
    """The library's store, with everything that the address says (TLS, options), which the library leaves out."""

    application_recorder_class = EventRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        kwargs = self.datastore.pool.kwargs
        assert isinstance(kwargs, dict)
        kwargs.update(json.loads(self.env.get(CONNECTION) or "{}"), cursor_factory=BinaryCursor)


def event_store_environment(url: Url) -> dict[str, str]:
    """What `BulkDeletes(env=…)` takes for an event store at this address. Raises SettingsError."""
    settings = of_sqlite(url) if url.scheme == "sqlite" else of_postgresql(url)
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


def of_postgresql(url: Url) -> dict[str, str]:
    """PostgreSQL: shared by all processes."""
    try:
        given: dict[str, Any] = conninfo_to_dict("postgresql://" + url.secret.partition("://")[2])
    except psycopg.ProgrammingError:
        # libpq's own text may quote a piece of the password.
        reason = "is no address of a PostgreSQL; special characters are written as %XX"
        raise SettingsError([Problem("event_store", str(url), reason)]) from None
    known = {name: str(given.pop(name, "") or "") for name in ("dbname", "host", "port", "user", "password")}
    # The library passes an empty password on, which hides libpq's own variable.
    known["password"] = known["password"] or os.environ.get("PGPASSWORD", "")
    return {
        "PERSISTENCE_MODULE": "bulkdelete.service.event_store:PostgreSQLFactory",
        **{f"POSTGRES_{name.upper()}": value for name, value in known.items()},
        CONNECTION: json.dumps({**BOUNDS, **given}),
        "POSTGRES_POOL_SIZE": "2",
        "POSTGRES_MAX_OVERFLOW": "14",
        # The library tries ten times: seconds for a connection are kept few, so that no handler waits for minutes.
        "POSTGRES_CONNECT_TIMEOUT": "2",
        "POSTGRES_LOCK_TIMEOUT": "5",
        "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT": "15",
        "POSTGRES_PRE_PING": "y",
    }


def open_event_store(url: Url) -> BulkDeletes:
    """The event store, its tables made where they are missing. Raises UnavailableError where it cannot be reached."""
    # The library knows the topic of a snapshot only in a process that took one; others could not read it.
    get_topic(Operation.Snapshot)
    return opened(event_store_environment(url), str(url))
