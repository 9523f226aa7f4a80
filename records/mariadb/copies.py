"""MySQL opens a temporary table once a statement (error 1137): whatever names it again gets a copy of it.

MariaDB has no such limit. Copies are made just before the statement, so they hold what the table holds then.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mysql.base import MySQLDialect

WORK = r"bulkdelete_(?:closure_\d+|foreseen_\d+|failing)"
REFERENCE = re.compile(rf"%\([^)]*\)s|`(?:[^`]|``)*`|'(?:[^'\\]|''|\\.)*'|\b({WORK})\b(?!\.)(?P<named> AS\b)?")
"""A work table where a statement reads or writes it: before a point it only tells whose column is meant.

What is quoted is passed over: an identifier of somebody else's may hold anything. So are the places of values, which
are named after columns: a quote there opens nothing.
"""


CHANGED = re.compile(
    r"(?P<verb>DELETE|UPDATE)(?: FROM (?P<name>(?:`(?:[^`]|``)*`|[\w.])+) USING (?P=name)| (?:`(?:[^`]|``)*`|[\w.])+), "
    r"(?P<table>bulkdelete_(?:closure_\d+|held_first))\b(?: AS (?P<alias>\w+))?"
)
"""`DELETE FROM t USING t, work …` and `UPDATE t, work …`."""


def is_mysql(connection: sa.Connection) -> bool:
    """Which of the two answers: by what it says of its version, whatever the address says."""
    return isinstance(connection.dialect, MySQLDialect) and not connection.dialect.is_mariadb


def too_old(dialect: sa.Dialect) -> str | None:
    """Why a server cannot be deleted from: it must know `SKIP LOCKED`, `NOWAIT`, and what it numbers rows by."""
    if not isinstance(dialect, MySQLDialect) or dialect.server_version_info is None:
        return None
    name, least = ("MariaDB", (10, 6)) if dialect.is_mariadb else ("MySQL", (8, 0))
    if dialect.server_version_info[:2] >= least:
        return None
    version = ".".join(map(str, dialect.server_version_info))
    return f"{name} {version} is too old: {'.'.join(map(str, least))} or newer is needed"


def open_once(
    connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    """Before a statement runs: the same one, with a copy in place of a work table that it names again."""
    if "bulkdelete_" not in statement or not is_mysql(connection):
        return statement, parameters
    seen: dict[str, int] = {}

    def once(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return found[0]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 1:
            return found[0]
        # The first one may be written to. Others keep the name by which their columns are called.
        return f"{copy_name(name, seen[name])} AS" + ("" if found["named"] else f" {name}")

    statement = led_by_work_table(REFERENCE.sub(once, statement))
    for name, times in seen.items():
        for at in range(2, times + 1):
            copy(connection, name, copy_name(name, at))
    return statement, parameters


def led_by_work_table(statement: str) -> str:
    """A statement that changes records named by a work table, told to begin there.

    Of a small table MySQL would read every record, and wait for those that somebody else holds.
    """
    found = CHANGED.match(statement)
    if found is None:
        return statement
    return f"{found['verb']} /*+ JOIN_PREFIX({found['alias'] or found['table']}) */{statement[found.end('verb') :]}"


def copy_name(name: str, at: int) -> str:
    """How the copy is called that stands for the table where it is named once more."""
    return f"{name}_{at}"


def copy(connection: sa.Connection, name: str, copied: str) -> None:
    """Make the copy anew; none of these statements commits."""
    for statement in (
        f"DROP TEMPORARY TABLE IF EXISTS {copied}",
        f"CREATE TEMPORARY TABLE {copied} LIKE {name}",
        f"INSERT INTO {copied} SELECT * FROM {name}",
    ):
        connection.exec_driver_sql(statement)
