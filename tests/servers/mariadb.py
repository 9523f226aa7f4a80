"""MariaDB for tests, spoken to through its own client program: no driver is needed."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.servers.artifacts import artifact
from tests.servers.errors import ServerFailedError, ServerUnavailableError
from tests.servers.process import Command, unprivileged_user
from tests.servers.server import HOST, OwnServer

USER, PASSWORD = "bulkdelete", "test-secret"
SETTINGS = {
    "bind-address": HOST,
    "skip-name-resolve": "ON",
    "max-connections": "200",
    "innodb-buffer-pool-size": "256M",
    "innodb-log-file-size": "96M",
    "innodb-flush-log-at-trx-commit": "2",  # survives the server's death, not the machine's
    "innodb-flush-method": "nosync",
    "innodb-doublewrite": "OFF",
    "debug-no-sync": "ON",
    "character-set-server": "utf8mb4",
    "default-time-zone": "+00:00",
    "ssl": "OFF",  # else each start makes itself a key, which takes seconds
}


class MariaDB:
    """A MariaDB that can be reached, whoever started it."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)._replace(scheme="mariadb").geturl()

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
        connected = f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"
        for connection in self.execute(connected).split():
            with suppress(ServerFailedError):  # it may have gone by itself
                self.execute(f"KILL {connection}")
        self.execute(f"DROP DATABASE IF EXISTS {name}")

    def execute(self, statements: str, database: str = "") -> str:
        """Run statements; what they answer, a line each row, columns separated by tabs."""
        parts = urlsplit(self.url)
        command = [client(), "--no-defaults", "--no-auto-rehash", "--protocol=tcp", "--skip-ssl-verify-server-cert"]
        command += [
            f"--host={parts.hostname}",
            f"--port={parts.port or 3306}",
            f"--user={unquote(parts.username or '')}",
        ]
        command += [
            "--batch",
            "--skip-column-names",
            "--connect-timeout=10",
            f"--execute={statements}",
            f"--database={database}",
        ]
        environment = {**os.environ, "MYSQL_PWD": unquote(parts.password or "")}
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode != 0:
            raise ServerFailedError(done.stderr.strip())
        return done.stdout


class MariaDBServer(OwnServer, MariaDB):
    """A MariaDB of our own."""

    name = "MariaDB"

    def __init__(self, port: int | None = None) -> None:
        OwnServer.__init__(self, port, unprivileged_user())
        MariaDB.__init__(self, f"mariadb://{USER}:{PASSWORD}@{HOST}:{self.port}/mysql")
        self._base = installation()

    def prepare(self) -> None:
        """Make the system tables, and a statement file for the first start that lets us in."""
        install: Command = [self._base / "scripts" / "mariadb-install-db", "--no-defaults", f"--basedir={self._base}"]
        places = [f"--datadir={self._data}", self._temporary]
        self.run([*install, *places, "--skip-test-db", "--auth-root-authentication-method=normal"])
        account = f"'{USER}'@'{HOST}'"
        self._accounts.write_text(
            f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO {account} WITH GRANT OPTION;\n"
        )

    def command(self) -> Command:
        """The server."""
        places = [f"--basedir={self._base}", f"--datadir={self._data}", f"--socket={self.directory / 'socket'}"]
        places.append(self._temporary)
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return [
            self._base / "bin" / "mariadbd",
            "--no-defaults",
            *places,
            *settings,
            f"--port={self.port}",
            f"--pid-file={self.directory / 'pid'}",
            f"--init-file={self._accounts}",
        ]

    def is_ready(self) -> bool:
        """Whether one can connect and ask."""
        try:
            self.execute("SELECT 1")
        except ServerFailedError:
            return False
        return True

    def drop(self, name: str) -> None:
        """Drop a database; one of a server that a test left down goes with the server."""
        if self.running:
            super().drop(name)

    @property
    def _temporary(self) -> str:
        """A place of its own: a server that starts removes whatever temporary tables it finds, others' too."""
        return f"--tmpdir={self.directory}"

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _accounts(self) -> Path:
        return self.directory / "accounts.sql"


def installation() -> Path:
    """The directory with MariaDB's programs and what they need."""
    if platform.machine() != "x86_64":
        raise ServerUnavailableError(f"no MariaDB programs for {platform.machine()}")
    (server,) = artifact("mariadb", unpacked=True).rglob("bin/mariadbd")
    return server.parents[1]


def client() -> str:
    """The client program: this machine's, or the one that comes with the server."""
    return shutil.which("mariadb") or str(installation() / "bin" / "mariadb")
