"""Real servers as pytest fixtures; one that cannot be had skips the test, and fails it where `CI` is true."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, NoReturn, TypeVar

import pytest

from tests.servers import finding, sharing
from tests.servers.errors import ServerUnavailableError
from tests.servers.kafka import Kafka, KafkaServer
from tests.servers.mariadb import MariaDB, MariaDBServer
from tests.servers.mysql import MySQL
from tests.servers.postgresql import PostgreSQL, PostgreSQLServer

T = TypeVar("T")
ADDRESSES: sharing.Ways = {
    "kafka": lambda: sharing.addressed(finding.kafka(), "address"),
    "postgresql": lambda: sharing.addressed(finding.postgresql(), "url"),
    "mariadb": lambda: sharing.addressed(finding.mariadb(), "url"),
    "mysql": lambda: sharing.addressed(finding.mysql(), "url"),
}
"""How a server for all workers is had."""


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where servers are shared."""
    node.workerinput[sharing.PLACE] = sharing.led(node.config, ADDRESSES)


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Iterator[Kafka]:
    """The Kafka that all tests share: give your topics and groups names of their own."""
    with or_skipped(shared(request.config, "kafka", Kafka, finding.kafka)) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[PostgreSQL]:
    """The PostgreSQL that all tests share."""
    with or_skipped(shared(request.config, "postgresql", PostgreSQL, finding.postgresql)) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb(request: pytest.FixtureRequest) -> Iterator[MariaDB]:
    """The MariaDB that all tests share."""
    with or_skipped(shared(request.config, "mariadb", MariaDB, finding.mariadb)) as server:
        yield server


@pytest.fixture(scope="session")
def mysql(request: pytest.FixtureRequest) -> Iterator[MySQL]:
    """The MySQL that all tests share."""
    yield from found_mysql(shared(request.config, "mysql", MySQL, finding.mysql))


def found_mysql(found: AbstractContextManager[MySQL]) -> Iterator[MySQL]:
    """A MySQL; where none can be had its tests are skipped, in continuous integration too."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(found)
        except ServerUnavailableError as error:
            pytest.skip(f"no MySQL: {error}")
        yield server


@contextmanager
def shared(
    config: pytest.Config, kind: str, known: Callable[[str], T], found: Callable[[], AbstractContextManager[T]]
) -> Iterator[T]:
    """The server of all workers; where there are none, one that is found here."""
    if (place := sharing.place_of(config)) is None:
        with found() as server:
            yield server
    else:
        yield known(sharing.asked_of(place, kind))


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
