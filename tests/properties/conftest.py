"""One database of each kind for all cases: dropping tables is quicker than making another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.records.databases import Database, MariaDBDatabase, MySQLDatabase, PostgreSQLDatabase, SQLiteDatabase
from tests.servers.mariadb import MariaDB
from tests.servers.mysql import MySQL
from tests.servers.postgresql import PostgreSQL

DATABASES = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
    pytest.param("mysql", marks=[pytest.mark.mysql, pytest.mark.long]),
]
"""Each has a fixture of its name; MySQL's rendering and behaviour are MariaDB's."""


@pytest.fixture(scope="session", params=DATABASES)
def database(request: pytest.FixtureRequest) -> Database:
    """A database for one case after the other, of each kind in turn."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture(scope="session")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLiteDatabase]:
    """A file."""
    database = SQLiteDatabase(tmp_path_factory.mktemp("properties") / "target.db")
    yield database
    database.connection.close()


@pytest.fixture(scope="session")
def postgresql_database(postgresql: PostgreSQL) -> Iterator[PostgreSQLDatabase]:
    """A database of the server that all tests share."""
    with postgresql.database() as url:
        database = PostgreSQLDatabase(url)
        yield database
        database.connection.close()


@pytest.fixture(scope="session")
def mariadb_database(mariadb: MariaDB) -> Iterator[MariaDBDatabase]:
    """A database of the server that all tests share."""
    with mariadb.database() as url:
        database = MariaDBDatabase(url)
        yield database
        database.connection.close()


@pytest.fixture(scope="session")
def mysql_database(mysql: MySQL) -> Iterator[MySQLDatabase]:
    """A database of the server that all tests share."""
    with mysql.database() as url:
        database = MySQLDatabase(url)
        yield database
        database.connection.close()
