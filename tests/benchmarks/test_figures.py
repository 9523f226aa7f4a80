"""Figures are made round by round, and held against what they must reach."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.data import Data
from benchmarks.figures import Figure, Measure, Series, spread
from benchmarks.plot import plot
from benchmarks.report import Report, row

DATA = Data(rows=2_000, matched=1_000)


def series(*seconds: float, stopped: str | None = None) -> Series:
    return Series("one", DATA, list(seconds), [one / 2 for one in seconds], [100.0 for _ in seconds], stopped)


@pytest.mark.parametrize(
    ("measure", "values"),
    [
        (Measure.SPEED, [0.5, 2.0]),
        (Measure.TIME, [2.0, 0.5]),
        (Measure.MORE, [1.0, -2.0]),
        (Measure.SHARE, [100.0, -50.0]),
        (Measure.EACH, [2_000.0, 2_000.0]),
        (Measure.PEAK, [100.0, 100.0]),
    ],
)
def test_each_round_is_compared_with_itself(measure: Measure, values: list[float]) -> None:
    assert Figure("half", "sqlite", series(2.0, 2.0), series(1.0, 4.0), measure).values == values


def test_rounds_that_only_one_of_them_ran_do_not_count() -> None:
    assert Figure("half", "sqlite", series(1.0, 1.0, 1.0), series(2.0), Measure.SPEED).values == [2.0]


@pytest.mark.parametrize(("measure", "reached"), [(Measure.SPEED, True), (Measure.TIME, False)])
def test_a_target_is_a_bound_on_the_median(measure: Measure, reached: bool) -> None:
    ours, theirs = series(1.0, 1.0, 9.0), series(2.0, 2.0, 2.0)
    if measure is Measure.TIME:
        ours, theirs = theirs, ours
    assert Figure("half", "sqlite", ours, theirs, measure, 1.5).is_reached is reached


def test_who_stops_is_told_and_not_measured() -> None:
    figure = Figure("restricted", "sqlite", series(stopped="stops at once"), series(1.0), Measure.TIME, 3.0)
    assert (figure.values, figure.is_reached) == ([], None)
    assert "stops at once" in row(figure, quick=False)


def test_a_spread_is_told_where_there_is_one() -> None:
    assert spread([0.5], "×") == "0.50 ×"
    assert spread([3.0, 1.0, 200.0], "s") == "3.00 s (1.00–200)"


def test_the_report_is_a_table_with_every_run_and_a_picture(tmp_path: Path) -> None:
    slow = Figure("half", "sqlite", series(2.0, 2.0), series(1.0, 1.0), Measure.SPEED, 0.8)
    report = Report(tmp_path, runs=2, quick=False, figures=[slow], notes=["no <such> program"])
    report.write()
    assert report.is_missed
    assert "| 0.50 × (0.50–0.50) | ≥ 0.8 × | **missed** |" in (tmp_path / "results.md").read_text(encoding="utf-8")
    assert '"seconds"' in (tmp_path / "results.json").read_text(encoding="utf-8")
    ElementTree.fromstring((tmp_path / "ratios.svg").read_text(encoding="utf-8"))


def test_nothing_measured_is_a_picture_too() -> None:
    ElementTree.fromstring(plot([]))
