"""MariaDB and MySQL: connections, transactions, and what errors mean (spec/databases.md §1, §3)."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pymysql
import sqlalchemy as sa
from pymysql.constants import SERVER_STATUS

from bulkdelete.domain.ledger_place import LedgerPlace
from bulkdelete.records.dialect import TableName
from bulkdelete.records.fault import Fault
from bulkdelete.records.mariadb.faults import fault_of
from bulkdelete.records.savepoints import Savepoints
from bulkdelete.records.work_tables import WorkTables

ALWAYS = (
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET autocommit=0, innodb_lock_wait_timeout=1, lock_wait_timeout=2, foreign_key_checks=1, unique_checks=1, "
    "sql_safe_updates=0, sql_auto_is_null=0, time_zone='+00:00', group_concat_max_len=16777216, sql_big_selects=1, "
    "sql_mode='STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
)

WHERE_KNOWN = (
    "innodb_snapshot_isolation=0",
    "idle_transaction_timeout=10",
    "sql_select_limit=DEFAULT",
    "information_schema_stats_expiry=0",  # else MySQL tells the sizes of yesterday
)
"""Settings that not every version knows."""

STATEMENT_SECONDS = 10.0

UNKNOWN_VARIABLE = 1193


def prepare(connection: Any, _record: object) -> None:
    """Settings of a new connection, whatever the server's defaults are."""
    with connection.cursor() as cursor:
        for statement in ALWAYS:
            cursor.execute(statement)
        for setting in WHERE_KNOWN:
            with suppress(pymysql.err.OperationalError):
                cursor.execute(f"SET SESSION {setting}")
        limit(cursor, STATEMENT_SECONDS)
    connection.commit()


def limit(cursor: Any, seconds: float) -> None:
    """How long a statement may take; on MySQL that can be said of questions only."""
    try:
        cursor.execute(f"SET SESSION max_statement_time={seconds}")
    except pymysql.err.OperationalError as error:
        if error.args[0] != UNKNOWN_VARIABLE:
            raise
        cursor.execute(f"SET SESSION max_execution_time={int(seconds * 1000)}")


class MariaDBSessions(Savepoints):
    """Connections to MariaDB and MySQL."""

    ledger_place = LedgerPlace(prefix="bulkdelete_")
    has_schemas = True

    def __init__(self) -> None:
        self.ours: set[TableName] = set()
        self.work_tables = WorkTables(None, prefixes=["TEMPORARY"], options={"mysql_engine": "InnoDB"}, inline=True)

    def engine(self, url: sa.URL) -> sa.Engine:
        """Connections with bounded waits; a password that the address lacks comes from where the clients keep it."""
        arguments: dict[str, Any] = {
            "connect_timeout": 5, "read_timeout": 30, "write_timeout": 30, "charset": "utf8mb4",
            "program_name": "bulkdelete",
        }  # fmt: skip
        if url.password is None:
            options = Path("~/.my.cnf").expanduser()
            if password := os.environ.get("MYSQL_PWD"):
                arguments["password"] = password
            elif options.is_file() and "read_default_file" not in url.query:
                arguments["read_default_file"] = str(options)
        # One driver for both servers: it finds out which of them answers.
        engine = sa.create_engine(
            url.set(drivername="mysql+pymysql"), pool_size=8, max_overflow=4, connect_args=arguments
        )
        sa.event.listen(engine, "connect", prepare)
        return engine

    @contextmanager
    def transaction(self, engine: sa.Engine, snapshot: bool = False) -> Iterator[sa.Connection]:
        """READ COMMITTED: whatever must be the same in two statements is held by the first."""
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("START TRANSACTION")
            yield connection

    @contextmanager
    def reading(self, engine: sa.Engine, seconds: float, snapshot: bool = False) -> Iterator[sa.Connection]:
        """A reader whose statements are ended by the server after so long.

        With repeatable reads what fills a temporary table would lock the rows that it reads: so never a snapshot.
        """
        with engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            with driver.cursor() as cursor:
                limit(cursor, seconds)
            try:
                yield connection
            finally:
                if not connection.invalidated:
                    connection.rollback()
                    with driver.cursor() as cursor:
                        limit(cursor, STATEMENT_SECONDS)

    def between(self, engine: sa.Engine) -> None:
        """The server purges by itself."""

    def is_alive(self, connection: sa.Connection) -> bool:
        """A deadlock ends the transaction, and the next statement would silently begin another one."""
        if connection.invalidated:
            return False
        driver: Any = connection.connection.dbapi_connection
        try:
            # An error tells nothing of the transaction; what follows it does.
            with driver.cursor() as cursor:
                cursor.execute("DO 0")
        except pymysql.MySQLError:
            return False
        return bool(driver.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def fault(self, error: BaseException) -> Fault:
        """By the server's number."""
        return fault_of(error)

    def now(self) -> sa.ColumnElement[datetime.datetime]:
        """The server's clock, in UTC since the session is."""
        return sa.literal_column("SYSDATE(6)", sa.DateTime)

    def read_clock(self, value: Any) -> datetime.datetime:
        """An instant in UTC."""
        found: datetime.datetime = value
        return found.replace(tzinfo=datetime.UTC)

    def work_table(self, connection: sa.Connection, name: str, columns: Sequence[sa.Column[Any]]) -> sa.Table:
        """A temporary table, made anew where one is left from a batch before."""
        work = self.work_tables.made(connection, name, columns)
        connection.exec_driver_sql(f"DROP TEMPORARY TABLE IF EXISTS {work.table.name}")
        for statement in work.ddl:
            connection.exec_driver_sql(statement)
        return work.table
