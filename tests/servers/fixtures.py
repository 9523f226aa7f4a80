"""Real servers as pytest fixtures; one that cannot be had skips the test, and fails it where `CI` is true."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NoReturn, TypeVar

import pytest

from tests.servers import finding
from tests.servers.errors import ServerUnavailableError
from tests.servers.kafka import Kafka, KafkaServer
from tests.servers.mariadb import MariaDB, MariaDBServer
from tests.servers.mysql import MySQL
from tests.servers.postgresql import PostgreSQL, PostgreSQLServer

T = TypeVar("T")


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """The Kafka that all tests share: give your topics and groups names of their own."""
    with or_skipped(finding.kafka()) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The PostgreSQL that all tests share."""
    with or_skipped(finding.postgresql()) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """The MariaDB that all tests share."""
    with or_skipped(finding.mariadb()) as server:
        yield server


@pytest.fixture(scope="session")
def mysql() -> Iterator[MySQL]:
    """The MySQL that all tests share."""
    yield from found_mysql()


def found_mysql() -> Iterator[MySQL]:
    """A MySQL; where none can be had its tests are skipped, in continuous integration too."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(finding.mysql())
        except ServerUnavailableError as error:
            pytest.skip(f"no MySQL: {error}")
        yield server


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """A new and empty PostgreSQL database."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
def mariadb_url(mariadb: MariaDB) -> Iterator[str]:
    """A new and empty MariaDB database."""
    with mariadb.database() as url:
        yield url


@pytest.fixture
def mysql_url(mysql: MySQL) -> Iterator[str]:
    """A new and empty MySQL database."""
    with mysql.database() as url:
        yield url


@pytest.fixture
def own_kafka() -> Iterator[KafkaServer]:
    """A Kafka of this test's own, to stop, kill and restart."""
    with own(KafkaServer) as server:
        yield server


@pytest.fixture
def own_postgresql() -> Iterator[PostgreSQLServer]:
    """A PostgreSQL of this test's own, to stop, kill and restart."""
    with own(PostgreSQLServer) as server:
        yield server


@pytest.fixture
def own_mariadb() -> Iterator[MariaDBServer]:
    """A MariaDB of this test's own, to stop, kill and restart."""
    with own(MariaDBServer) as server:
        yield server


@pytest.fixture(scope="session")
def sasl_kafka() -> Iterator[KafkaServer]:
    """A Kafka that wants a user and a password; shared by all tests."""
    with own(lambda: KafkaServer(sasl=True)) as server:
        yield server


def own(kind: Callable[[], AbstractContextManager[T]]) -> AbstractContextManager[T]:
    """A server that we start ourselves, never one that the environment names."""
    return or_skipped(finding.first_available(kind))


@contextmanager
def or_skipped(found: AbstractContextManager[T]) -> Iterator[T]:
    """The server; skip or fail if it cannot be had."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(found)
        except ServerUnavailableError as error:
            refuse(str(error))
        yield server


def refuse(reason: str) -> NoReturn:
    """Skip, saying why; in continuous integration a test that did not run is a failure."""
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(f"no server: {reason}", pytrace=False)
    pytest.skip(reason)
