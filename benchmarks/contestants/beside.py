"""A contestant while others write: how much slower they are than before and after it, in the same database."""

from __future__ import annotations

import time
from dataclasses import replace

from benchmarks.others import at_work
from benchmarks.run import Contestant, Run

ALONE = 4.0
"""Seconds that others write before, and after."""
SETTLING = 1.0
"""Seconds at the beginning, and after the contestant, that do not count."""


def beside(contestant: Contestant) -> Contestant:
    """The same while others write."""

    def delete(run: Run) -> None:
        run.is_settled = False
        with at_work(run.database, run.address, run.data) as others:
            time.sleep(SETTLING)
            first = time.monotonic()
            time.sleep(ALONE)
            begin = time.monotonic()
            contestant.delete(run)
            end = time.monotonic()
            time.sleep(SETTLING)
            last = time.monotonic()
            time.sleep(ALONE)
        run.added = others.added
        run.beside = others.among((begin, end))
        run.alone = others.among((first, begin), (last, last + ALONE))

    return replace(contestant, name=f"writers beside {contestant.name}", delete=delete, in_process=False)
