"""Which dialect speaks to a database."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.records.dialect import Dialect


def dialect_of(url: sa.URL) -> Dialect:
    """What speaks to the database of this address. Each brings its driver along: only that one is loaded."""
    match url.get_backend_name():
        case "sqlite":
            from bulkdelete.records.sqlite.dialect import SQLite  # noqa: PLC0415

            return SQLite()
        case "mariadb" | "mysql":
            from bulkdelete.records.mariadb.dialect import MariaDB  # noqa: PLC0415

            return MariaDB()
        case _:
            from bulkdelete.records.postgresql.dialect import PostgreSQL  # noqa: PLC0415

            return PostgreSQL()
