"""Pool: letting go of all connections to a database, those that are in use included."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry


def close_pool(engine: sa.Engine) -> None:
    """Close what is idle now, and what a thread still works with as soon as that gives it back."""
    sa.event.listen(engine.pool, "checkin", close_returned)
    engine.dispose()


def close_returned(connection: DBAPIConnection | None, _record: ConnectionPoolEntry) -> None:
    """Close what comes back to a pool that is no more: nobody would take it from there again."""
    if connection is not None:
        connection.close()
