"""`kill -9` of a run at random instants, and going on: in the end every record is accounted for, exactly once."""

from __future__ import annotations

import signal
import time
from uuid import uuid4

import pytest

from tests.faults.accounts import assert_exact, told_by_commands, told_by_views
from tests.faults.commands import Shell, Started, wait_until
from tests.faults.interruptions import DONE_CODES, events_of, until_ended
from tests.faults.rows import Rows
from tests.faults.worlds import World

INTERRUPTED = 130


def third(number: int) -> bool:
    """Every third record fails."""
    return number % 3 == 0


def few(number: int) -> bool:
    """One of two hundred fails: each of those is searched for by itself where nothing tells which they are."""
    return number % 200 == 0


def kill_and_go_on(rows: Rows, shell: Shell, seed: int, items: int, logs: int, kills: int = 10) -> int:
    how, fails = ("restrict", third) if seed % 2 else ("trigger", few)
    world = World(rows, items=items, logs=logs, fails=fails, how=how)
    job, operation_id = shell.job(world.job()), str(uuid4())

    def begin() -> Started:
        return shell.start_run(job, rows.address, "--operation-id", operation_id)

    ended, killed = until_ended(begin, lambda: shell.start_resume(rows.address), shell, seed, kills)

    assert ended.code in DONE_CODES, ended.err
    assert ended.answer["operation_id"] == operation_id
    assert_exact(world, told_by_views(shell, operation_id))
    assert shell.answer("verify", operation_id)["equal"] is True
    return killed


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_ten_random_instants(rows: Rows, shell: Shell, seed: int) -> None:
    assert kill_and_go_on(rows, shell, seed, items=24_000, logs=30_000) >= 5


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 40))
def test_killed_at_many_random_instants(rows: Rows, shell: Shell, seed: int) -> None:
    assert kill_and_go_on(rows, shell, seed, items=60_000, logs=200_000, kills=10 + seed) >= 5


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.15, 0.3])
def test_killed_around_the_recording_of_the_operation(rows: Rows, shell: Shell, delay: float) -> None:
    """The same command with the same id simply runs, whether or not the operation was recorded before."""
    world = World(rows, items=2_000)
    job, operation_id = shell.job(world.job()), str(uuid4())
    first = shell.start_run(job, rows.address, "--operation-id", operation_id)
    time.sleep(delay)
    first.kill()

    done = shell.run(job, rows.address, "--operation-id", operation_id)

    assert done.code == 0, done.err
    assert_exact(world, told_by_views(shell, operation_id))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_after_the_batch_in_hand(rows: Rows, shell: Shell, number: signal.Signals) -> None:
    world = World(rows, items=40_000, logs=60_000, fails=third)
    run = shell.start_run(shell.job(world.job()), rows.address)
    wait_until(lambda: events_of(shell.state) > 4, running=[run])

    run.send(number)
    stopped = run.ended()

    assert stopped.code == INTERRUPTED, stopped.err
    assert "bulkdelete run --resume" in stopped.err
    assert stopped.answer["status"] in {"in_progress", "waiting"}
    told = told_by_commands(shell, stopped.answer["operation_id"])
    assert_exact(world, told, finished=False)
    ended = shell.resume(rows.address)
    assert ended.code == 1, ended.err
    assert ended.answer["operation_id"] == stopped.answer["operation_id"]
    assert_exact(world, told_by_views(shell, ended.answer["operation_id"]))


def test_what_the_killed_run_had_committed_is_told(rows: Rows, shell: Shell) -> None:
    """Going on says what the log had recorded; nothing that is done is done again."""
    world = World(rows, items=30_000, logs=60_000)
    run = shell.start_run(shell.job(world.job()), rows.address)
    wait_until(lambda: events_of(shell.state) > 3, running=[run])
    assert run.kill()

    ended = shell.resume(rows.address)

    assert ended.code == 0, ended.err
    assert "Going on" in ended.err
    assert_exact(world, told_by_views(shell, ended.answer["operation_id"]))
