"""What restricted records cost: 0 %, 1 % and 50 % of those that match are kept by a record that refers to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.cases.case import Bench, Case
from benchmarks.contestants.archiver import BEST_ARCHIVER
from benchmarks.contestants.embedded import EMBEDDED
from benchmarks.contestants.statements import LOOP, SINGLE
from benchmarks.figures import Measure
from benchmarks.measuring import Comparison, Group, Trial

SOME, MANY = 1.3, 3.0
"""Times a clean run, at most: with 1 %, and with 50 % against a clean run that deletes as many."""


def restricted(bench: Bench) -> Iterator[Group]:
    """Ours at every share; the others where nothing is kept, and where they stop."""
    clean = replace(bench.half(bench.size(400_000, 20_000)), restricted=0.0)
    few, many = replace(clean, restricted=0.01), replace(clean, restricted=0.5)
    fewer = replace(clean, matched=clean.matched // 2)
    trials = [
        Trial("clean", EMBEDDED, clean), Trial("few", EMBEDDED, few),
        Trial("fewer", EMBEDDED, fewer), Trial("many", EMBEDDED, many), Trial("single", SINGLE, clean),
    ]  # fmt: skip
    others = [SINGLE, LOOP, *([BEST_ARCHIVER] if bench.database.name == "mariadb" else [])]
    trials += [Trial(f"{one.name} stops", one, few) for one in others]
    comparisons = [
        Comparison("clean", "single", Measure.SPEED),
        Comparison("few", "clean", Measure.TIME, SOME),
        Comparison("many", "fewer", Measure.TIME, MANY),
        *[Comparison(f"{one.name} stops", "clean", Measure.TIME) for one in others],
    ]
    yield Group("restricted", bench.database, trials, comparisons)


FAILING = (Case("restricted", "0 %, 1 % and 50 % of the records kept by others", restricted),)
