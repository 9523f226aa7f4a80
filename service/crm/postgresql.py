"""The demonstration CRM in a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.service.crm.rows import Row
from bulkdelete.service.crm.schema import COMMENT


def make_postgresql(url: sa.URL, crm: sa.MetaData, rows: dict[str, Iterator[Row]]) -> int:
    """Make the tables anew, in one transaction; keys and indexes last, which is quicker."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        # Not where a role's own schema may come first: that may be bulkdelete's.
        connection.exec_driver_sql("SET LOCAL search_path = public; SET LOCAL timezone = 'UTC'")
        drop_ours(connection, crm)
        count = 0
        for entity in crm.tables.values():
            connection.execute(CreateTable(entity, include_foreign_key_constraints=[]))
            connection.exec_driver_sql(f"COMMENT ON TABLE {entity.name} IS '{COMMENT}'")
            count += copy(connection, entity.name, rows[entity.name])
        for entity in crm.tables.values():
            for index in sorted(entity.indexes, key=lambda one: str(one.name)):
                connection.execute(CreateIndex(index))
        for entity in crm.tables.values():
            for key in entity.foreign_key_constraints:
                connection.execute(AddConstraint(key))
        connection.exec_driver_sql(f"ANALYZE {', '.join(crm.tables)}")
    return count


def copy(connection: sa.Connection, name: str, rows: Iterator[Row]) -> int:
    """Load records; returns how many."""
    driver: Any = connection.connection.dbapi_connection
    count = 0
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as sink:
        for row in rows:
            sink.write_row(row)
            count += 1
    return count


def drop_ours(connection: sa.Connection, crm: sa.MetaData) -> None:
    """Drop the tables of an earlier demo. Raises InvalidJobError where a table of that name is another one."""
    comments = sa.text(
        "SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class c "
        "WHERE c.relname = ANY(:names) AND pg_table_is_visible(c.oid)"
    )
    found = [tuple(row) for row in connection.execute(comments, {"names": list(crm.tables)})]
    for name, comment in found:
        if comment != COMMENT:
            raise InvalidJobError(
                f'the database has a table "{name}" that the demo did not make: give it an empty database', "--database"
            )
    if found:
        connection.exec_driver_sql(f"DROP TABLE {', '.join(name for name, _ in found)} CASCADE")
