"""Cases run to their end on a small database; what one must know to trust them is checked in each run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import make_url

from benchmarks.__main__ import CASES
from benchmarks.cases.case import Bench
from benchmarks.contestants.bare import BARE
from benchmarks.contestants.embedded import EMBEDDED
from benchmarks.contestants.statements import LOOP, SINGLE
from benchmarks.data import Data
from benchmarks.databases.database import Database
from benchmarks.databases.mariadb import MariaDB
from benchmarks.databases.mysql import MySQL
from benchmarks.databases.postgresql import PostgreSQL
from benchmarks.databases.sqlite import SQLite
from benchmarks.figures import Measure
from benchmarks.measuring import Comparison, Group, Trial, measured
from benchmarks.run import Contestant, Run
from benchmarks.servers import Servers
from bulkdelete.records.postgresql import walks

SMALL = Data(rows=400, matched=200)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql),
            pytest.param("mariadb", marks=pytest.mark.mariadb),
            pytest.param("mysql", marks=pytest.mark.mysql)]
)  # fmt: skip
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == "sqlite":
        yield SQLite()
        return
    kinds: dict[str, Callable[[str], Database]] = {"postgresql": PostgreSQL, "mariadb": MariaDB, "mysql": MySQL}
    url = request.getfixturevalue(request.param).url
    # On a server its databases have names of their own, for one benchmark at a time.
    with FileLock(Path(tempfile.gettempdir()) / f"bulkdelete-benchmarks-{make_url(url).port}.lock", timeout=300):
        yield kinds[request.param](url)


def group(database: Database, *trials: Trial) -> Group:
    return Group("test", database, trials, [Comparison(one.label, None, Measure.SECONDS) for one in trials])


def on(data: Data, *contestants: Contestant) -> list[Trial]:
    return [Trial(f"{one.name}, {data.title}", one, data) for one in contestants]


def test_everybody_deletes_what_matches(database: Database) -> None:
    cascade = replace(SMALL, key="uuid", levels=2, by_index=True)
    trials = [*on(SMALL, SINGLE, LOOP, EMBEDDED), *on(cascade, SINGLE, EMBEDDED)]
    for one in measured(group(database, *trials), 2, lambda _line: None).values():
        assert (len(one.seconds), one.stopped) == (2, None)
        assert all(seconds >= reply > 0 for seconds, reply in zip(one.seconds, one.reply, strict=True))


def test_the_bare_statements_end_where_a_plan_always_has_units(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a PostgreSQL table that is too large to be counted."""
    monkeypatch.setattr(walks, "count_few", lambda *_: None)
    monkeypatch.setattr(walks, "SMALL", 0)
    (found,) = measured(group(database, *on(SMALL, BARE)), 1, lambda _line: None).values()
    assert len(found.seconds) == 1


def test_only_we_go_on_at_a_restricted_record(database: Database) -> None:
    kept = replace(SMALL, restricted=0.1)
    assert (kept.kept, kept.deleted) == (20, 180)
    found = measured(group(database, *on(kept, EMBEDDED, SINGLE, LOOP)), 1, lambda _line: None).values()
    assert [bool(one.stopped) for one in found] == [False, True, True]


def test_a_run_that_deletes_something_else_is_no_measurement() -> None:
    def too_much(run: Run) -> None:
        with run.database.connected(run.address) as cursor, run.timed():
            cursor.execute("DELETE FROM record")

    with pytest.raises(AssertionError, match="0 rows are left in record, not 200"):
        measured(group(SQLite(), *on(SMALL, Contestant("too much", too_much))), 1, lambda _line: None)


def test_what_is_not_there_is_left_out_and_named() -> None:
    away = Contestant("away", lambda _run: None, absent=lambda: "away is not installed")
    present, reasons = group(SQLite(), *on(SMALL, SINGLE, away)).present()
    assert [one.contestant.name for one in present.trials] == [SINGLE.name]
    assert len(present.comparisons) == 1
    assert reasons == ["away is not installed"]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("quick", [True, False])
def test_the_comparisons_of_a_case_name_its_trials(name: str, quick: bool) -> None:
    with Servers() as servers:
        for database in (
            SQLite(),
            PostgreSQL("postgresql://nowhere"),
            MariaDB("mariadb://nowhere"),
            MySQL("mysql://nowhere"),
        ):
            for one in CASES[name].groups(Bench(database, servers, quick)):
                labels = [trial.label for trial in one.trials]
                assert len(labels) == len(set(labels))
                assert one.comparisons
                assert {side for pair in one.comparisons for side in (pair.ours, pair.theirs) if side} <= set(labels)
