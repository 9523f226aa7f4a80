"""What a schema of MariaDB or MySQL can hold that changes a deletion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.target import Target
from tests.records.databases import MariaDBDatabase
from tests.records.kinds_of_server import MARIADB_AND_MYSQL
from tests.records.sessions import Session, account, session_on


@pytest.fixture(params=MARIADB_AND_MYSQL)
def database(request: pytest.FixtureRequest) -> MariaDBDatabase:
    found: MariaDBDatabase = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def session(database: MariaDBDatabase) -> Iterator[Session]:
    with session_on(database) as session:
        yield session


@contextmanager
def as_clerk(database: MariaDBDatabase, *grants: str) -> Iterator[Session]:
    """A session of a user who may do little."""
    place = make_url(database.address)
    role = f"clerk_{str(place.database)[-20:]}"
    database.script(f"CREATE USER '{role}'@'%' IDENTIFIED BY 'clerk'")
    for grant in grants:
        database.script(f"{grant} TO '{role}'@'%'")
    target = Target(place.set(username=role, password="clerk").render_as_string(hide_password=False))
    try:
        with BulkDeletes() as application:
            yield Session(target, application)
    finally:
        target.close()
        database.script(f"DROP USER '{role}'@'%'")


def refusal(session: Session, *queries: Query) -> str:
    with pytest.raises(InvalidJobError) as refused:
        session.target.check(Job.read({"name": "x", "queries": list(queries)}))
    return str(refused.value)


def test_a_table_that_cannot_undo_is_refused(database: MariaDBDatabase, session: Session) -> None:
    database.script("CREATE TABLE p (id integer PRIMARY KEY) ENGINE=MyISAM")

    assert "MyISAM" in refusal(session, Query("p").all_records())


def test_references_from_another_database(database: MariaDBDatabase, session: Session) -> None:
    name = make_url(database.address).database
    database.script(f"""
        CREATE TABLE p (id integer PRIMARY KEY); INSERT INTO p VALUES (1), (2), (3);
        CREATE DATABASE "{name}_x";
        CREATE TABLE "{name}_x".k (id integer PRIMARY KEY, p_id integer,
            FOREIGN KEY (p_id) REFERENCES "{name}".p (id) ON DELETE CASCADE);
        CREATE TABLE "{name}_x".h (id integer PRIMARY KEY, p_id integer, FOREIGN KEY (p_id) REFERENCES "{name}".p (id));
        INSERT INTO "{name}_x".k VALUES (7, 1); INSERT INTO "{name}_x".h VALUES (8, 2);
    """)
    try:
        ended = session.run(Query("p").all_records())
    finally:
        database.script(f'DROP DATABASE "{name}_x"')

    assert sorted(ended.deleted["p"]) == ["1", "3"]
    assert ended.cascaded == {f"{name}_x.k": ["7"]}
    assert ended.failed(2)["blocking_entity"] == f"{name}_x.h"


def test_a_date_of_zeros_is_not_null(database: MariaDBDatabase, session: Session) -> None:
    database.script("""
        SET sql_mode = ''; CREATE TABLE p (id integer PRIMARY KEY, d date NOT NULL, e date);
        INSERT INTO p VALUES (1, '0000-00-00', NULL), (2, '2024-01-31', '0000-00-00');
    """)

    assert session.run(Query("p").where("d", "Null")).summary["deleted"] == 0
    assert session.run(Query("p").where("e", "Null")).deleted == {"p": ["1"]}


@pytest.mark.parametrize("value", [0, 1, "0"])
def test_a_number_is_no_text(database: MariaDBDatabase, session: Session, value: Any) -> None:
    """The server would find that `0` equals every text that is no number."""
    database.script("CREATE TABLE p (id integer PRIMARY KEY, s varchar(9)); INSERT INTO p VALUES (1, 'abc'), (2, '1a')")

    if isinstance(value, str):
        assert session.run(Query("p").where(s=value)).summary["deleted"] == 0
    else:
        assert "put it in quotes" in refusal(session, Query("p").where(s=value))


def test_columns_of_many_kinds(database: MariaDBDatabase, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY, flag tinyint(1), bits bit(3), y year, kinds set('a','b'),
            total integer AS (id * 2) STORED, twice integer AS (id * 2) VIRTUAL, doc json, at time, u uuid);
        INSERT INTO p (id, flag, bits, y, kinds, doc, at, u) VALUES
            (1, 1, 5, 2024, 'a,b', '{"a": 1}', '12:00:00', '6ab5f6a0-0000-4000-8000-000000000001'),
            (2, 0, 1, 1999, 'a', '{}', '13:00:00', '6ab5f6a0-0000-4000-8000-000000000002');
    """)
    asked = (
        Query("p").where(flag=True).where(bits=5).where("y", "GreaterThan", 2000).where(kinds="a,b").where(total=2)
        .where(twice=2).where(at="12:00:00").where(u="6AB5F6A0-0000-4000-8000-000000000001")
    )  # fmt: skip

    assert session.run(asked).deleted == {"p": ["1"]}


