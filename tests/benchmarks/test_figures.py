"""Figures are made round by round, and held against what they must reach."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.data import Data
from benchmarks.figures import Figure, Measure, Series, spread
from benchmarks.plot import plot
from benchmarks.report import Report, row
from benchmarks.taken import Taken

DATA = Data(rows=2_000, matched=1_000)


def series(*seconds: float, stopped: str | None = None) -> Series:
    return Series("one", DATA, list(seconds), [one / 2 for one in seconds], [100.0 for _ in seconds], stopped=stopped)


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


def test_what_others_took_is_compared_with_what_they_take_alone() -> None:
    one = series(1.0, 1.0)
    one.alone, one.beside = [Taken.of([0.001, 0.002])] * 2, [Taken.of([0.002, 0.003]), Taken.of([0.004, 0.006])]
    figure = Figure("foreground", "postgresql", one, None, Measure.OTHERS_99, 2.0)
    assert figure.values == pytest.approx([1.5, 3.0])
    assert (figure.is_reached, Measure.OTHERS_99.higher_is_better) == (False, False)
    told = row(figure, quick=False)
    assert "4.50 ms (3.00–6.00) | writers alone | 2.00 ms (2.00–2.00) | 2.25 × their p99" in told


def test_how_long_records_are_held_is_a_bound_from_above() -> None:
    one = series(1.0)
    one.held = [Taken.of([0.1] * 98 + [0.4] * 2)]
    values = [Figure("locks", "sqlite", one, None, at, 200.0) for at in (Measure.HELD_95, Measure.HELD_99)]
    assert [figure.is_reached for figure in values] == [True, False]


def test_a_percentile_of_few_is_none_that_nobody_took() -> None:
    few = Taken.of([0.001, 0.002, 0.009])
    assert (few.p99, few.longest, few.count) == (9.0, 9.0, 3)
    with pytest.raises(ValueError, match="nothing was measured"):
        Taken.of([])


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
