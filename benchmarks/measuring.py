"""Measuring: in rounds, every contestant once a round, each time on a fresh copy of the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.data import Data
from benchmarks.databases.database import Copying, Database
from benchmarks.figures import Figure, Measure, Series
from benchmarks.run import Contestant, Run, StoppedError

SMALL = 1_000
"""Records in the database that warms up."""


@dataclass(frozen=True)
class Trial:
    """A contestant on a set of data."""

    label: str
    contestant: Contestant
    data: Data


@dataclass(frozen=True)
class Comparison:
    """Two trials by their labels, or one; how they are compared, and what must come out."""

    ours: str
    theirs: str | None
    measure: Measure
    target: float | None = None


@dataclass(frozen=True)
class Group:
    """Trials that run interleaved on one database."""

    case: str
    database: Database
    trials: Sequence[Trial]
    comparisons: Sequence[Comparison]

    def of(self, wanted: Sequence[str]) -> Group:
        """The same with those contestants only whose names contain one of these words."""
        kept = [one for one in self.trials if not wanted or any(word in one.contestant.name for word in wanted)]
        return self.having(kept)

    def present(self) -> tuple[Group, list[str]]:
        """The same with what this machine has, and why it lacks the others."""
        reasons = {one.label: one.contestant.absent() for one in self.trials}
        kept = [one for one in self.trials if reasons[one.label] is None]
        return self.having(kept), [reason for reason in dict.fromkeys(reasons.values()) if reason]

    def having(self, trials: Sequence[Trial]) -> Group:
        """The same with some of the trials, and the comparisons that are left."""
        labels = {one.label for one in trials} | {None}
        left = [one for one in self.comparisons if {one.ours, one.theirs} <= labels]
        return Group(self.case, self.database, trials, left)

    def figures(self, measured: dict[str, Series]) -> Iterator[Figure]:
        """The comparisons, filled in."""
        for one in self.comparisons:
            theirs = measured[one.theirs] if one.theirs else None
            yield Figure(self.case, self.database.name, measured[one.ours], theirs, one.measure, one.target)


def measured(group: Group, runs: int, tell: Callable[[str], None]) -> dict[str, Series]:
    """The series of every trial, by its label."""
    series = {one.label: Series(one.contestant.name, one.data) for one in group.trials}
    with ExitStack() as stack:
        warm_up(group)
        copies: dict[Data, Copying] = {}
        for data in dict.fromkeys(one.data for one in group.trials):
            tell(f"{group.case}, {group.database.label}: preparing {data.title}")
            copies[data] = stack.enter_context(group.database.prepared(data, len(copies)))
        for at in range(runs):
            for trial in turned(group.trials, at):
                one = series[trial.label]
                if one.stopped or len(one.seconds) >= (trial.contestant.most_runs or runs):
                    continue
                run(group.database, trial, copies[trial.data], one)
                tell(f"{group.case}, {group.database.label}, {at + 1} of {runs}: {told(one)}")
    return series


def turned(trials: Sequence[Trial], at: int) -> Sequence[Trial]:
    """Each round begins with another one, so that nobody always comes after the same."""
    first = at % len(trials) if trials else 0
    return [*trials[first:], *trials[:first]]


def run(database: Database, trial: Trial, copying: Copying, series: Series) -> None:
    """One run on a copy of its own; it counts only if it did exactly what it should."""
    with copying() as address:
        one = Run(database, trial.data, address)
        try:
            trial.contestant.delete(one)
        except StoppedError as error:
            series.stopped = str(error)
            return
        one.check()
    series.seconds.append(one.seconds)
    series.reply.append(one.reply)
    series.megabytes.append(one.megabytes)
    for found, into in ((one.alone, series.alone), (one.beside, series.beside), (one.held, series.held)):
        if found is not None:
            into.append(found)


def warm_up(group: Group) -> None:
    """Let everything that works in this process do so once before it counts."""
    contestants = dict.fromkeys(one.contestant for one in group.trials if one.contestant.in_process)
    small = Data(SMALL, SMALL // 2, key=group.database.key)
    with ExitStack() as stack:
        copying = stack.enter_context(group.database.prepared(small, 0)) if contestants else None
        for one in contestants:
            assert copying is not None
            run(group.database, Trial(one.name, one, small), copying, Series(one.name, small))


def told(series: Series) -> str:
    """The last run of a series, in a line."""
    name = f"{series.name}, {series.data.title}"
    if series.stopped:
        return f"{name}: {series.stopped}"
    settled = f", settled after {series.seconds[-1]:.2f} s" if series.seconds[-1] > 1.05 * series.reply[-1] else ""
    return f"{name}: {series.reply[-1]:.2f} s{settled}"