def test_partitions(database: MariaDBDatabase, session: Session) -> None:
    database.script(f"""
        CREATE TABLE p (id integer, y integer, n integer, PRIMARY KEY (id, y))
            PARTITION BY RANGE (y) (PARTITION a VALUES LESS THAN (2), PARTITION b VALUES LESS THAN MAXVALUE);
        INSERT INTO p SELECT i, i % 4, i % 2 FROM {database.series(30_000)};
    """)
    before = database.state()

    ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert ended.summary["deleted"] == 15_000


def test_a_tree_deeper_than_the_servers_own_cascade(database: MariaDBDatabase, session: Session) -> None:
    database.script(f"""
        CREATE TABLE t (id integer PRIMARY KEY, parent integer, FOREIGN KEY (parent) REFERENCES t (id) ON DELETE CASCADE);
        INSERT INTO t SELECT i, NULL FROM {database.series(60)}; UPDATE t SET parent = id - 1 WHERE id > 1;
    """)  # noqa: E501
    before = database.state()

    ended = session.run(Query("t").where(id=1))

    account(database, before, ended)
    assert ended.summary["cascaded"] == {"t": 59}


def test_missing_privileges_are_found_before_anything_runs(database: MariaDBDatabase) -> None:
    database.script("CREATE TABLE p (id integer PRIMARY KEY, n integer); INSERT INTO p VALUES (1, 1)")
    name = make_url(database.address).database
    with as_clerk(database, f'GRANT SELECT ON "{name}".p') as session:
        assert "1142" in refusal(session, Query("p").where(n=1))


def test_without_the_right_to_create_our_tables_the_ddl_is_shown_and_works(database: MariaDBDatabase) -> None:
    database.script("CREATE TABLE p (id integer PRIMARY KEY, n integer); INSERT INTO p VALUES (1, 1)")
    name = make_url(database.address).database
    rights = [f'GRANT SELECT, UPDATE, DELETE ON "{name}".p', f'GRANT CREATE TEMPORARY TABLES ON "{name}".*']
    with as_clerk(database, *rights) as session:
        ended = session.run(Query("p").all_records())
        assert ended.summary["status"] == "failed"
        reason = str(ended.summary["reason"])
        database.script("SET sql_mode = ''; " + reason[reason.index("CREATE TABLE") :])
        for one in ("fence", "ledger", "set_aside"):
            user = session.target.url.username
            database.script(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.bulkdelete_{one} TO '{user}'@'%'")
        assert session.run(Query("p").all_records()).summary["deleted"] == 1


def test_an_index_that_is_filtered_by_another(database: MariaDBDatabase, session: Session) -> None:
    """MariaDB estimates `60 (33%)` rows then."""
    database.script(f"""
        CREATE TABLE p (id integer PRIMARY KEY, code varchar(60), owner char(36), UNIQUE (code), KEY (owner));
        INSERT INTO p SELECT i, CASE i % 10 WHEN 0 THEN concat('x', i) END, CASE i % 3 WHEN 0 THEN 'b' ELSE 'a' END
        FROM {database.series(600)};
    """)
    if database.server == "mariadb":
        explained = database.execute("EXPLAIN SELECT id FROM p WHERE code LIKE 'x%' AND owner = 'b'")
        assert "rowid filter" in str(explained)

    ended = session.run(Query("p").where("code", "Like", "x%").where(owner="b"))

    assert ended.deleted == {"p": [str(one) for one in range(30, 601, 30)]}


def test_a_history_in_which_records_stay_is_told(mariadb_database: MariaDBDatabase) -> None:
    mariadb_database.script("""
        CREATE TABLE p (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
        CREATE TABLE kid (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE CASCADE);
        INSERT INTO p VALUES (1), (2);
    """)
    with session_on(mariadb_database) as session:
        cautions = session.target.check(session.job(Query("p").where(id=1)))
        ended = session.run(Query("p").where(id=1))

    assert (
        "p is system-versioned: deleted records stay in its history, where FOR SYSTEM_TIME shows them, "
        "until DELETE HISTORY FROM p;"
    ) in str(cautions)
    assert ended.deleted == {"p": ["1"]}
    assert mariadb_database.execute("SELECT count(*) FROM p FOR SYSTEM_TIME ALL") == [(2,)]
