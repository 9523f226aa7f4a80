"""How fast: everybody on the usual data; then by key, number of indexes and cascade, ours against one DELETE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.cases.case import Bench, Case
from benchmarks.contestants.archiver import BEST_ARCHIVER, DEFAULT_ARCHIVER
from benchmarks.contestants.bare import BARE
from benchmarks.contestants.command import COMMAND_LINE
from benchmarks.contestants.embedded import EMBEDDED
from benchmarks.contestants.service import service
from benchmarks.contestants.statements import LOOP, SINGLE
from benchmarks.data import Data
from benchmarks.figures import Measure
from benchmarks.measuring import Comparison, Group, Trial
from benchmarks.run import Contestant

AGAINST_SINGLE = {"postgresql": 0.65, "mariadb": 0.75, "sqlite": 0.8}
SERVICE_AGAINST_SINGLE = {"postgresql": 0.45}
AGAINST_ARCHIVER = {BEST_ARCHIVER.name: 3.0, DEFAULT_ARCHIVER.name: 20.0}


def half(bench: Bench) -> Iterator[Group]:
    """Everybody on the usual data."""
    database, data = bench.database, bench.usual()
    one, two = service(bench.servers, 1), service(bench.servers, 2)
    archivers = [BEST_ARCHIVER, DEFAULT_ARCHIVER] if database.name == "mariadb" else []
    speed = Measure.SPEED
    comparisons = [
        Comparison(EMBEDDED.name, SINGLE.name, speed, AGAINST_SINGLE.get(database.name)),
        Comparison(EMBEDDED.name, LOOP.name, speed),
        *[Comparison(EMBEDDED.name, other.name, speed, AGAINST_ARCHIVER[other.name]) for other in archivers],
        Comparison(COMMAND_LINE.name, SINGLE.name, speed),
        Comparison(one.name, SINGLE.name, speed),
        Comparison(two.name, SINGLE.name, speed, SERVICE_AGAINST_SINGLE.get(database.name)),
        *[Comparison(other.name, SINGLE.name, speed) for other in (LOOP, *archivers)],
    ]
    if database.name in {"mariadb", "mysql"}:
        comparisons.insert(1, Comparison(EMBEDDED.name, SINGLE.name, Measure.REPLY))
    contestants = [SINGLE, EMBEDDED, COMMAND_LINE, LOOP, one, two, *archivers]
    yield Group("half", database, on(data, *contestants), comparisons)


def share(bench: Bench) -> Iterator[Group]:
    """What messages, event store and accounting cost above the statements themselves."""
    comparisons = [Comparison(EMBEDDED.name, BARE.name, Measure.SHARE, 15.0)]
    yield Group("share", bench.database, on(bench.usual(), BARE, EMBEDDED), comparisons)


def keys(bench: Bench) -> Iterator[Group]:
    """Integer and uuid keys."""
    data = bench.half(bench.size(1_000_000, 10_000))
    yield pairs("keys", bench, {"integer": replace(data, key="integer"), "uuid": replace(data, key="uuid")})


def indexes(bench: Bench) -> Iterator[Group]:
    """No further index to five of them, on random values."""
    rows = bench.size(500_000, 10_000)
    for count in range(6):
        yield pairs("indexes", bench, {str(count): bench.half(rows, indexes=count)})


def cascade(bench: Bench) -> Iterator[Group]:
    """Each record takes one with it, and that one another."""
    yield pairs("cascade", bench, {"cascade": replace(bench.half(bench.size(400_000, 10_000)), levels=2)})


def on(data: Data, *contestants: Contestant) -> list[Trial]:
    """Contestants on the same data."""
    return [Trial(one.name, one, data) for one in contestants]


def pairs(case: str, bench: Bench, sets: dict[str, Data]) -> Group:
    """Ours and one DELETE on several sets of data."""
    trials = [Trial(f"{one.name}, {name}", one, data) for name, data in sets.items() for one in (SINGLE, EMBEDDED)]
    comparisons = [Comparison(f"{EMBEDDED.name}, {name}", f"{SINGLE.name}, {name}", Measure.SPEED) for name in sets]
    return Group(case, bench.database, trials, comparisons)


SPEED = (
    Case(
        "half", "half of a table: one DELETE, the loop, pt-archiver, bulkdelete embedded, as a command, on Kafka", half
    ),
    Case("share", "the service's share above the bare statements of records/", share),
    Case("keys", "integer and uuid keys", keys),
    Case("indexes", "0 to 5 indexes", indexes),
    Case("cascade", "a cascade of two levels", cascade),
)
