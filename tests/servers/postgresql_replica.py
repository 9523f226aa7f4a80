"""A streaming replica of a PostgreSQL of our own, made by a base backup at low level: there is no pg_basebackup."""

from __future__ import annotations

import os
import pwd
import shutil
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers.postgresql import PASSWORD, USER, PostgreSQLServer
from tests.servers.process import Command
from tests.servers.server import HOST

SLOT = "replica"
NOT_COPIED = ("postmaster.pid", "postmaster.opts", "pg_wal", "pg_replslot", "pg_dynshmem", "pg_stat_tmp", "pgsql_tmp*")
"""What belongs to the running server; its WAL is streamed (PostgreSQL's manual, 25.3.4)."""


class PostgreSQLReplica(PostgreSQLServer):
    """A hot standby; the primary keeps for it, in a slot, what it has not yet received."""

    name = "PostgreSQL replica"

    def __init__(self, primary: PostgreSQLServer) -> None:
        super().__init__()
        self.primary = primary

    def prepare(self) -> None:
        """Copy the primary's data while it runs, between the start and the stop of a backup."""
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])
            connection.execute("SELECT pg_backup_start('replica', fast => true)")
            shutil.copytree(
                self.primary.data, self.data, ignore=shutil.ignore_patterns(*NOT_COPIED), copy_function=copied
            )
            row = connection.execute("SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)").fetchone()
        assert row is not None
        (self.data / "backup_label").write_text(row[0])
        (self.data / "standby.signal").touch()
        for folder in ("pg_wal", "pg_replslot", "pg_dynshmem", "pg_stat_tmp"):
            (self.data / folder).mkdir(exist_ok=True)
        self.data.chmod(0o700)
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            for path in (self.data, *self.data.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)

    def command(self) -> Command:
        """The server, told where its primary is; it reports how far it is as often as it can."""
        source = f"host={HOST} port={self.primary.port} user={USER} password={PASSWORD} application_name={SLOT}"
        settings = [f"--primary_conninfo={source}", f"--primary_slot_name={SLOT}", "--wal_receiver_status_interval=1s"]
        return [*super().command(), *settings]

    def pause(self) -> None:
        """Let it receive and not replay: it falls behind."""
        self.execute(sql.SQL("SELECT pg_wal_replay_pause()"))

    def resume(self) -> None:
        """Let it catch up."""
        self.execute(sql.SQL("SELECT pg_wal_replay_resume()"))


def copied(source: str, target: str) -> None:
    """A file that a running server may just have removed is none of the backup."""
    with suppress(FileNotFoundError):
        shutil.copyfile(source, target)
        Path(target).chmod(0o600)
