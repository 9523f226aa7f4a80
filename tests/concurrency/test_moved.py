"""A record that leaves what is about to go: whoever takes it away in the very moment keeps it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.work import DeleteBatch
from tests.concurrency.hands import hand
from tests.concurrency.servers import on_every_server
from tests.faults.rows import MariaDBRows, PostgreSQLRows, Rows
from tests.records.sessions import Ended, Session, session_on

CHILDREN = """
    CREATE TABLE p (id integer PRIMARY KEY, n integer);
    CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE CASCADE);
    CREATE TABLE g (id integer PRIMARY KEY, k_id integer REFERENCES k (id) ON DELETE CASCADE);
    CREATE INDEX kp ON k (p_id); CREATE INDEX gk ON g (k_id);
    INSERT INTO p VALUES (1, 1), (2, 0), (3, 1); INSERT INTO k VALUES (7, 1), (8, 3), (9, 2);
    INSERT INTO g VALUES (70, 7), (80, 8), (90, 9);
"""
TREE = """
    CREATE TABLE p (id integer PRIMARY KEY, n integer, parent_id integer REFERENCES p (id) ON DELETE CASCADE);
    CREATE INDEX pp ON p (parent_id);
    INSERT INTO p VALUES (1, 1, NULL), (2, 0, NULL), (3, 1, NULL), (7, 0, 1), (8, 0, 3), (9, 0, 2);
"""


def before_the_lock(session: Session, records: str, step: Callable[[], object]) -> list[str]:
    """Do something once, right before the run locks these records, which it may find in the same statement."""
    done: list[str] = []
    locks = re.compile(
        rf"(SELECT count|INSERT INTO \S*closure).* \w*JOIN (public\.)?{records}\b.* FOR UPDATE", re.DOTALL
    )

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not done and locks.match(" ".join(statement.split())):
            done.append(statement)
            step()

    sa.event.listen(session.target.engine, "before_cursor_execute", look)
    return done


def moved(rows: Rows, schema: str, records: str, statement: str, is_kept_waiting: bool = False) -> Ended:
    """A run during which one statement of somebody else is committed, or refused, between the look and the lock."""
    rows.script(schema)
    other = hand(rows, 1)
    if is_kept_waiting:
        other.execute("SET innodb_lock_wait_timeout = 1")
    committed: list[bool] = []
    with session_on(rows) as session:  # type: ignore[arg-type]
        before_the_lock(session, records, lambda: committed.append(other.transaction([statement])))
        ended = session.run(Query("p").where(n=1))
    other.close()
    if committed != [not is_kept_waiting]:
        pytest.fail(f"it was done: {committed}, met {dict(other.met)}")
    return ended


def ids(rows: Rows, table: str) -> list[int]:
    return [int(row[0]) for row in rows.ask(f"SELECT id FROM {table} ORDER BY id")]


@on_every_server
def test_a_child_moved_to_a_record_that_stays_stays(rows: Rows) -> None:
    ended = moved(rows, CHILDREN, "k", "UPDATE k SET p_id = 2 WHERE id = 7")

    assert (ids(rows, "p"), ids(rows, "k"), ids(rows, "g")) == ([2], [7, 9], [70, 90])
    assert ended.cascaded == {"k": ["8"], "g": ["80"]}


@on_every_server
def test_a_grandchild_moved_to_a_record_that_stays_stays(rows: Rows) -> None:
    ended = moved(rows, CHILDREN, "g", "UPDATE g SET k_id = 9 WHERE id = 70")

    assert (ids(rows, "p"), ids(rows, "k"), ids(rows, "g")) == ([2], [9], [70, 90])
    assert ended.cascaded == {"k": ["7", "8"], "g": ["80"]}


@on_every_server
def test_a_node_moved_to_another_tree_stays(rows: Rows) -> None:
    ended = moved(rows, TREE, "p", "UPDATE p SET parent_id = 2 WHERE id = 7")

    assert ids(rows, "p") == [2, 7, 9]
    assert ended.cascaded == {"p": ["8"]}


@on_every_server
def test_a_child_that_somebody_takes_is_not_told_as_ours(rows: Rows) -> None:
    ended = moved(rows, CHILDREN, "g", "DELETE FROM g WHERE id = 70")

    assert "70" not in ended.cascaded["g"]
    assert ids(rows, "g") == [90]


@pytest.mark.postgresql
def test_a_child_that_somebody_renames_is_told_by_its_new_key(postgresql_url: str) -> None:
    rows = PostgreSQLRows(postgresql_url)

    ended = moved(rows, CHILDREN, "g", "UPDATE g SET id = 71 WHERE id = 70")

    assert ended.cascaded == {"k": ["7", "8"], "g": ["71", "80"]}
    assert ids(rows, "g") == [90]


@pytest.mark.postgresql
def test_a_node_that_somebody_renames_is_told_by_its_new_key_with_those_below(postgresql_url: str) -> None:
    rows = PostgreSQLRows(postgresql_url)
    below = "; INSERT INTO p VALUES (17, 0, 7)"
    renamed = "WITH moved AS (UPDATE p SET parent_id = NULL WHERE id = 17) UPDATE p SET id = 6 WHERE id = 7"

    ended = moved(rows, TREE.rstrip().rstrip(";") + below, "p", renamed)

    assert ended.cascaded == {"p": ["6", "8"]}
    assert ids(rows, "p") == [2, 9, 17]


@pytest.mark.mariadb
def test_on_mariadb_a_child_cannot_be_renamed_meanwhile(mariadb_url: str) -> None:
    """InnoDB deletes and inserts it again, and so wants a lock of the parent that the run holds."""
    rows = MariaDBRows(mariadb_url)
    rename = "UPDATE g SET id = 71 WHERE id = 70"

    ended = moved(rows, CHILDREN, "g", rename, is_kept_waiting=True)

    assert ended.cascaded == {"k": ["7", "8"], "g": ["70", "80"]}
    assert ids(rows, "g") == [90]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("statement", "k", "g", "told"),
    [
        ("UPDATE k SET p_id = 2 WHERE id = 7", [7, 9], [70, 90], ["80"]),
        ("UPDATE g SET id = 71 WHERE id = 70", [9], [90], ["71", "80"]),
        ("DELETE FROM g WHERE id = 70", [9], [90], ["80"]),
    ],
)
def test_a_child_that_is_being_changed_is_waited_for(
    postgresql_url: str, statement: str, k: list[int], g: list[int], told: list[str]
) -> None:
    """The same without a hook: the run waits for who holds the child, who then commits."""
    rows = PostgreSQLRows(postgresql_url)
    rows.script(CHILDREN)
    other = hand(rows, 1)
    with session_on(rows) as session:  # type: ignore[arg-type]
        operation_id = session.submit(Query("p").where(n=1))
        while not isinstance(outstanding(session.application.operation(operation_id))[0], DeleteBatch):
            session.step(operation_id)
        changing = threading.Thread(target=other.transaction, args=[[statement], 0.15])
        changing.start()
        time.sleep(0.05)
        ended = session.drive(operation_id)
        changing.join()
    other.close()

    assert (ids(rows, "k"), ids(rows, "g")) == (k, g)
    assert ended.cascaded["g"] == told
