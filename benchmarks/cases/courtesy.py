"""What others notice: how much longer their writes take beside a deletion, and how long it holds records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.cases.case import Bench, Case
from benchmarks.cases.speed import on
from benchmarks.contestants.beside import beside
from benchmarks.contestants.embedded import EMBEDDED_ONE, WATCHED
from benchmarks.contestants.statements import LOOP, SINGLE
from benchmarks.figures import Measure
from benchmarks.measuring import Comparison, Group, Trial

OTHERS = 2.0
"""Times what it takes them alone, at most, at the 99th percentile."""
HELD, HELD_ALONE = 200.0, 500.0
"""Milliseconds that records are held, at most, at the 99th percentile; where a writer has the database to itself."""
SHARES = {Measure.OTHERS_50: None, Measure.OTHERS_95: None, Measure.OTHERS_99: OTHERS}


def foreground(bench: Bench) -> Iterator[Group]:
    """Other people's writes beside a run with one worker, and beside what people would do instead."""
    if bench.database.name == "sqlite":
        return  # one writer at a time: who writes waits for the whole transaction of whoever writes now
    ours, *theirs = (beside(one) for one in (EMBEDDED_ONE, LOOP, SINGLE))
    comparisons = [Comparison(ours.name, None, measure, must) for measure, must in SHARES.items()]
    comparisons += [Comparison(one.name, None, measure) for one in theirs for measure in SHARES]
    yield Group("foreground", bench.database, on(bench.usual(), ours, *theirs), comparisons)


def locks(bench: Bench) -> Iterator[Group]:
    """How long transactions hold records on an idle database: clean, restricted, cascading."""
    clean = bench.half(bench.size(1_000_000, 20_000))
    less = replace(clean, rows=clean.rows // 5, matched=clean.matched // 5)
    sets = [clean, *(replace(less, restricted=share) for share in (0.01, 0.5)), replace(less, levels=2)]
    trials = [Trial(one.title, WATCHED, one) for one in sets]
    must = HELD_ALONE if bench.database.name == "sqlite" else HELD
    bounds = {Measure.HELD_95: None, Measure.HELD_99: must}
    comparisons = [Comparison(one.label, None, measure, most) for one in trials for measure, most in bounds.items()]
    yield Group("locks", bench.database, trials, comparisons)


COURTESY = (
    Case("foreground", "other people's updates and inserts beside a deletion with one worker", foreground),
    Case("locks", "how long transactions hold records: clean, restricted, cascading", locks),
)
