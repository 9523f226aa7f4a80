"""What a run needs goes away in mid-run: it says so, waits, and finishes with exact counts."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.faults.accounts import assert_exact, told_by_views
from tests.faults.commands import Shell, Started, wait_until
from tests.faults.interruptions import events_of
from tests.faults.rows import PostgreSQLRows, SQLiteRows
from tests.faults.worlds import World
from tests.servers.postgresql import PostgreSQLServer


def started(world: World, shell: Shell, events: int = 4) -> Started:
    """A run that has begun to delete."""
    run = shell.start_run(shell.job(world.job()), world.rows.address)
    wait_until(lambda: events_of(shell.state) >= events, running=[run])
    return run


def waited(shell: Shell, reason: str) -> bool:
    """Whether the log says that the operation had to wait, and why."""
    steps = shell.answer("history")
    return any(step["type"] == "Retrying" and reason in step["reason"] for step in steps)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else writes to the file, and takes their time."""
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("seconds", [1.0, pytest.param(12.0, marks=pytest.mark.long)])
def test_the_file_is_locked_for_a_while(shell: Shell, tmp_path: Path, seconds: float) -> None:
    world = World(SQLiteRows(tmp_path / "target.db"), items=20_000, logs=60_000, fails=lambda one: one % 3 == 0)
    run = started(world, shell)

    with locked(tmp_path / "target.db"):
        time.sleep(seconds)

    ended = run.ended()
    assert ended.code == 1, ended.err
    assert_exact(world, told_by_views(shell, ended.answer["operation_id"]))


def test_the_file_is_locked_until_the_run_says_that_it_waits(shell: Shell, tmp_path: Path) -> None:
    world = World(SQLiteRows(tmp_path / "target.db"), items=20_000, logs=500_000)
    run = started(world, shell)

    with locked(tmp_path / "target.db"):
        wait_until(lambda: shell.answer("status")["status"] == "retrying", running=[run])
        assert "locked" in shell.answer("status")["waiting_for"]

    ended = run.ended()
    assert ended.code == 0, ended.err
    assert waited(shell, "locked")
    assert_exact(world, told_by_views(shell, ended.answer["operation_id"]))


def test_nobody_may_write_to_the_folder_for_a_while(shell: Shell, tmp_path: Path) -> None:
    """The journal cannot be made: SQLite cannot begin to write."""
    folder = tmp_path / "data"
    folder.mkdir()
    world = World(SQLiteRows(folder / "target.db", journal="DELETE"), items=20_000, logs=400_000)
    run = started(world, shell)

    journal = folder / "target.db-journal"
    with locked(folder / "target.db"):
        journal.unlink(missing_ok=True)
        journal.mkdir()  # stands in the way also of root, whom no permission stops
    wait_until(lambda: shell.answer("status")["status"] == "retrying", running=[run])
    journal.rmdir()

    ended = run.ended()
    assert ended.code == 0, ended.err
    assert_exact(world, told_by_views(shell, ended.answer["operation_id"]))


@pytest.mark.postgresql
@pytest.mark.parametrize("how", ["restart", "kill"])
def test_the_server_goes_away_in_mid_run(own_postgresql: PostgreSQLServer, shell: Shell, how: str) -> None:
    with own_postgresql.database() as address:
        world = World(PostgreSQLRows(address), items=30_000, logs=120_000, fails=lambda one: one % 3 == 0)
        run = started(world, shell)

        if how == "restart":
            own_postgresql.restart()
        else:
            own_postgresql.kill()
            wait_until(lambda: shell.answer("status")["status"] == "retrying", running=[run])
            own_postgresql.start()

        ended = run.ended()
        assert ended.code == 1, ended.err
        assert_exact(world, told_by_views(shell, ended.answer["operation_id"]))


@pytest.mark.postgresql
def test_every_connection_is_cut_again_and_again(postgresql_url: str, shell: Shell) -> None:
    world = World(PostgreSQLRows(postgresql_url), items=30_000, logs=120_000, fails=lambda one: one % 3 == 0)
    run, stopping = started(world, shell), threading.Event()

    def cut() -> None:
        while not stopping.wait(0.3):
            with psycopg.connect(postgresql_url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    cutting = threading.Thread(target=cut)
    cutting.start()
    time.sleep(3)
    stopping.set()
    cutting.join()

    ended = run.ended()
    assert ended.code == 1, ended.err
    assert_exact(world, told_by_views(shell, ended.answer["operation_id"]))


@pytest.mark.postgresql
def test_a_database_that_only_reads_for_a_while(postgresql_url: str, shell: Shell) -> None:
    """As a standby does, or a server whose disk is full."""
    world = World(PostgreSQLRows(postgresql_url), items=20_000, logs=60_000)
    job = shell.job(world.job())
    name = postgresql_url.rsplit("/", 1)[1]
    world.rows.script(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    run = shell.start_run(job, postgresql_url)
    time.sleep(2)
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute("SET default_transaction_read_only = off")
        other.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())

    ended = run.ended()
    if ended.code == 2:  # refused at the door: then nothing was changed, and the same command runs now
        assert "read-only" in ended.err
        ended = shell.run(job, postgresql_url)
    assert ended.code == 0, ended.err
    assert_exact(world, told_by_views(shell, ended.answer["operation_id"]))
