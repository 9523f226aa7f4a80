"""Other sessions at work on the same records, on MariaDB and MySQL: nothing is lost, nobody is waited for in vain."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pymysql
import pytest
from sqlalchemy.engine import make_url

from bulkdelete.domain.query_builder import Query
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
    assert {one["error_number"] for one in ended.failures} == {"3572" if database.server == "mysql" else "1205"}
    assert all("holding records: thread " in one["error_description"] for one in ended.failures)


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
