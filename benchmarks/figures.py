"""What was measured, compared run by run with what ran beside it, and held against what it must reach."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from benchmarks.data import Data
from benchmarks.taken import Taken


@dataclass
class Series:
    """The runs of one contestant on one set of data, in the order of the rounds."""

    name: str
    data: Data
    seconds: list[float] = field(default_factory=list)
    """Until the database had settled."""
    reply: list[float] = field(default_factory=list)
    """Until the contestant said that it was done."""
    megabytes: list[float] = field(default_factory=list)
    alone: list[Taken] = field(default_factory=list)
    """Statements of others, before and after the contestant."""
    beside: list[Taken] = field(default_factory=list)
    """Statements of others, while it was at work."""
    held: list[Taken] = field(default_factory=list)
    """Transactions that held records."""
    stopped: str | None = None
    """Why the contestant does not do the job at all."""

    @property
    def microseconds(self) -> list[float]:
        """Each record's share, in the order of the rounds."""
        return [one / self.data.deleted * 1e6 for one in self.seconds]


def each(ours: list[float], theirs: list[float], what: Callable[[float, float], float]) -> list[float]:
    """Round by round, as far as both went."""
    return [what(one, other) for one, other in zip(ours, theirs, strict=False)]


class Measure(Enum):
    """How two series, or one, become figures: one a round."""

    SPEED = "×"
    REPLY = "× to the reply"
    TIME = "× the time"
    COST = "× the cost of a record"
    MORE = "s more"
    SHARE = "% on top"
    SECONDS = "s"
    EACH = "µs a record"
    PEAK = "MB"
    OTHERS_50 = "× their p50"
    OTHERS_95 = "× their p95"
    OTHERS_99 = "× their p99"
    HELD_95 = "ms held, p95"
    HELD_99 = "ms held, p99"

    @property
    def share(self) -> int | None:
        """The percentile that it is about."""
        return int(self.name[-2:]) if self.name.startswith(("OTHERS", "HELD")) else None

    @property
    def is_of_others(self) -> bool:
        """Whether it is about what others had to wait, not about the contestant's own time."""
        return self.name.startswith("OTHERS")

    @property
    def higher_is_better(self) -> bool:
        """Whether a target is a lower bound."""
        return self in {Measure.SPEED, Measure.REPLY}

    @property
    def is_ratio(self) -> bool:
        """Whether it belongs on a scale of ratios."""
        return self in {Measure.SPEED, Measure.REPLY, Measure.TIME, Measure.COST} or self.is_of_others

    def of(self, ours: Series, theirs: Series | None) -> list[float]:
        """The figures."""
        other = theirs or ours
        if self.share is not None:
            return self.of_share(ours, self.share)
        match self:
            case Measure.SPEED:
                return each(ours.seconds, other.seconds, lambda a, b: b / a)
            case Measure.REPLY:
                return each(ours.reply, other.reply, lambda a, b: b / a)
            case Measure.TIME:
                return each(ours.seconds, other.seconds, lambda a, b: a / b)
            case Measure.COST:
                return each(ours.microseconds, other.microseconds, lambda a, b: a / b)
            case Measure.MORE:
                return each(ours.seconds, other.seconds, lambda a, b: a - b)
            case Measure.SHARE:
                return each(ours.seconds, other.seconds, lambda a, b: 100 * (a / b - 1))
            case Measure.SECONDS:
                return ours.seconds
            case Measure.EACH:
                return ours.microseconds
            case _:
                return ours.megabytes

    def of_share(self, ours: Series, share: int) -> list[float]:
        """A percentile of what was held, or how many times as long others took beside it."""
        if self.is_of_others:
            return [one.at(share) / other.at(share) for one, other in zip(ours.beside, ours.alone, strict=True)]
        return [one.at(share) for one in ours.held]


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    case: str
    database: str
    ours: Series
    theirs: Series | None
    measure: Measure
    target: float | None = None

    @property
    def values(self) -> list[float]:
        """One a round; none where one of the two does not do the job."""
        if self.ours.stopped or (self.theirs and self.theirs.stopped):
            return []
        return self.measure.of(self.ours, self.theirs)

    @property
    def is_reached(self) -> bool | None:
        """Whether the median is as good as it must be; None where nothing is asked or nothing was measured."""
        if self.target is None or not self.values:
            return None
        median = statistics.median(self.values)
        return median >= self.target if self.measure.higher_is_better else median <= self.target


def spread(values: list[float], unit: str = "") -> str:
    """Median, and least to most where there are several: `0.71 × (0.68–0.75)`."""
    middle = f"{number(statistics.median(values))} {unit}".strip()
    return f"{middle} ({number(min(values))}–{number(max(values))})" if len(values) > 1 else middle


def number(value: float) -> str:
    """Three digits that count."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
