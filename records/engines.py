"""Which dialect an address means, and what becomes of connections that come back late."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from bulkdelete.records.dialect import Dialect
from bulkdelete.records.mariadb.dialect import MariaDB
from bulkdelete.records.postgresql.dialect import PostgreSQL
from bulkdelete.records.sqlite.dialect import SQLite


def dialect_of(url: sa.URL, schema: str) -> Dialect:
    """What speaks to the database of this address."""
    match url.get_backend_name():
        case "sqlite":
            return SQLite()
        case "mariadb" | "mysql":
            return MariaDB()
        case _:
            return PostgreSQL(schema)


def close_returned(connection: DBAPIConnection | None, _record: ConnectionPoolEntry) -> None:
    """Close what comes back to a pool that is no more: nobody would take it from there again."""
    if connection is not None:
        connection.close()
