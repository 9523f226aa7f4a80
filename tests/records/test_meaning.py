"""What a job says of the meaning of its queries, on real databases: zones, the user, lists, the first so many."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest

from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import GovernedJob, Job
from tests.records.databases import Database
from tests.records.sessions import Session

TIMES = {"sqlite": "datetime", "postgresql": "timestamp", "mariadb": "datetime"}


def condition(attribute: str, operator: str, *values: Any) -> dict[str, Any]:
    return {"AttributeName": attribute, "Operator": operator, "Values": list(values)}


def query(*conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"EntityName": "t", "Criteria": {"Conditions": list(conditions)}, **more}


def meant(
    session: Session, *queries: dict[str, Any], catalogue: dict[str, Any] | None = None, **settings: Any
) -> list[int]:
    """The ids that the first query means."""
    import sqlalchemy as sa

    job: Job = Job.read({"name": "x", "queries": list(queries), **settings})
    if catalogue:
        job = job.under(Declarations.read(catalogue))
        assert isinstance(job, GovernedJob)
    scope, _ = session.target.check(job)
    entity = scope.entity(0)
    where = scope.where(0, entity, job.chosen_now)
    with session.target.dialect.reading(session.target.engine, 10) as connection:
        return sorted(connection.execute(sa.select(entity.table.c.id).where(where)).scalars())


@pytest.mark.parametrize(("settings", "catalogue", "ids"), [
    ({}, None, [1, 2]),
    ({"time_zone": "Europe/Oslo"}, None, [1]),
    ({"time_zone": "Europe/Oslo"}, {"time_zone": "UTC"}, []),
    ({"time_zone": "Europe/Oslo"}, {"time_zone": "UTC", "entities": {"t": {"time_zone": "Europe/Oslo"}}}, [1]),
])  # fmt: skip
def test_the_zone_of_times_that_are_stored_without_one(
    database: Database, session: Session, settings: dict[str, Any], catalogue: dict[str, Any] | None, ids: list[int]
) -> None:
    database.script(f"CREATE TABLE t (id integer PRIMARY KEY, w {TIMES[database.name]})")
    database.script("INSERT INTO t VALUES (1, '2024-05-31 23:30:00'), (2, '2024-06-01 00:30:00'), (3, NULL)")
    cut = {"[1, 2]": "2024-06-01T01:00:00Z", "[1]": "2024-05-31T22:00:00Z", "[]": "2024-05-31T22:00:00Z"}[str(ids)]

    assert meant(session, query(condition("w", "LessThan", cut)), catalogue=catalogue, **settings) == ids


def test_a_stored_time_that_comes_twice_matches_only_if_both_do(database: Database, session: Session) -> None:
    database.script(f"CREATE TABLE t (id integer PRIMARY KEY, w {TIMES[database.name]})")
    database.script(
        "INSERT INTO t VALUES (1, '2024-10-27 01:59:59'), (2, '2024-10-27 02:30:00'), (3, '2024-10-27 03:00:00')"
    )
    oslo: dict[str, Any] = {"time_zone": "Europe/Oslo"}

    assert meant(session, query(condition("w", "LessThan", "2024-10-27T00:45:00Z")), **oslo) == [1]
    assert meant(session, query(condition("w", "LessThan", "2024-10-27T01:45:00Z")), **oslo) == [1, 2]
    assert meant(session, query(condition("w", "GreaterEqual", "2024-10-27T00:15:00Z")), **oslo) == [2, 3]
    assert meant(session, query(condition("w", "GreaterEqual", "2024-10-27T01:15:00Z")), **oslo) == [3]


def test_a_local_time_is_read_in_the_zone_of_the_job(database: Database, session: Session) -> None:
    kind = {"sqlite": "datetime", "postgresql": "timestamptz", "mariadb": "timestamp NULL"}[database.name]
    offset = "" if database.name == "mariadb" else "Z"
    database.script(f"""
        CREATE TABLE t (id integer PRIMARY KEY, z {kind});
        INSERT INTO t VALUES (1, '2024-10-27 00:15:00{offset}'), (2, '2024-10-27 00:45:00{offset}'),
          (3, '2024-10-27 01:15:00{offset}');
    """)
    doubled = "2024-10-27T02:30:00"

    assert meant(session, query(condition("z", "LessThan", doubled)), time_zone="Europe/Oslo") == [1]
    assert meant(session, query(condition("z", "GreaterThan", doubled)), time_zone="Europe/Oslo") == []


LISTS = {
    "sqlite": [("text", "'1,2'", "'2,12'"), ("json", "'[1, 2]'", "'[2,12]'")],
    "postgresql": [
        ("text", "'1,2'", "',2,12,'"),
        ("integer[]", "'{1,2}'", "'{2,12}'"),
        ("jsonb", "'[1,2]'", "'[2, 12]'"),
    ],
    "mariadb": [("varchar(50)", "'1,2'", "'2, 12'"), ("json", "'[1, 2]'", "'[2,12]'")],
}


@pytest.mark.parametrize("form", [0, 1, 2])
def test_lists_of_choices_in_every_form(database: Database, session: Session, form: int) -> None:
    if form >= len(LISTS[database.name]):
        pytest.skip("the database has no such type")
    kind, one, two = LISTS[database.name][form]
    empty = {"integer[]": "'{}'", "json": "'[]'", "jsonb": "'[]'"}.get(kind, "''")
    database.script(f"CREATE TABLE t (id integer PRIMARY KEY, c {kind})")
    database.script(f"INSERT INTO t VALUES (1, {one}), (2, {two}), (3, {empty}), (4, NULL)")

    assert meant(session, query(condition("c", "ContainValues", 1))) == [1]
    assert meant(session, query(condition("c", "ContainValues", 2, "12"))) == [1, 2]
    assert meant(session, query(condition("c", "DoesNotContainValues", 12))) == [1]
    assert meant(session, query(condition("c", "DoesNotContainValues", 3))) == [1, 2]


@pytest.mark.parametrize(("operator", "values", "ids"), [
    ("Equal", ["1,2"], [1]), ("In", [2, 1], [1]), ("NotEqual", ["2,12"], [1, 3, 4]), ("NotIn", [12, 2], [1, 3]),
])  # fmt: skip
def test_a_list_by_its_type_equals_as_a_whole(
    database: Database, session: Session, operator: str, values: list[Any], ids: list[int]
) -> None:
    if database.name == "mariadb":
        pytest.skip("JSON is text here")
    kind = "json" if database.name == "sqlite" else "jsonb"
    database.script(f"CREATE TABLE t (id integer PRIMARY KEY, c {kind})")
    database.script("INSERT INTO t VALUES (1, '[2, 1]'), (2, '[2, 12]'), (3, '[]'), (4, NULL)")

    assert meant(session, query(condition("c", operator, *values))) == ids


@pytest.mark.parametrize(("operator", "user", "needs"), [
    ("EqualUserId", None, "say user: in it"), ("EqualBusinessId", "u", "user.business_unit"),
    ("EqualUserTeams", "u", "user.teams"), ("EqualUserLanguage", "u", "user.language"),
])  # fmt: skip
def test_without_a_user_conditions_on_it_are_refused(
    database: Database, session: Session, operator: str, user: str | None, needs: str
) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, own integer)")

    with pytest.raises(InvalidJobError) as refused:
        meant(session, query(condition("own", operator)), user=user)

    assert refused.value.field == "queries[0].Criteria.Conditions[0].Operator"
    assert needs in refused.value.reason


def test_without_a_hierarchy_or_with_two_of_them_it_is_refused(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, up integer, boss integer)")
    with pytest.raises(InvalidJobError, match="belongs to no entity that refers to itself"):
        meant(session, query(condition("id", "Under", 1)))

    ways = [{"child": "t", "columns": [one], "parent": "t", "rule": "remove_link"} for one in ("up", "boss")]
    with pytest.raises(InvalidJobError, match="refers to itself by boss, up"):
        meant(session, query(condition("id", "Under", 1)), catalogue={"relationships": ways})

    database.script("INSERT INTO t VALUES (1, NULL, NULL), (2, 1, NULL), (3, NULL, 1)")
    chosen = {"relationships": ways, "entities": {"t": {"hierarchy": "boss"}}}
    assert meant(session, query(condition("id", "Under", 1)), catalogue=chosen) == [3]


def test_what_is_not_under_an_unknown_record_is_refused(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, up integer)")
    database.script("INSERT INTO t VALUES (1, NULL), (2, 1)")
    up = {"relationships": [{"child": "t", "columns": ["up"], "parent": "t", "rule": "remove_link"}]}

    assert meant(session, query(condition("id", "Under", 99)), catalogue=up) == []
    with pytest.raises(InvalidJobError, match="99"):
        meant(session, query(condition("id", "NotUnder", 99)), catalogue=up)


def test_the_first_so_many_are_deleted_and_no_more(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, n integer)")
    database.script("INSERT INTO t VALUES (1, 5), (2, 3), (3, NULL), (4, 3), (5, 9), (6, 1)")
    first = {"EntityName": "t", "all_records": True, "TopCount": 3, "Orders": [{"AttributeName": "n"}]}

    ended = session.run(first)

    assert sorted(ended.deleted["t"]) == ["2", "3", "6"]
    assert ended.summary["queries"][0]["matched"] == 3


def test_the_first_so_many_of_joined_rows_are_refused(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, n integer)")
    link = {"LinkFromAttributeName": "id", "LinkToEntityName": "t", "LinkToAttributeName": "n"}

    with pytest.raises(InvalidJobError) as refused:
        meant(session, {"EntityName": "t", "LinkEntities": [link], "TopCount": 3, "Orders": [{"AttributeName": "n"}]})

    assert refused.value.field == "queries[0].TopCount"


def test_hours_of_a_mere_day_are_refused(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, d date, s integer)")

    for attribute, operator in (("d", "LastXHours"), ("d", "OlderThanXMinutes"), ("s", "OlderThanXDays")):
        with pytest.raises(InvalidJobError) as refused:
            meant(session, query(condition(attribute, operator, 1)))
        assert refused.value.field == "queries[0].Criteria.Conditions[0].Operator"


def test_an_unknown_name_in_an_outer_link_is_refused_though_it_asks_for_nothing(
    database: Database, session: Session
) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, n integer)")
    ends = {"LinkFromAttributeName": "id", "LinkToEntityName": "t", "LinkToAttributeName": "n"}
    link = {**ends, "JoinOperator": "LeftOuter", "LinkCriteria": {"Conditions": [condition("nn", "Null")]}}

    with pytest.raises(InvalidJobError) as refused:
        meant(session, query(condition("n", "Null"), LinkEntities=[link]))

    assert refused.value.field == "queries[0].LinkEntities[0].LinkCriteria.Conditions[0].AttributeName"


def test_relative_dates_and_the_cut_off_refer_to_the_chosen_now(database: Database, session: Session) -> None:
    kind = TIMES[database.name]
    database.script(f"CREATE TABLE t (id integer PRIMARY KEY, createdon {kind}, w {kind})")
    database.script("""
        INSERT INTO t VALUES (1, '2020-01-01 00:00:00', '2023-12-31 22:59:59'),
          (2, '2020-01-01 00:00:00', '2023-12-31 23:30:00'), (3, '2020-01-01 00:00:00', '2024-01-01 00:00:00'),
          (4, '2024-02-10 12:00:01', '2023-01-01 00:00:00')
    """)
    meaning = {"now": "2024-02-10T12:00:00+00:00", "time_zone": "Europe/Oslo"}
    utc = {"time_zone": "UTC"}

    session.catalogue = Declarations.read(utc)
    ended = session.run(query(condition("w", "LastYear")), meaning=meaning)

    assert ended.operation.cut_off == "2024-02-10T12:00:00Z"
    assert ended.deleted == {"t": ["1"]}


def test_a_run_refers_to_one_instant_from_its_beginning_to_its_end(database: Database, session: Session) -> None:
    database.script(f"CREATE TABLE t (id integer PRIMARY KEY, w {TIMES[database.name]})")
    operation_id = session.submit(query(condition("w", "LastXDays", 2)))
    begun = datetime.datetime.fromisoformat(session.step(operation_id).cut_off or "")  # the fence opens
    for at, seconds in enumerate((1, -3600), 1):
        time_of = (begun + datetime.timedelta(seconds=seconds)).replace(tzinfo=None)
        database.execute("INSERT INTO t VALUES (?, ?)", at, time_of.isoformat(" "))

    time.sleep(1.5)
    ended = session.drive(operation_id)

    assert ended.deleted == {"t": ["2"]}
