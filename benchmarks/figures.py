"""What was measured, and how it is shown."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One figure, its baseline of the same run where it has one, and what it must reach."""

    name: str
    measured: str
    baseline: str
    value: float
    target: float
    unit: str
    higher_is_better: bool

    @property
    def is_reached(self) -> bool:
        """Whether it is as good as it must be."""
        return self.value >= self.target if self.higher_is_better else self.value <= self.target

    @classmethod
    def of_pairs(cls, name: str, records: int, pairs: list[tuple[float, float]], target: float) -> Figure:
        """Our speed against the baseline's, from (our seconds, baseline's seconds): medians, and the median ratio."""
        ours = statistics.median(pair[0] for pair in pairs)
        baseline = statistics.median(pair[1] for pair in pairs)
        ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
        return cls(name, speed(records, ours), speed(records, baseline), ratio, target, "", True)

    @classmethod
    def of_limit(cls, name: str, measured: float, unit: str, most: float) -> Figure:
        """A figure that must stay below a limit."""
        return cls(name, f"{measured:,.2f} {unit}".replace(".00", ""), "", measured, most, f" {unit}", False)


def speed(records: int, seconds: float) -> str:
    """Seconds and records a second."""
    return f"{seconds:.2f} s, {records / seconds / 1000:,.0f} k/s"


def show(figures: list[Figure]) -> None:
    """A table on stdout."""
    table = Table("figure", "bulkdelete", "baseline", "ratio", "target", "")
    for one in figures:
        sign = "≥" if one.higher_is_better else "≤"
        ratio = f"{one.value:.2f}" if one.higher_is_better else ""
        reached = "reached" if one.is_reached else "missed"
        table.add_row(one.name, one.measured, one.baseline, ratio, f"{sign} {one.target:g}{one.unit}", reached)
    Console(width=120).print(table)
