"""What a MariaDB schema can hold that changes a deletion."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pymysql
import pytest
from sqlalchemy.engine import make_url

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.target import Target
from tests.records.databases import MariaDBDatabase
from tests.records.sessions import Session, account, session_on

pytestmark = pytest.mark.mariadb


@pytest.fixture
def database(mariadb_database: MariaDBDatabase) -> MariaDBDatabase:
    return mariadb_database


@pytest.fixture
def session(database: MariaDBDatabase) -> Iterator[Session]:
    with session_on(database) as session:
        yield session


@contextmanager
def another(database: MariaDBDatabase, *statements: str) -> Iterator[None]:
    """Another session with these statements done and not committed."""
    place = make_url(database.address)
    other = pymysql.connect(
        host=place.host, port=place.port or 3306, user=place.username, password=place.password or "",
        database=place.database,
    )  # fmt: skip
    with closing(other), other.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        for statement in statements:
            cursor.execute(statement)
        yield
        other.rollback()


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


KEYS = {
    "unsigned": ("bigint unsigned", ["0", "1", "18446744073709551615"], ["0", "1", "18446744073709551615"]),
    "small unsigned": ("int unsigned zerofill", ["7", "4294967295"], ["0000000007", "4294967295"]),
    "binary": ("binary(16)", ["x'00'", "x'ff00ff'", "x'6162636465666768696a6b6c6d6e6f70'"],
               ["00" * 16, "ff00ff" + "00" * 13, "6162636465666768696a6b6c6d6e6f70"]),
    "varbinary": ("varbinary(20)", ["''", "x'00'", "x'0001'"], ["", "00", "0001"]),
    "char": ("char(36) charset ascii", ["'6ab5f6a0-0000-4000-8000-000000000001'", "'x'"],
             ["6ab5f6a0-0000-4000-8000-000000000001", "x"]),
    "enum": ("enum('b','a','100%','it''s')", ["'a'", "'100%'", "'it''s'"], ["a", "100%", "it's"]),
    "insensitive": ("varchar(40) collate utf8mb4_general_ci", ["'Äpfel'", "'birnen'", "'ß'"], ["Äpfel", "birnen", "ß"]),
    "latin": ("varchar(40) charset latin1", ["'Äpfel'", "'birnen'"], ["Äpfel", "birnen"]),
    "decimal": ("decimal(30,4)", ["1.5", "-99999999999999999999.0001"], ["1.5000", "-99999999999999999999.0001"]),
    "timestamp": ("timestamp(3) not null", ["'2024-01-31 13:00:00.25'"], ["2024-01-31 13:00:00.250"]),
    "long text": ("varchar(700)", ["'" + "x" * 700 + "'", "'y'"], ["x" * 700, "y"]),
}  # fmt: skip


@pytest.mark.parametrize("how", ["alone", "with children", "blocked"])
@pytest.mark.parametrize("name", KEYS)
def test_every_kind_of_key(database: MariaDBDatabase, session: Session, name: str, how: str) -> None:
    kind, values, told = KEYS[name]
    rule = {"alone": None, "with children": "CASCADE", "blocked": "RESTRICT"}[how]
    database.script(f"CREATE TABLE r (k {kind} PRIMARY KEY, n integer)")
    database.script(f"INSERT INTO r VALUES {', '.join(f'({one}, 1)' for one in values)}")
    if rule:
        database.script(f"""
            CREATE TABLE c (id integer auto_increment PRIMARY KEY, k {kind},
                            FOREIGN KEY (k) REFERENCES r (k) ON DELETE {rule});
            INSERT INTO c (k) SELECT k FROM r;
        """)
    before = database.state()

    ended = session.run(Query("r").where(n=1))

    account(database, before, ended)
    if how == "blocked":
        assert sorted(one["record"] for one in ended.failures) == sorted(told)
    else:
        assert sorted(map(str, ended.deleted["r"])) == sorted(told)
        assert ended.summary["cascaded"] == ({"c": len(values)} if rule else {})


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


@pytest.mark.parametrize("children", [False, True])
def test_a_record_held_by_another_session_fails_and_the_rest_goes(
    database: MariaDBDatabase, session: Session, children: bool
) -> None:
    database.script(
        f"CREATE TABLE p (id integer PRIMARY KEY, n integer); INSERT INTO p SELECT i, 1 FROM {database.series(50)}"
    )
    if children:
        database.script("""
            CREATE TABLE k (id integer PRIMARY KEY, p_id integer, FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE);
            INSERT INTO k SELECT id, id FROM p;
        """)  # noqa: E501
    before = database.state()

    with another(database, "SELECT * FROM p WHERE id IN (7, 9) FOR UPDATE"):
        ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert database.ids("p") == [7, 9]
    assert {one["error_number"] for one in ended.failures} == {"1205"}


def test_a_held_child_keeps_its_parent(database: MariaDBDatabase, session: Session) -> None:
    database.script(f"""
        CREATE TABLE p (id integer PRIMARY KEY, n integer); INSERT INTO p SELECT i, 1 FROM {database.series(20)};
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer, FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE);
        INSERT INTO k SELECT id, id FROM p;
    """)
    before = database.state()

    with another(database, "SELECT * FROM k WHERE id = 5 FOR UPDATE"):
        ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert database.ids("p") == [5]
    assert ended.failed(5)["blocking_entity"] == "k"


def test_a_record_that_does_not_match_may_be_held(database: MariaDBDatabase, session: Session) -> None:
    database.script(
        f"CREATE TABLE p (id integer PRIMARY KEY, n integer); INSERT INTO p SELECT i, i % 2 FROM {database.series(50)}"
    )
    before = database.state()

    with another(database, "SELECT * FROM p WHERE n = 0 FOR UPDATE"):
        ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert ended.summary["deleted"] == 25


def test_deadlocks_are_tried_again(database: MariaDBDatabase, session: Session) -> None:
    """Somebody locks a child first and its parent then, over and over; nothing is lost and nothing told twice."""
    database.script(f"""
        CREATE TABLE p (id integer PRIMARY KEY, n integer); INSERT INTO p SELECT i, 1 FROM {database.series(4_000)};
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer, v integer DEFAULT 0,
                        FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE);
        INSERT INTO k SELECT id, id, 0 FROM p;
    """)
    before, stopping = database.state(), threading.Event()

    def disturb() -> None:
        while not stopping.is_set():
            with another(database, "UPDATE k SET v = v + 1 WHERE id = 3000"):
                time.sleep(0.01)

    other = threading.Thread(target=disturb)
    other.start()
    ended = session.run(Query("p").where(n=1))
    stopping.set()
    other.join()

    account(database, before, ended)
    assert ended.summary["deleted"] + ended.summary["failed"] == 4_000


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
