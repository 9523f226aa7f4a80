"""Servers in containers, where a Docker engine answers."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from tests.servers.errors import ServerUnavailableError
from tests.servers.kafka import Kafka
from tests.servers.mariadb import MariaDB
from tests.servers.mysql import MySQL
from tests.servers.postgresql import PostgreSQL

KAFKA_IMAGE = "confluentinc/cp-kafka:7.6.0"
POSTGRESQL_IMAGE = "postgres:18"
MARIADB_IMAGE = "mariadb:11.4"
MYSQL_IMAGE = "mysql:8.4"
KAFKA_SETTINGS = {
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "4",
}


@contextmanager
def kafka_container() -> Iterator[Kafka]:
    """A Kafka in a container."""
    require_engine()
    from testcontainers.community.kafka import KafkaContainer

    container = KafkaContainer(KAFKA_IMAGE).with_kraft()
    for name, value in KAFKA_SETTINGS.items():
        container.with_env(name, value)
    with started(container):
        yield Kafka(container.get_bootstrap_server())


@contextmanager
def postgresql_container() -> Iterator[PostgreSQL]:
    """A PostgreSQL in a container."""
    require_engine()
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(POSTGRESQL_IMAGE, driver=None).with_command("-c max_connections=200")
    with started(container):
        yield PostgreSQL(container.get_connection_url())


@contextmanager
def mariadb_container() -> Iterator[MariaDB]:
    """A MariaDB in a container."""
    require_engine()
    from testcontainers.community.mysql import MySqlContainer

    container = MySqlContainer(MARIADB_IMAGE, username="root", password="test-secret")
    with started(container):
        yield MariaDB(container.get_connection_url())


@contextmanager
def mysql_container() -> Iterator[MySQL]:
    """A MySQL in a container."""
    require_engine()
    from testcontainers.community.mysql import MySqlContainer

    container = MySqlContainer(MYSQL_IMAGE, username="root", password="test-secret")
    with started(container):
        yield MySQL(container.get_connection_url())


@contextmanager
def started(container: Any) -> Iterator[None]:
    """Keep a container running for a while."""
    try:
        container.start()
    except Exception as error:  # whatever the engine, the registry or the image may say
        container.stop()
        raise ServerUnavailableError(f"the container {container.image} did not start: {error}") from error
    try:
        yield
    finally:
        container.stop()


def require_engine() -> None:
    """Make sure that a Docker engine answers."""
    if (silence := engine_silence()) is not None:
        raise ServerUnavailableError(f"no Docker engine answers ({silence})")


@cache
def engine_silence() -> str | None:
    """Why no Docker engine answers; nothing if one does."""
    from testcontainers.core.docker_client import DockerClient

    silence = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            DockerClient(timeout=10).client.ping()
        except Exception as error:
            silence = type(error).__name__
        gc.collect()  # the client leaves its socket open, which a test would be blamed for later
    return silence
