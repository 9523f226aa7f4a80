"""PostgreSQL: connections, transactions, and what errors mean (spec/databases.md §1, §2)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa

from bulkdelete.domain.ledger_place import LedgerPlace
from bulkdelete.records.dialect import TableName
from bulkdelete.records.fault import Fault
from bulkdelete.records.postgresql.faults import fault_of
from bulkdelete.records.savepoints import Savepoints
from bulkdelete.records.work_tables import WorkTables

DEFAULT_PLACE = LedgerPlace("bulkdelete_state")
"""Not `bulkdelete`: to a role of that name it would be the default schema, before `public`."""

SETTINGS = (
    "BEGIN ISOLATION LEVEL {level}; SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL lock_timeout = '200ms'; "
    "SET LOCAL statement_timeout = '{statement}'; SET LOCAL idle_in_transaction_session_timeout = '10s'; "
    "SET LOCAL synchronous_commit = on; SET LOCAL row_security = off; SET LOCAL timezone = 'UTC'; "
    "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex'; "
    "SET LOCAL extra_float_digits = 1; SET LOCAL standard_conforming_strings = on"
)
"""Transaction-local, so that they survive a pooler; the constraints before any savepoint, which would undo it."""


def begin_by_ourselves(connection: Any, _record: object) -> None:
    """Keep the driver from sending a BEGIN of its own: each round trip costs the more, the busier the server is."""
    connection.autocommit = True


class PostgreSQLSessions(Savepoints):
    """Connections to PostgreSQL."""

    ledger_place = DEFAULT_PLACE
    has_schemas = True

    def __init__(self) -> None:
        self.ours: set[TableName] = set()
        self.work_tables = WorkTables("pg_temp", prefixes=["TEMPORARY"], options={"postgresql_on_commit": "DROP"})

    def engine(self, url: sa.URL) -> sa.Engine:
        """Connections that say who they are and notice a dead server."""
        arguments = {
            "application_name": "bulkdelete", "connect_timeout": 5, "target_session_attrs": "read-write",
            "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
            "prepare_threshold": None,
        }  # fmt: skip
        engine = sa.create_engine(url, pool_size=8, max_overflow=4, connect_args=arguments)
        sa.event.listen(engine, "connect", begin_by_ourselves)
        return engine

    @contextmanager
    def transaction(self, engine: sa.Engine, snapshot: bool = False) -> Iterator[sa.Connection]:
        """READ COMMITTED, said explicitly since a role may default to something else; or one snapshot for all."""
        level = "REPEATABLE READ" if snapshot else "READ COMMITTED"
        with engine.begin() as connection:
            self.prepare(connection, level, "5s")
            yield connection

    @contextmanager
    def reading(self, engine: sa.Engine, seconds: float, snapshot: bool = False) -> Iterator[sa.Connection]:
        """A reader whose statements are ended by the server after so long."""
        with engine.connect() as connection, connection.begin() as transaction:
            level = "REPEATABLE READ" if snapshot else "READ COMMITTED"
            self.prepare(connection, level, f"{int(seconds * 1000)}ms")
            yield connection
            transaction.rollback()

    def between(self, engine: sa.Engine) -> None:
        """The server checkpoints by itself."""

    def prepare(self, connection: sa.Connection, level: str, statement: str) -> None:
        """BEGIN and the first statements of every transaction, in one round trip."""
        connection.exec_driver_sql(SETTINGS.format(level=level, statement=statement))

    def is_alive(self, connection: sa.Connection) -> bool:
        """A transaction that failed lives until it is rolled back to a savepoint."""
        if connection.invalidated:
            return False
        driver: Any = connection.connection.dbapi_connection
        return not driver.closed and driver.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    def fault(self, error: BaseException) -> Fault:
        """By SQLSTATE."""
        return fault_of(error)

    def now(self) -> sa.ColumnElement[datetime.datetime]:
        """The server's clock at this very moment."""
        return sa.func.clock_timestamp()

    def read_clock(self, value: Any) -> datetime.datetime:
        """An instant in UTC."""
        found: datetime.datetime = value
        return found.astimezone(datetime.UTC)

    def work_table(self, connection: sa.Connection, name: str, columns: Sequence[sa.Column[Any]]) -> sa.Table:
        """A temporary table that goes with the transaction, so that a pooler's next client never sees it."""
        work = self.work_tables.made(connection, name, columns)
        for statement in work.ddl:
            connection.exec_driver_sql(statement)
        return work.table
