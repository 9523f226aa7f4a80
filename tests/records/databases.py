"""Databases that a test makes, fills, and holds against what the log says."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pymysql
from pymysql.constants import CLIENT
from sqlalchemy.engine import make_url

from bulkdelete.records.postgresql.sessions import DEFAULT_PLACE
from tests.records.mysql_statements import as_mysql

Key = str | tuple[str, ...]


class Database(ABC):
    """A database of one test. `schema` and `rows` speak SQL; `keys` tells which records there are."""

    name: ClassVar[str]
    """What its SQL is; MySQL's is MariaDB's."""
    server: ClassVar[str]
    address: str

    @abstractmethod
    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement, committed; returns its rows."""

    @abstractmethod
    def script(self, sql: str) -> None:
        """Run many statements."""

    @abstractmethod
    def tables(self) -> dict[str, list[str]]:
        """Every table and its primary key, ours left out; tables without one are counted by whole rows."""

    @abstractmethod
    def keys(self, table: str, key: list[str]) -> set[Key]:
        """The keys of all records, as the database prints them."""

    def state(self) -> dict[str, set[Key]]:
        """Which records there are."""
        return {table: self.keys(table, key) for table, key in self.tables().items()}

    def count(self, table: str) -> int:
        """How many records there are."""
        return int(self.execute(f"SELECT count(*) FROM {table}")[0][0])

    @abstractmethod
    def series(self, records: int) -> str:
        """A table `s` of one column `i`, from 1 up, to select from."""

    def ids(self, table: str) -> list[Any]:
        """All values of `id`, in order."""
        return [row[0] for row in self.execute(f"SELECT id FROM {table} ORDER BY id")]


class SQLiteDatabase(Database):
    """A file."""

    name = server = "sqlite"

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;")
        self.address = f"sqlite:///{path}"

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, values).fetchall()

    def script(self, sql: str) -> None:
        self.connection.executescript(sql)

    def series(self, records: int) -> str:
        return (
            f"(WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {records}) SELECT i FROM c) s"
        )

    def tables(self) -> dict[str, list[str]]:
        names = self.execute(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' "
            "AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE 'bulkdelete!_%' ESCAPE '!'"
        )
        key = "SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk"
        return {name: [row[0] for row in self.execute(key, name)] for (name,) in names}

    def keys(self, table: str, key: list[str]) -> set[Key]:
        columns = [
            f"CASE typeof({one}) WHEN 'blob' THEN lower(hex({one})) ELSE CAST({one} AS TEXT) END"
            for one in map(quoted, key)
        ] or ["rowid"]
        return as_keys(self.execute(f"SELECT {', '.join(columns)} FROM {quoted(table)}"))


