"""Databases for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.records.databases import Database, MariaDBDatabase, PostgreSQLDatabase, SQLiteDatabase
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database of each kind in turn, for a whole module."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    yield found
    found.connection.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> SQLiteDatabase:
    """A file."""
    return SQLiteDatabase(tmp_path_factory.mktemp("language") / "target.db")


@pytest.fixture(scope="module")
def postgresql_database(postgresql: PostgreSQL) -> Iterator[PostgreSQLDatabase]:
    """A database of a server."""
    with postgresql.database() as url:
        yield PostgreSQLDatabase(url)


@pytest.fixture(scope="module")
def mariadb_database(mariadb: MariaDB) -> Iterator[MariaDBDatabase]:
    """A database of a server."""
    with mariadb.database() as url:
        yield MariaDBDatabase(url)
