"""Killing a run at instants spread over its whole life, and going on until it ends."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.faults.commands import PATIENCE, Ended, Shell, Started

DONE_CODES = {0, 1}


def events_of(state: Path) -> int:
    """How many events are recorded, as SQLite itself says."""
    store = state / "events.db"
    if not store.exists():
        return 0
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            return int(connection.execute("SELECT coalesce(max(rowid), 0) FROM stored_events").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def killed(run: Started, state: Path, events: int, delay: float) -> bool:
    """Kill a run a moment after it recorded so many more events; false where it ended before."""
    begun, deadline = events_of(state), time.monotonic() + PATIENCE
    while run.is_running and events_of(state) < begun + events:
        assert time.monotonic() < deadline, f"it records nothing: {run.texts()}"
        time.sleep(0.002)
    time.sleep(delay)
    return run.kill()


def until_ended(
    begin: Callable[[], Started], resume: Callable[[], Started], shell: Shell, seed: int, kills: int
) -> tuple[Ended, int]:
    """Run, killed so many times at random instants, and then to its end; how it ended, and how often it was killed."""
    chance = random.Random(seed)
    run, done = begin(), 0
    for _ in range(kills):
        if not killed(
            run, shell.state, chance.choice([0, 1, 1, 2, 3, 5]), chance.choice([0, 0, 0.005, 0.02, 0.06, 0.15])
        ):
            break
        done += 1
        run = resume() if events_of(shell.state) else begin()
    return run.ended(), done
