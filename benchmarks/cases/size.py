"""How cost follows the work: by the size of a table, for few records of a large one, and memory."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.cases.case import Bench, Case
from benchmarks.contestants.command import COMMAND_LINE
from benchmarks.contestants.embedded import EMBEDDED
from benchmarks.contestants.service import service
from benchmarks.contestants.statements import SINGLE
from benchmarks.data import Data
from benchmarks.figures import Measure
from benchmarks.measuring import Comparison, Group, Trial
from benchmarks.run import Contestant

MOST_MEGABYTES = 300.0
MOST_SECONDS_MORE = 1.0
MOST_SECONDS_SMALLEST = 1.0
MATCHED = 1_000


def scale(bench: Bench) -> Iterator[Group]:
    """10⁴ and 10⁶ records."""
    yield growing("scale", bench, bench.size(10_000, 1_000), bench.size(1_000_000, 20_000))


def scale_10m(bench: Bench) -> Iterator[Group]:
    """10⁶ and 10⁷ records."""
    yield growing("scale-10m", bench, bench.size(1_000_000, 20_000), bench.size(10_000_000, 50_000))


def growing(case: str, bench: Bench, small: int, large: int) -> Group:
    """What a record costs in a small and in a large table."""
    trials = [
        Trial(f"{one.name}, {rows}", one, bench.half(rows)) for rows in (small, large) for one in (SINGLE, EMBEDDED)
    ]
    comparisons = [Comparison(one.label, None, Measure.EACH) for one in trials]
    for one in (SINGLE, EMBEDDED):
        comparisons.append(Comparison(f"{one.name}, {large}", f"{one.name}, {small}", Measure.COST))
    return Group(case, bench.database, trials, comparisons)


def few(bench: Bench) -> Iterator[Group]:
    """1,000 of 5 million, found by an index."""
    data = Data(bench.size(5_000_000, 100_000), MATCHED, key=bench.database.key, by_index=True)
    trials = [Trial(one.name, one, data) for one in (SINGLE, EMBEDDED)]
    comparison = Comparison(EMBEDDED.name, SINGLE.name, Measure.MORE, MOST_SECONDS_MORE)
    yield Group("few", bench.database, trials, [comparison])


def smallest(bench: Bench) -> Iterator[Group]:
    """One record through Kafka, from `submit` until the client knows."""
    one = service(bench.servers, 1)
    trials = [Trial(one.name, one, Data(1_000, 1, key=bench.database.key, by_index=True))]
    yield Group(
        "smallest", bench.database, trials, [Comparison(one.name, None, Measure.SECONDS, MOST_SECONDS_SMALLEST)]
    )


def memory(bench: Bench) -> Iterator[Group]:
    """Peak memory of `bulkdelete run`, and of the largest process of the service, at 10⁵ and 10⁶ matched."""
    yield peaks("memory", bench, bench.size(100_000, 2_000), bench.size(1_000_000, 20_000))


def memory_10m(bench: Bench) -> Iterator[Group]:
    """The same at 10⁵ and 10⁷."""
    yield peaks("memory-10m", bench, bench.size(100_000, 2_000), bench.size(10_000_000, 50_000))


def peaks(case: str, bench: Bench, *sizes: int) -> Group:
    """The largest process at each size, all records matching; one run tells."""
    found = (COMMAND_LINE, service(bench.servers, 1))
    trials = [
        Trial(f"{one.name}, {rows}", once(one), Data(rows, rows, key=bench.database.key, indexes=0))
        for one in found
        for rows in sizes
    ]
    comparisons = [Comparison(one.label, None, Measure.PEAK, MOST_MEGABYTES) for one in trials]
    return Group(case, bench.database, trials, comparisons)


def once(contestant: Contestant) -> Contestant:
    """The same, run once."""
    return Contestant(contestant.name, contestant.delete, 1, contestant.in_process, contestant.absent)


SIZE = (
    Case("scale", "what a record costs at 10⁴ and 10⁶ records", scale),
    Case("few", "1,000 of 5 million records by an index", few),
    Case("smallest", "one record through Kafka", smallest),
    Case("memory", "peak memory at 10⁵ and 10⁶ matched", memory),
    Case("scale-10m", "what a record costs at 10⁶ and 10⁷ records", scale_10m, explicit=True),
    Case("memory-10m", "peak memory at 10⁵ and 10⁷ matched", memory_10m, explicit=True),
)
