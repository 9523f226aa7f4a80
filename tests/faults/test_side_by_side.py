"""Two processes at once: the same operation, two operations, another terminal's commands."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.faults.accounts import assert_exact, told_by_commands, told_by_views
from tests.faults.commands import Ended, Shell, Started, wait_until
from tests.faults.interruptions import events_of
from tests.faults.rows import Rows
from tests.faults.worlds import World, below, left_alone

REFUSED, CANCELED, INTERRUPTED = 2, 3, 130


def third(number: int) -> bool:
    return number % 3 == 0


RATE = 5_000
"""Records per second at most, where a command must arrive before the run has ended, however long it takes to begin."""


def started(world: World, shell: Shell, **options: Any) -> Started:
    """A run that has begun to delete."""
    run = shell.start_run(shell.job(world.job() | options), world.rows.address)
    wait_until(lambda: events_of(shell.state) > 4, running=[run])
    return run


def test_the_second_of_two_resumes_is_refused(rows: Rows, shell: Shell) -> None:
    world = World(rows, items=30_000, logs=60_000, fails=third)
    started(world, shell).kill()

    both = [shell.start_resume(rows.address), shell.start_resume(rows.address)]
    ended = sorted((one.ended() for one in both), key=lambda one: one.code)

    assert [one.code for one in ended] in ([1, REFUSED], [1, 1]), [one.err for one in ended]
    if ended[1].code == REFUSED:
        assert "another process drives operation" in ended[1].err
        assert len(ended[1].err.strip().splitlines()) == 1
    assert_exact(world, told_by_views(shell, ended[0].answer["operation_id"]))


def test_the_same_command_while_it_runs_is_refused(rows: Rows, shell: Shell) -> None:
    world = World(rows, items=30_000, logs=60_000, fails=third)
    job, operation_id = shell.job(world.job()), str(uuid4())
    run = shell.start_run(job, rows.address, "--operation-id", operation_id)
    wait_until(lambda: events_of(shell.state) > 3, running=[run])

    second = shell.run(job, rows.address, "--operation-id", operation_id)

    assert second.code == REFUSED or not run.is_running, second.err
    assert run.ended().code == 1
    assert_exact(world, told_by_views(shell, operation_id))


def test_the_same_command_ends_nobodys_pause(rows: Rows, shell: Shell) -> None:
    """A schedule that repeats its command must not undo what an operator said."""
    world = World(rows, items=30_000, logs=120_000)
    job, operation_id = shell.job(world.job() | {"rate": RATE}), str(uuid4())
    run = shell.start_run(job, rows.address, "--operation-id", operation_id)
    wait_until(lambda: events_of(shell.state) > 3, running=[run])
    assert shell.ask("pause", operation_id).code == 0
    assert run.ended().code == INTERRUPTED

    with left_alone(rows):
        again = shell.run(job, rows.address, "--operation-id", operation_id)

    assert again.code == INTERRUPTED
    assert again.answer["status"] == "paused"
    assert "run --resume" in again.err
    assert shell.ask("throttle", operation_id, "--rate", "none").code == 0
    assert shell.resume(rows.address).code == 0
    assert_exact(world, told_by_views(shell, operation_id))


def test_two_runs_in_one_state_folder(rows: Rows, shell: Shell) -> None:
    world = World(rows, items=20_000, logs=60_000, fails=third)
    jobs = [shell.job({"name": one, "queries": [below(one, 5)]}, f"{one}.json") for one in ("item", "log")]

    ended = [one.ended() for one in [shell.start_run(job, rows.address) for job in jobs]]

    assert [one.code for one in ended] == [1, 0], [one.err for one in ended]
    items, logs = (told_by_views(shell, one.answer["operation_id"]) for one in ended)
    assert {one["record_id"] for one in items.deleted if not one["cascaded"]} == {
        str(one) for one in set(world.matching) - world.failing
    }
    assert {one["record_id"] for one in items.failures} == {str(one) for one in world.failing}
    assert {one["record_id"] for one in logs.deleted} == set(world.before["log"])
    assert len(logs.deleted) == world.logs
    assert not rows.count("log")
    assert shell.answer("verify")["equal"] is True


def test_two_runs_for_the_same_records(rows: Rows, shell: Shell) -> None:
    """Each record is told by one of them; what the other found gone has vanished, or was never seen."""
    world = World(rows, items=20_000, logs=40_000)
    job = shell.job(world.job())

    ended = [one.ended() for one in [shell.start_run(job, rows.address) for _ in range(2)]]

    assert [one.code for one in ended] == [0, 0], [one.err for one in ended]
    told = [told_by_views(shell, one.answer["operation_id"]) for one in ended]
    everything = [(one["entity"], one["record_id"]) for each in told for one in each.deleted]
    after = rows.snapshot()
    assert sorted(everything) == sorted(
        (table, key) for table in after for key in world.before[table].keys() - after[table].keys()
    )
    assert set(after["item"]) == set(world.before["item"]) - {str(one) for one in world.matching}


def paused(world: World, shell: Shell) -> Ended:
    run = started(world, shell, rate=RATE)
    asked = shell.ask("pause")
    assert asked.code == 0, asked.err
    return run.ended()


def test_paused_from_another_terminal_then_resumed(rows: Rows, shell: Shell) -> None:
    world = World(rows, items=40_000, logs=100_000, fails=third)

    stopped = paused(world, shell)

    assert stopped.code == INTERRUPTED, stopped.err
    assert stopped.answer["status"] == "paused"
    operation_id = stopped.answer["operation_id"]
    assert_exact(world, told_by_commands(shell, operation_id), finished=False)
    with left_alone(rows):
        assert shell.answer("status")["status"] == "paused"
    assert shell.ask("throttle", operation_id, "--rate", "none").code == 0
    ended = shell.resume(rows.address, operation_id[:8])
    assert (ended.code, ended.answer["status"]) == (1, "succeeded"), ended.err
    assert_exact(world, told_by_views(shell, operation_id))


@pytest.mark.parametrize("first", ["run", "pause", "kill"])
def test_canceled_from_another_terminal(rows: Rows, shell: Shell, first: str) -> None:
    """While it runs, while it is paused, and after it was killed: nothing more is deleted, and that is told exactly."""
    world = World(rows, items=40_000, logs=100_000, fails=third)
    if first == "pause":
        paused(world, shell)
        canceled = shell.ask("cancel")
        ended = shell.resume(rows.address)
    elif first == "kill":
        started(world, shell, rate=RATE).kill()
        canceled = shell.ask("cancel")
        ended = shell.resume(rows.address)
    else:
        run = started(world, shell, rate=RATE)
        canceled = shell.ask("cancel")
        ended = run.ended()

    assert canceled.code == 0, canceled.err
    assert (ended.code, ended.answer["status"]) == (CANCELED, "canceled"), ended.err
    operation_id = ended.answer["operation_id"]
    assert_exact(world, told_by_views(shell, operation_id), finished=False)
    with left_alone(rows):
        again = shell.resume(rows.address, operation_id)
        assert (again.code, json.loads(again.out)["status"]) == (CANCELED, "canceled")
    refused = shell.ask("pause", operation_id)
    assert refused.code == REFUSED
    assert "canceled" in refused.err