class PostgreSQLDatabase(Database):
    """A database of a server that tests share."""

    name = server = "postgresql"

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.places: dict[str, tuple[str, str]] = {}
        self.address = url

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(sql.replace("?", "%s").encode() if values else sql.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def script(self, sql: str) -> None:
        self.connection.execute(sql.encode())

    def series(self, records: int) -> str:
        return f"generate_series(1, {records}) s(i)"

    def tables(self) -> dict[str, list[str]]:
        found = self.execute(
            "SELECT n.nspname, c.relname, coalesce((SELECT array_agg(a.attname::text ORDER BY k.at) FROM pg_index i, "
            "unnest(i.indkey) WITH ORDINALITY k(attnum, at), pg_attribute a WHERE i.indrelid = c.oid "
            "AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum), '{}') FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition "
            f"AND n.nspname NOT IN ('pg_catalog', 'information_schema', '{DEFAULT_PLACE.schema}')"
        )
        self.places = {
            (name if schema == "public" else f"{schema}.{name}"): (schema, name) for schema, name, _ in found
        }
        return {(name if schema == "public" else f"{schema}.{name}"): key for schema, name, key in found}

    def keys(self, table: str, key: list[str]) -> set[Key]:
        columns = [f"{quoted(one)}::text" for one in key] or ["ctid::text"]
        place = ".".join(map(quoted, self.places[table]))
        return as_keys(self.execute(f"SELECT {', '.join(columns)} FROM {place}"))

    def empty(self) -> None:
        """Remove everything that an earlier test made."""
        for (name,) in self.execute("SELECT pubname FROM pg_publication"):
            self.script(f"DROP PUBLICATION {quoted(name)}")
        for (name,) in self.execute(
            "SELECT nspname FROM pg_namespace "
            "WHERE nspname NOT LIKE 'pg!_%' ESCAPE '!' AND nspname <> 'information_schema'"
        ):
            self.script(f"DROP SCHEMA {quoted(name)} CASCADE")
        self.script("CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO public")


class MariaDBDatabase(Database):
    """A database of a server that tests share; its SQL is standard SQL here, names in double quotes."""

    name = server = "mariadb"

    def __init__(self, url: str) -> None:
        place = make_url(url)
        self.connection = pymysql.connect(
            host=place.host, port=place.port or 3306, user=place.username, password=place.password or "",
            database=place.database, charset="utf8mb4", autocommit=True,
            client_flag=CLIENT.MULTI_STATEMENTS,
        )  # fmt: skip
        self.address = url
        self.script("SET sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT,STRICT_TRANS_TABLES', time_zone='+00:00'")

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql.replace("?", "%s") if values else sql, values or None)
            return list(cursor.fetchall())

    def script(self, sql: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            while cursor.nextset():
                pass

    def series(self, records: int) -> str:
        return f"(SELECT seq AS i FROM seq_1_to_{records}) s"

    def tables(self) -> dict[str, list[str]]:
        found = self.execute(
            "SELECT t.TABLE_NAME, s.COLUMN_NAME FROM information_schema.TABLES t "
            "LEFT JOIN information_schema.STATISTICS s ON s.TABLE_SCHEMA = t.TABLE_SCHEMA "
            "AND s.TABLE_NAME = t.TABLE_NAME AND s.INDEX_NAME = 'PRIMARY' "
            "WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE LIKE '%%TABLE%%' AND t.TABLE_NAME NOT LIKE "
            "'bulkdelete!_%%' ESCAPE '!' AND ? ORDER BY 1, s.SEQ_IN_INDEX",
            1,
        )
        keys: dict[str, list[str]] = {}
        for table, column in found:
            keys.setdefault(table, []).extend([column] if column else [])
        return keys

    def keys(self, table: str, key: list[str]) -> set[Key]:
        types = dict(
            self.execute(
                "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
                "AND TABLE_NAME = ?",
                table,
            )
        )
        text = {"bit": "CAST({} + 0 AS CHAR)"} | dict.fromkeys(("binary", "varbinary", "blob"), "lower(hex({}))")
        columns = [text.get(types[one], "CAST({} AS CHAR)").format(quoted(one)) for one in key] or ["''"]
        return as_keys(self.execute(f"SELECT {', '.join(columns)} FROM {quoted(table)}"))

    def empty(self) -> None:
        """Remove everything that an earlier test made."""
        name = make_url(self.address).database
        self.script(f'DROP DATABASE "{name}"; CREATE DATABASE "{name}"; USE "{name}"')


class MySQLDatabase(MariaDBDatabase):
    """The same of MySQL, which knows no sequences."""

    server = "mysql"

    def script(self, sql: str) -> None:
        super().script(as_mysql(sql))

    def series(self, records: int) -> str:
        self.script("SET cte_max_recursion_depth = 10000000")
        return (
            f"(WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {records}) SELECT i FROM c) s"
        )


def quoted(name: str) -> str:
    """A name as SQL needs it."""
    return '"' + name.replace('"', '""') + '"'


def as_keys(rows: Iterable[tuple[Any, ...]]) -> set[Key]:
    """Keys as the audit gives them: one text, or several in key order."""
    return {str(row[0]) if len(row) == 1 else tuple(str(part) for part in row) for row in rows}
