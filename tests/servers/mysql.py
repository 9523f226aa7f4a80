"""MySQL for tests: where nobody gives one, its program comes from Maven Central."""

from __future__ import annotations

import platform
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql

from tests.servers.artifacts import artifact
from tests.servers.errors import ServerUnavailableError
from tests.servers.libraries import folder_of_libaio
from tests.servers.process import Command, unprivileged_user
from tests.servers.server import HOST, OwnServer

USER, PASSWORD = "bulkdelete", "test-secret"
SETTINGS = {
    "bind-address": HOST,
    "skip-name-resolve": "ON",
    "mysqlx": "OFF",
    "max-connections": "200",
    "innodb-buffer-pool-size": "256M",
    "innodb-redo-log-capacity": "192M",
    "innodb-use-native-aio": "OFF",  # machines allow few asynchronous requests to all servers together
    "default-time-zone": "+00:00",
    "auto-generate-certs": "OFF",  # else each start makes itself a key, which takes a while
    "sync-binlog": "0",
    "innodb-flush-log-at-trx-commit": "2",  # survives the server's death, not the machine's
    "innodb-flush-method": "nosync",
    "innodb-doublewrite": "OFF",
    "log-bin-trust-function-creators": "ON",
}


class MySQL:
    """A MySQL that can be reached, whoever started it."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)._replace(scheme="mysql").geturl()

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new and empty database, dropped afterwards whoever is still connected."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(self.url)._replace(path=f"/{name}").geturl()
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        """Drop a database and close the connections to it, whose locks would make us wait."""
        for (connection,) in self.execute(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"):
            with suppress(pymysql.MySQLError):  # it may have gone by itself
                self.execute(f"KILL {connection}")
        self.execute(f"DROP DATABASE IF EXISTS {name}")

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement; its rows."""
        parts = urlsplit(self.url)
        connection = pymysql.connect(
            host=parts.hostname or HOST, port=parts.port or 3306, user=unquote(parts.username or ""),
            password=unquote(parts.password or ""), connect_timeout=10, read_timeout=60, autocommit=True,
        )  # fmt: skip
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


class MySQLServer(OwnServer, MySQL):
    """A MySQL of our own."""

    name = "MySQL"

    def __init__(self, port: int | None = None) -> None:
        OwnServer.__init__(self, port, unprivileged_user())
        MySQL.__init__(self, f"mysql://{USER}:{PASSWORD}@{HOST}:{self.port}/mysql")
        self._base = installation()
        self._libraries = folder_of_libaio()

    def prepare(self) -> None:
        """Make the system tables, and a statement file for the first start that lets us in."""
        self.run([*self._program(), "--initialize-insecure"])
        account = f"'{USER}'@'{HOST}'"
        self._accounts.write_text(
            f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO {account} WITH GRANT OPTION;\n"
        )

    def command(self) -> Command:
        """The server."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        files = [f"--{name}={self.directory / name}" for name in ("socket", "pid-file")]
        return [*self._program(), *settings, *files, f"--port={self.port}", f"--init-file={self._accounts}"]

    def is_ready(self) -> bool:
        """Whether one can connect and ask."""
        try:
            self.execute("SELECT 1")
        except pymysql.MySQLError:
            return False
        return True

    def drop(self, name: str) -> None:
        """Drop a database; one of a server that a test left down goes with the server."""
        if self.running:
            super().drop(name)

    def _program(self) -> Command:
        libraries = [f"LD_LIBRARY_PATH={self._libraries}"] if self._libraries else []
        places = [f"--basedir={self._base}", f"--datadir={self.directory / 'data'}", f"--tmpdir={self.directory}"]
        return ["env", *libraries, self._base / "bin" / "mysqld", "--no-defaults", *places]

    @property
    def _accounts(self) -> Path:
        return self.directory / "accounts.sql"


def installation() -> Path:
    """The directory with MySQL's program and what it needs."""
    if platform.machine() != "x86_64":
        raise ServerUnavailableError(f"no MySQL program for {platform.machine()}")
    (server,) = artifact("mysql", unpacked=True).rglob("bin/mysqld")
    return server.parents[1]
