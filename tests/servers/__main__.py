"""Keeps servers running for a developer: `python -m tests.servers kafka|postgresql|mariadb|mysql|all`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.servers import finding
from tests.servers.containers import kafka_container, mariadb_container, mysql_container, postgresql_container
from tests.servers.errors import ServerUnavailableError
from tests.servers.kafka import KafkaServer
from tests.servers.mariadb import MariaDBServer
from tests.servers.mysql import MySQLServer
from tests.servers.ports import is_free
from tests.servers.postgresql import PostgreSQLServer

KAFKA_PORT = 9092


def main(wanted: str) -> int:
    """Start what is wanted and keep it until somebody says stop."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with ExitStack() as servers:
            for name in SERVERS if wanted == "all" else [wanted]:
                variable, address = servers.enter_context(SERVERS[name]())
                print(f"{name} at {address}\n\n    export {variable}={address}\n", flush=True)
            print("Ctrl-C stops and leaves nothing behind.", flush=True)
            signal.pause()
    except ServerUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


@contextmanager
def kafka() -> Iterator[tuple[str, str]]:
    """A Kafka, where everybody expects it if that is free."""
    port = KAFKA_PORT if is_free(KAFKA_PORT) else None
    with finding.first_available(lambda: KafkaServer(port), kafka_container) as server:
        yield finding.KAFKA_ADDRESS, server.address


@contextmanager
def postgresql() -> Iterator[tuple[str, str]]:
    """A PostgreSQL."""
    with finding.first_available(PostgreSQLServer, postgresql_container) as server:
        yield finding.POSTGRESQL_URL, server.url


@contextmanager
def mariadb() -> Iterator[tuple[str, str]]:
    """A MariaDB."""
    with finding.first_available(MariaDBServer, mariadb_container) as server:
        yield finding.MARIADB_URL, server.url


@contextmanager
def mysql() -> Iterator[tuple[str, str]]:
    """A MySQL."""
    with finding.first_available(MySQLServer, mysql_container) as server:
        yield finding.MYSQL_URL, server.url


SERVERS = {"kafka": kafka, "postgresql": postgresql, "mariadb": mariadb, "mysql": mysql}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("server", choices=[*SERVERS, "all"])
    sys.exit(main(parser.parse_args().server))
