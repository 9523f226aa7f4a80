"""PostgreSQL for tests."""

from __future__ import annotations

import os
import platform
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.servers.artifacts import artifact
from tests.servers.errors import ServerUnavailableError
from tests.servers.process import Command, unprivileged_user
from tests.servers.server import HOST, OwnServer

USER, PASSWORD = "bulkdelete", "test-secret"
PROGRAMS = "BULKDELETE_TEST_POSTGRESQL_BIN"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "off",  # what is written survives the server's death, not the machine's
    "full_page_writes": "off",
}


class PostgreSQL:
    """A PostgreSQL that can be reached, whoever started it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = parts._replace(scheme="postgresql").geturl()

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new and empty database, dropped afterwards whoever is still connected."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(self.url)._replace(path=f"/{name}").geturl()
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        """Drop a database and close the connections to it."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.Composed | sql.SQL) -> None:
        """Run a statement outside any transaction."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(statement)


class PostgreSQLServer(OwnServer, PostgreSQL):
    """A PostgreSQL of our own."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # its fast shutdown; SIGTERM would wait for every client to leave

    def __init__(self, port: int | None = None) -> None:
        OwnServer.__init__(self, port, unprivileged_user())
        PostgreSQL.__init__(self, f"postgresql://{USER}:{PASSWORD}@{HOST}:{self.port}/postgres")
        self._programs = programs()

    def prepare(self) -> None:
        """Make a cluster whose texts sort and compare alike on every machine."""
        password = self.directory / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        access = ["-U", USER, f"--pwfile={password}", "-A", "scram-sha-256"]
        texts = ["-E", "UTF8", "--locale=C.UTF-8"]
        self.run([self._programs / "initdb", "-D", self.data, *access, *texts, "--no-sync", "--no-instructions"])

    def command(self) -> Command:
        """The server."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return [self._programs / "postgres", "-D", self.data, "-p", str(self.port), *settings]

    def is_ready(self) -> bool:
        """Whether one can connect and ask."""
        try:
            self.execute(sql.SQL("SELECT"))
        except psycopg.OperationalError:
            return False
        return True

    def drop(self, name: str) -> None:
        """Drop a database; one of a server that a test left down goes with the server."""
        if self.running:
            super().drop(name)

    @property
    def data(self) -> Path:
        """Where the cluster is."""
        return self.directory / "data"


def programs() -> Path:
    """The directory with PostgreSQL's programs."""
    if chosen := os.environ.get(PROGRAMS):
        return Path(chosen)
    if platform.machine() != "x86_64":
        raise ServerUnavailableError(f"no PostgreSQL programs for {platform.machine()}: name some in {PROGRAMS}")
    return artifact("postgresql", unpacked=True) / "bin"
