"""How long things took of which there are many: the shares that people ask for, in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Self


@dataclass(frozen=True)
class Taken:
    """Percentiles, in milliseconds, and how many there were."""

    p50: float
    p95: float
    p99: float
    longest: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self:
        """What was measured. Raises ValueError where nothing was."""
        if not seconds:
            raise ValueError("nothing was measured")
        at = quantiles(seconds, n=100) if len(seconds) > 1 else [seconds[0]] * 99
        longest = max(seconds)
        # Of few, a percentile would be read off beyond the longest of them.
        p50, p95, p99 = (min(at[share - 1], longest) * 1000 for share in (50, 95, 99))
        return cls(p50, p95, p99, longest * 1000, len(seconds))

    def at(self, share: int) -> float:
        """The share that is named: 50, 95 or 99."""
        return {50: self.p50, 95: self.p95, 99: self.p99}[share]
