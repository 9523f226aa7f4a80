"""Opening an event store, also while other processes make the same one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from eventsourcing.persistence import PersistenceError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random_exponential

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import UnavailableError

PREFIX = f"{BulkDeletes.name.upper()}_"
"""Of the library's settings: without it those of another application would be found."""


@retry(
    retry=retry_if_exception(lambda error: getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY),
    stop=stop_after_delay(15),
    wait=wait_random_exponential(0.02, max=0.5),
    reraise=True,
)
def write_ahead(path: str) -> None:
    """A new file gets its journal mode: of two processes at it SQLite refuses one at once, whatever its time-out."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()


def opened(environment: dict[str, str], shown: str) -> BulkDeletes:
    """The event store of these settings. Raises UnavailableError where it cannot be reached."""
    try:
        if path := environment.get(f"{PREFIX}SQLITE_DBNAME"):
            write_ahead(path)
        return BulkDeletes(env=environment)
    except (PersistenceError, sqlite3.Error) as error:
        # Processes that start together may make the same tables at once: who comes second tries again.
        raise UnavailableError(f"the event store {shown} cannot be opened: {error!s:.300}") from error
