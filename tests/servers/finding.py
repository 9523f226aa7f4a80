"""A server from wherever one can be had: an address given, a container, a process of our own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

from tests.servers.containers import kafka_container, mariadb_container, mysql_container, postgresql_container
from tests.servers.errors import ServerUnavailableError
from tests.servers.kafka import Kafka, KafkaServer
from tests.servers.mariadb import MariaDB, MariaDBServer
from tests.servers.mysql import MySQL, MySQLServer
from tests.servers.postgresql import PostgreSQL, PostgreSQLServer

KAFKA_ADDRESS = "BULKDELETE_TEST_KAFKA"
POSTGRESQL_URL = "BULKDELETE_TEST_POSTGRESQL"
MARIADB_URL = "BULKDELETE_TEST_MARIADB"
MYSQL_URL = "BULKDELETE_TEST_MYSQL"

T = TypeVar("T")


@contextmanager
def kafka() -> Iterator[Kafka]:
    """A Kafka to talk to."""
    with first_available(lambda: given(KAFKA_ADDRESS, Kafka), kafka_container, KafkaServer) as server:
        yield server


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL to talk to."""
    ways = lambda: given(POSTGRESQL_URL, PostgreSQL), postgresql_container, PostgreSQLServer
    with first_available(*ways) as server:
        yield server


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """A MariaDB to talk to."""
    with first_available(lambda: given(MARIADB_URL, MariaDB), mariadb_container, MariaDBServer) as server:
        yield server


@contextmanager
def mysql() -> Iterator[MySQL]:
    """A MySQL to talk to."""
    with first_available(lambda: given(MYSQL_URL, MySQL), mysql_container, MySQLServer) as server:
        yield server


@contextmanager
def given(variable: str, kind: Callable[[str], T]) -> Iterator[T]:
    """The server that the environment names."""
    if not (address := os.environ.get(variable)):
        raise ServerUnavailableError(f"{variable} is not set")
    yield kind(address)


@contextmanager
def first_available(*ways: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """The first of several ways that works; if none does, the reasons of all."""
    reasons = []
    with ExitStack() as stack:
        for way in ways:
            try:
                server = stack.enter_context(way())
            except ServerUnavailableError as error:
                reasons.append(str(error))
            else:
                yield server
                return
        raise ServerUnavailableError("; ".join(reasons))
