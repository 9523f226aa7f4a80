"""Records created after the operation began stay, whatever created-on is called and however it is spelled."""

from __future__ import annotations

from typing import Any

import pytest

from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database
from tests.records.sessions import Session, account

SOON = {
    "sqlite": {"datetime": "datetime('now', '+1 hour')", "text": "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 hour')"},
    "postgresql": {"timestamp": "now() AT TIME ZONE 'UTC' + interval '1 hour'", "timestamptz": "now() + '1 hour'"},
    "mariadb": {"datetime(6)": "now(6) + interval 1 hour", "timestamp null": "now() + interval 1 hour"},
}
KINDS = {
    "sqlite": ["datetime", "text"],
    "postgresql": ["timestamp", "timestamptz"],
    "mariadb": ["datetime(6)", "timestamp null"],
}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("name", ["createdon", "CreatedOn", "created_on", "created_at"])
def test_later_records_and_those_without_created_on_stay(
    database: Database, session: Session, name: str, which: int
) -> None:
    kind = KINDS[database.name][which]
    database.script(f"""
        CREATE TABLE t (id integer PRIMARY KEY, {name} {kind});
        INSERT INTO t VALUES (1, '2020-01-01 00:00:00'), (2, {SOON[database.name][kind]}), (3, NULL);
    """)
    before = database.state()

    ended = session.run(Query("t").all_records())

    account(database, before, ended)
    assert database.ids("t") == [2, 3]
    assert ended.summary["queries"][0]["matched"] == 1


@pytest.mark.parametrize(("chosen", "left"), [("made", [2]), (None, []), ("createdon", [1])])
def test_the_job_chooses_the_attribute_or_none(
    database: Database, session: Session, chosen: str | None, left: list[int]
) -> None:
    kind = KINDS[database.name][0]
    soon = SOON[database.name][kind]
    database.script(f"""
        CREATE TABLE t (id integer PRIMARY KEY, createdon {kind}, made {kind});
        INSERT INTO t VALUES (1, {soon}, '2020-01-01 00:00:00'), (2, '2020-01-01 00:00:00', {soon});
    """)

    session.run(Query("t").all_records(), created_on={"t": chosen})

    assert database.ids("t") == left


def insert_now(database: Database, at: int) -> None:
    now = {
        "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')", "postgresql": "clock_timestamp()", "mariadb": "now(6)"
    }[database.name]  # fmt: skip
    database.execute(f"INSERT INTO t VALUES ({at}, {now})")


def test_records_that_arrive_while_it_runs_stay(database: Database, session: Session) -> None:
    kind = {"sqlite": "datetime", "postgresql": "timestamptz", "mariadb": "datetime"}[database.name]
    database.script(f"CREATE TABLE t (id integer PRIMARY KEY, createdon {kind})")
    for at in range(5):
        database.execute(f"INSERT INTO t VALUES ({at}, '2020-01-01 00:00:00')")
    operation_id = session.submit(Query("t").all_records())
    session.step(operation_id)  # the fence opens: the cut-off

    for at in range(10, 13):
        insert_now(database, at)
        session.step(operation_id)
    ended = session.drive(operation_id)

    assert database.ids("t") == [10, 11, 12]
    assert sorted(ended.deleted["t"]) == ["0", "1", "2", "3", "4"]


def test_without_created_on_steady_arrivals_end_after_three_sweeps(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
    operation_id = session.submit(Query("t").all_records())

    at: Any = 10
    while not session.step(operation_id).is_final:
        database.execute(f"INSERT INTO t VALUES ({at})")
        at += 1
        assert at < 100
    ended = session.drive(operation_id)

    assert ended.summary["status"] == "succeeded"
    assert "arriving" in ended.summary["remaining"]["0"]
    assert database.count("t") > 0
