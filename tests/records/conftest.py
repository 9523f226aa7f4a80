"""Databases and sessions for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.records.databases import Database, MariaDBDatabase, MySQLDatabase, PostgreSQLDatabase, SQLiteDatabase
from tests.records.kinds_of_server import EVERY, later_cases_on_mysql
from tests.records.sessions import Session, session_on
from tests.servers.mariadb import MariaDB
from tests.servers.mysql import MySQL
from tests.servers.postgresql import PostgreSQL


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the long tests what is tried on MySQL once more."""
    here = Path(__file__).parent
    for one in later_cases_on_mysql(item for item in items if item.path.parent == here):
        one.add_marker(pytest.mark.long)


@pytest.fixture(params=EVERY)
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database, of each kind in turn."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    """An empty SQLite file."""
    database = SQLiteDatabase(tmp_path / "target.db")
    yield database
    database.connection.close()


@pytest.fixture(scope="session")
def shared_postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """One database for all tests of this folder: emptying it is quicker than making another."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
def postgresql_database(shared_postgresql_url: str) -> Iterator[PostgreSQLDatabase]:
    """An empty PostgreSQL database."""
    database = PostgreSQLDatabase(shared_postgresql_url)
    database.empty()
    yield database
    database.connection.close()


@pytest.fixture(scope="session")
def shared_mariadb_url(mariadb: MariaDB) -> Iterator[str]:
    """One database for all tests of this folder."""
    with mariadb.database() as url:
        yield url


@pytest.fixture
def mariadb_database(shared_mariadb_url: str) -> Iterator[MariaDBDatabase]:
    """An empty MariaDB database."""
    database = MariaDBDatabase(shared_mariadb_url)
    database.empty()
    yield database
    database.connection.close()


@pytest.fixture(scope="session")
def shared_mysql_url(mysql: MySQL) -> Iterator[str]:
    """One database for all tests of this folder."""
    with mysql.database() as url:
        yield url


@pytest.fixture
def mysql_database(shared_mysql_url: str) -> Iterator[MySQLDatabase]:
    """An empty MySQL database."""
    database = MySQLDatabase(shared_mysql_url)
    database.empty()
    yield database
    database.connection.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session on the database of the test."""
    with session_on(database) as session:
        yield session
