"""What was measured, compared run by run with what ran beside it, and held against what it must reach."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from benchmarks.data import Data


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

    @property
    def higher_is_better(self) -> bool:
        """Whether a target is a lower bound."""
        return self in {Measure.SPEED, Measure.REPLY}

    @property
    def is_ratio(self) -> bool:
        """Whether it belongs on a scale of ratios."""
        return self in {Measure.SPEED, Measure.REPLY, Measure.TIME, Measure.COST}

    def of(self, ours: Series, theirs: Series | None) -> list[float]:
        """The figures."""
        other = theirs or ours
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
            case Measure.PEAK:
                return ours.megabytes


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
