"""What is told: one Markdown table, the same as JSON with every single run, and the plot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.figures import Figure, Series, spread
from benchmarks.plot import plot

HEAD = (
    "| case | database | data | who | time | against | its time | result | must | |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)
MARKS = {True: "reached", False: "**missed**", None: ""}


@dataclass
class Report:
    """Everything measured so far; written again after each group, so that nothing is lost."""

    folder: Path
    runs: int
    quick: bool
    figures: list[Figure] = field(default_factory=list)
    databases: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    load_before: float = field(default_factory=machine.load)

    def write(self) -> None:
        """Table, runs and plot."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "results.md").write_text(self.markdown(), encoding="utf-8")
        text = json.dumps(self.as_json(), indent=1, ensure_ascii=False)
        (self.folder / "results.json").write_text(text + "\n", encoding="utf-8")
        remark = "; small sizes: say nothing about speed" if self.quick else ""
        (self.folder / "ratios.svg").write_text(plot(self.figures, remark), encoding="utf-8")

    def markdown(self) -> str:
        """The table, and what one must know to read it."""
        told = [f"- {one}" for one in [self.about(), *self.databases.values(), *dict.fromkeys(self.notes)]]
        return HEAD + "".join(row(one, self.quick) for one in self.figures) + "\n" + "\n".join(told) + "\n"

    def about(self) -> str:
        """Machine, load and number of runs."""
        load = f"load {self.load_before:.1f} before, {machine.load():.1f} after"
        busy = " (**busy: no reference**)" if machine.is_busy(self.load_before) else ""
        rounds = "1 round" if self.runs == 1 else f"{self.runs} rounds"
        quick = ", small sizes that **say nothing about speed**" if self.quick else ""
        return f"{machine.described()}; {load}{busy}; {rounds}{quick}; medians (least–most)"

    def as_json(self) -> dict[str, Any]:
        """Every run."""
        return {
            "about": self.about(), "databases": self.databases, "notes": self.notes,
            "figures": [as_json(one) for one in self.figures],
        }  # fmt: skip

    @property
    def is_missed(self) -> bool:
        """Whether a figure misses what it must reach."""
        return any(one.is_reached is False for one in self.figures)


def row(figure: Figure, quick: bool) -> str:
    """One line of the table; small sizes are held against nothing."""
    sign = "≥" if figure.measure.higher_is_better else "≤"
    values = figure.values
    result = spread(values, figure.measure.value) if values else figure.ours.stopped or "not measured"
    must = "" if figure.target is None else f"{sign} {figure.target:g} {figure.measure.value}"
    cells = [
        figure.case, figure.database, figure.ours.data.title, figure.ours.name, *times(figure), result,
        must, "" if quick else MARKS[figure.is_reached],
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def times(figure: Figure) -> list[str]:
    """How long it took, against whom, and how long that took; of the statements of others where it is about them."""
    share, ours, theirs = figure.measure.share, figure.ours, figure.theirs
    if figure.measure.is_of_others and share is not None and ours.beside:
        two = (spread([one.at(share) for one in each], "ms") for each in (ours.beside, ours.alone))
        return [next(two), "writers alone", next(two)]
    return [seconds(ours), against(figure), seconds(theirs) if theirs else ""]


def against(figure: Figure) -> str:
    """Whom it is compared with; with the data where they are others."""
    theirs = figure.theirs
    if theirs is None:
        return ""
    return theirs.name if theirs.data == figure.ours.data else f"{theirs.name}, {theirs.data.title}"


def seconds(series: Series) -> str:
    """How long it took."""
    return spread(series.seconds, "s") if series.seconds else ""


def as_json(figure: Figure) -> dict[str, Any]:
    """One figure with its runs."""
    return {
        "case": figure.case, "database": figure.database, "measure": figure.measure.value, "values": figure.values,
        "target": figure.target, "reached": figure.is_reached, "ours": asdict(figure.ours),
        "theirs": asdict(figure.theirs) if figure.theirs else None,
    }  # fmt: skip
