"""Which dialect speaks to a database."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.records.dialect import Dialect
from bulkdelete.records.mariadb.dialect import MariaDB
from bulkdelete.records.postgresql.dialect import PostgreSQL
from bulkdelete.records.sqlite.dialect import SQLite


def dialect_of(url: sa.URL) -> Dialect:
    """What speaks to the database of this address."""
    match url.get_backend_name():
        case "sqlite":
            return SQLite()
        case "mariadb" | "mysql":
            return MariaDB()
        case _:
            return PostgreSQL()
