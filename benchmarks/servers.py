"""The servers of a benchmark: found as the tests find theirs, started when first needed, with room for the data."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Self

from tests.servers import finding
from tests.servers.containers import kafka_container, mariadb_container, mysql_container, postgresql_container
from tests.servers.errors import ServerUnavailableError
from tests.servers.kafka import Kafka, KafkaServer
from tests.servers.mariadb import MariaDB, MariaDBServer
from tests.servers.mysql import MySQL, MySQLServer
from tests.servers.postgresql import PostgreSQL, PostgreSQLServer
from tests.servers.process import Command

DURABLE = ["--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=O_DIRECT", "--innodb-doublewrite=ON"]
"""InnoDB's defaults: what is measured waits for the disk, as people's servers do."""


class RoomyPostgreSQL(PostgreSQLServer):
    """As durable as by default, unlike that of the tests; what is measured fits its memory; no checkpoint by itself."""

    def command(self) -> Command:
        """The server."""
        room = ["--shared_buffers=1GB", "--max_wal_size=8GB", "--checkpoint_timeout=30min"]
        return [*super().command(), *room, "--fsync=on", "--full_page_writes=on"]


class RoomyMariaDB(MariaDBServer):
    """As durable as by default, unlike that of the tests; what is measured fits its memory and its log."""

    def command(self) -> Command:
        """The server."""
        room = ["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=1G"]
        return [*super().command(), *room, *DURABLE, "--debug-no-sync=OFF"]


class RoomyMySQL(MySQLServer):
    """As durable as by default, unlike that of the tests; what is measured fits its memory and its log."""

    def command(self) -> Command:
        """The server."""
        room = ["--innodb-buffer-pool-size=1G", "--innodb-redo-log-capacity=2G"]
        return [*super().command(), *room, *DURABLE, "--sync-binlog=1"]


@dataclass
class Servers:
    """The servers, for `with`. Each raises ServerUnavailableError where it cannot be had."""

    stack: ExitStack = field(default_factory=ExitStack)
    reasons: dict[str, str] = field(default_factory=dict)
    """Of those that cannot be had."""

    @cached_property
    def postgresql(self) -> PostgreSQL:
        """A PostgreSQL: given, of our own, or in a container."""
        given = finding.given(finding.POSTGRESQL_URL, PostgreSQL)
        ways = (lambda: given, RoomyPostgreSQL, postgresql_container)
        return self.stack.enter_context(finding.first_available(*ways))

    @cached_property
    def mariadb(self) -> MariaDB:
        """A MariaDB: given, of our own, or in a container."""
        given = finding.given(finding.MARIADB_URL, MariaDB)
        ways = (lambda: given, RoomyMariaDB, mariadb_container)
        return self.stack.enter_context(finding.first_available(*ways))

    @cached_property
    def mysql(self) -> MySQL:
        """A MySQL: given, of our own, or in a container."""
        given = finding.given(finding.MYSQL_URL, MySQL)
        ways = (lambda: given, RoomyMySQL, mysql_container)
        return self.stack.enter_context(finding.first_available(*ways))

    @cached_property
    def kafka(self) -> Kafka:
        """A Kafka: given, of our own, or in a container."""
        given = finding.given(finding.KAFKA_ADDRESS, Kafka)
        ways = (lambda: given, KafkaServer, kafka_container)
        return self.stack.enter_context(finding.first_available(*ways))

    def missing(self, *names: str) -> str | None:
        """Why one of these servers cannot be had; None where all can."""
        for name in names:
            if name not in self.reasons:
                try:
                    getattr(self, name)
                except ServerUnavailableError as error:
                    self.reasons[name] = f"no {name}: {error}"
        return next((self.reasons[name] for name in names if name in self.reasons), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()
