"""Writers beside a run, on three databases: what is told is what the run did, and it did only what was asked."""

from __future__ import annotations

import time
from collections import Counter
from uuid import uuid4

import pytest

from tests.concurrency.proof import Proof
from tests.concurrency.worlds import Size, World
from tests.concurrency.writers import writing
from tests.faults.accounts import told_by_views
from tests.faults.commands import Shell, Started
from tests.faults.interruptions import DONE_CODES, until_ended
from tests.faults.rows import Rows

HEAD_START = 0.15
"""Seconds that the writers write before the run begins: records arrive on both sides of the cut-off."""


def race(rows: Rows, shell: Shell, seed: int, size: Size, kills: int, writers: int = 4) -> int:
    """A run among writers, killed and resumed; what it tells is proven. Returns how often it was killed."""
    world = World(rows, size, partitioned=rows.name == "postgresql" and seed % 2 == 0)
    job, operation_id = shell.job(world.job()), str(uuid4())

    def begin() -> Started:
        return shell.start_run(job, rows.address, "--operation-id", operation_id)

    with writing(world, seed, writers) as crew:
        time.sleep(HEAD_START)
        ended, killed = until_ended(begin, lambda: shell.start_resume(rows.address), shell, seed, kills)
    assert ended.code in DONE_CODES, ended.err
    proof = Proof(world, told_by_views(shell, operation_id))
    done = sum((Counter(one.done) for one in crew), Counter[str]())
    met = sum((one.hand.met for one in crew), Counter[str]())
    print(f"\n{rows.name} seed {seed}: {proof.figures()}\n  writers did {dict(done)}, met {dict(met)}, {killed} kills")
    assert len(done) >= 8, f"writers did only {dict(done)}"
    proof.hold()
    assert shell.answer("verify", operation_id)["equal"] is True
    return killed


def test_writers_beside_a_run(rows: Rows, shell: Shell) -> None:
    race(rows, shell, seed=1, size=Size(), kills=0)


def test_writers_beside_a_run_that_is_killed(rows: Rows, shell: Shell) -> None:
    assert race(rows, shell, seed=4, size=Size(), kills=4) >= 1


@pytest.mark.long
@pytest.mark.parametrize("seed", range(30, 60))
def test_writers_beside_many_runs(rows: Rows, shell: Shell, seed: int) -> None:
    race(rows, shell, seed, Size(), kills=seed % 5)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 30))
def test_writers_beside_a_long_run(rows: Rows, shell: Shell, seed: int) -> None:
    race(rows, shell, seed, Size(20_000, 100_000, 10_000), kills=seed % 10)
