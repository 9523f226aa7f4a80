"""The demonstration CRM in a MariaDB or MySQL database."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, CreateTable

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.records.mariadb.dialect import MariaDB
from bulkdelete.service.crm.rows import Row
from bulkdelete.service.crm.schema import COMMENT

PIECE = 5_000
"""Records in one statement."""


def make_mariadb(url: sa.URL, crm: sa.MetaData, rows: dict[str, Iterator[Row]]) -> int:
    """Make the tables anew; references last, which is quicker."""
    engine = MariaDB().engine(url)
    with engine.connect() as connection:
        drop_ours(connection, crm)
        count = 0
        for entity in crm.tables.values():
            connection.execute(CreateTable(entity, include_foreign_key_constraints=[]))
            for index in sorted(entity.indexes, key=lambda one: str(one.name)):
                index.create(connection)
            count += load(connection, entity, rows[entity.name])
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        for entity in crm.tables.values():
            for key in entity.foreign_key_constraints:
                connection.execute(AddConstraint(key))
        connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(crm.tables)}").all()
    engine.dispose()
    return count


def load(connection: sa.Connection, entity: sa.Table, rows: Iterator[Row]) -> int:
    """Load records; returns how many."""
    marks = ", ".join(["%s"] * len(entity.columns))
    count = 0
    while some := list(islice(rows, PIECE)):
        connection.exec_driver_sql(f"INSERT INTO {entity.name} VALUES ({marks})", some)
        count += len(some)
    connection.commit()
    return count


def drop_ours(connection: sa.Connection, crm: sa.MetaData) -> None:
    """Drop the tables of an earlier demo. Raises InvalidJobError where a table of that name is another one."""
    comments = sa.text(
        "SELECT TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN :names"
    ).bindparams(sa.bindparam("names", expanding=True))
    found = [tuple(row) for row in connection.execute(comments, {"names": list(crm.tables)})]
    for name, comment in found:
        if comment != COMMENT:
            raise InvalidJobError(
                f'the database has a table "{name}" that the demo did not make: give it an empty database', "--database"
            )
    if found:
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        connection.exec_driver_sql(f"DROP TABLE {', '.join(name for name, _ in found)}")
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
