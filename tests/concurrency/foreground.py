"""How other people's writers fare beside a run: `python -m tests.concurrency.foreground`. Measured, not asserted.

One connection updates and inserts single records, each committed, as fast as it is answered, with a moment of thought.
Slices without and with a run beside it (one worker) take turns in one process; a ratio is one round's.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from tests.concurrency.hands import Hand, hand
from tests.concurrency.worlds import OLD, Size, World, below
from tests.faults.commands import Shell
from tests.faults.interruptions import events_of
from tests.faults.rows import MariaDBRows, PostgreSQLRows, Rows
from tests.servers import finding

THOUGHT = 0.001
"""Seconds between two statements of the foreground."""
FIRST_SLICE = 4.0
RECORDS = {"postgresql": 500_000, "mariadb": 150_000}
"""Records that a run deletes in each round, of an entity without children; a tenth of that with children."""
STAYING = 200_000
BEGUN = 4
"""Events after which a run deletes."""


@dataclass
class Load:
    """The foreground: statements and how long each took."""

    hand: Hand
    entity: str
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    made: int = 900_000_000

    def slice(self, goes_on: Callable[[], bool]) -> list[float]:
        """Write while it goes on; the seconds that each statement took, its commit included."""
        took = []
        while goes_on():
            statement = self.statement()
            begun = time.perf_counter()
            self.hand.transaction([statement])
            took.append(time.perf_counter() - begun)
            time.sleep(THOUGHT)
        return took

    def statement(self) -> str:
        """Three of four change a record that stays, one adds one."""
        if self.chance.random() < 0.25:
            self.made += 1
            return f"INSERT INTO {self.entity} VALUES ({self.made}, 10, '2020-01-01 00:00:00', 0, 'new')"
        key = 3 * self.chance.randint(1, STAYING // 3)
        return f"UPDATE {self.entity} SET version = version + 1 WHERE id = {key}"


@dataclass
class Bench:
    """One database, and one entity with or without children."""

    world: World
    entity: str
    records: int
    folder: Path
    round: int = 0

    def refill(self) -> None:
        """Records for the next run, with ids that none had before."""
        self.round += 1
        first = self.round * 10_000_000
        self.world.fill(self.entity, "", first + self.records - 1, f"i, 0, {OLD}, 0, 'x'", first=first)
        if self.entity == "box":
            self.world.fill("part", "", first + self.records - 1, "i, i, 0", first=first)
        self.world.settle()
        time.sleep(1.0)

    def beside(self, load: Load) -> list[float]:
        """A slice beside a run, from when it deletes until it ends."""
        shell = Shell(self.folder / str(self.round))
        shell.folder.mkdir()
        job = shell.job({"name": "foreground", "queries": [below(self.entity)], "options": {"window": 1}})
        run = shell.start_run(job, self.world.rows.address)
        while events_of(shell.state) < BEGUN:
            assert run.is_running, run.texts()
            time.sleep(0.01)
        took = load.slice(lambda: run.is_running)
        ended = run.ended()
        assert ended.code in {0, 1}, ended.err
        return took

    def measure(self, rounds: int) -> None:
        """Rounds of both, and what they say."""
        load = Load(hand(self.world.rows, 0), self.entity)
        alone: list[list[float]] = []
        beside: list[list[float]] = []
        seconds = FIRST_SLICE
        for _ in range(rounds):
            self.refill()
            until = time.monotonic() + seconds
            alone.append(load.slice(lambda until=until: time.monotonic() < until))  # type: ignore[misc]
            begun = time.monotonic()
            beside.append(self.beside(load))
            seconds = max(2.0, min(20.0, time.monotonic() - begun))
        load.hand.close()
        self.told(alone, beside)

    def told(self, alone: list[list[float]], beside: list[list[float]]) -> None:
        """A line of the table."""
        ratios = sorted(at(99, two) / at(99, one) for one, two in zip(alone, beside, strict=True))
        figures = [
            f"{median([at(share, one) for one in each]) * 1000:.2f}" for each in (alone, beside) for share in (50, 99)
        ]
        longest = max(max(one) for one in beside) * 1000
        rates = [f"{sum(map(len, each)) / sum(map(sum, each)):.0f}" for each in (alone, beside)]
        name = f"{self.world.rows.name}, {'with' if self.entity == 'box' else 'without'} children"
        spread = f"{ratios[0]:.1f} – {ratios[-1]:.1f}"
        told = [name, *figures, f"{median(ratios):.2f} ({spread})", f"{longest:.0f}", *rates]
        print(f"| {' | '.join(told)} |", flush=True)


def at(share: int, seconds: list[float]) -> float:
    """A percentile."""
    return quantiles(seconds, n=100)[share - 1]


@contextmanager
def database(name: str) -> Iterator[Rows]:
    """An empty database of this kind."""
    with ExitStack() as stack:
        if name == "mariadb":
            url = stack.enter_context(stack.enter_context(finding.mariadb()).database())
            yield MariaDBRows(url)
        else:
            url = stack.enter_context(stack.enter_context(finding.postgresql()).database())
            yield PostgreSQLRows(url)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", default=["postgresql", "mariadb"])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--entity", choices=["log", "box", "both"], default="both", help="log: without children")
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; milliseconds; medians of {asked.rounds} rounds\n")
    print(
        "| | alone p50 | alone p99 | beside p50 | beside p99 | p99 ratio | longest beside | rate alone | rate beside |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in asked.databases:
        for entity in ["log", "box"] if asked.entity == "both" else [asked.entity]:
            with database(name) as rows, tempfile.TemporaryDirectory() as folder:
                size = Size(STAYING, 60, 60) if entity == "box" else Size(60, STAYING, 60)
                world = World(rows, size, audited=False)
                rows.script(f"DELETE FROM {'hold' if entity == 'box' else 'node'}")
                records = RECORDS[name] // (10 if entity == "box" else 1)
                Bench(world, entity, records, Path(folder)).measure(asked.rounds)
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
