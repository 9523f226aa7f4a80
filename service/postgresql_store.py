"""The event store on PostgreSQL."""

from __future__ import annotations

import json
import os
from typing import Any

import psycopg
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType
from psycopg.conninfo import conninfo_to_dict

from bulkdelete.service.event_recorder import BinaryCursor, EventRecorder
from bulkdelete.service.problems import Problem, SettingsError
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
        "PERSISTENCE_MODULE": "bulkdelete.service.postgresql_store:PostgreSQLFactory",
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
