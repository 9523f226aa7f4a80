"""A node that is let go in the middle of a batch: it fails by itself, and goes with the one above it."""

from __future__ import annotations

from contextlib import closing

import pytest

from bulkdelete.domain.query_builder import Query
from bulkdelete.records.target import Target
from bulkdelete.service.state import State
from tests.concurrency.hands import hand
from tests.concurrency.servers import on_servers
from tests.concurrency.test_moved import before_the_lock
from tests.faults.accounts import assert_counts, told_by_views
from tests.faults.commands import Shell
from tests.faults.rows import Rows
from tests.records.sessions import Session

TREE = """
    CREATE TABLE p (id integer PRIMARY KEY, n integer, parent_id integer REFERENCES p (id) ON DELETE CASCADE);
    CREATE INDEX pp ON p (parent_id);
    INSERT INTO p VALUES (1, 1, NULL), (7, 1, 1), (3, 1, NULL);
"""


@on_servers
def test_a_failure_that_its_own_batch_settles_is_none(rows: Rows, shell: Shell) -> None:
    rows.script(TREE)
    other = hand(rows, 1)
    other.begin()
    other.execute("SELECT * FROM p WHERE id = 7 FOR UPDATE")
    with State(shell.state).application() as application, closing(Target(rows.address)) as target:
        session = Session(target, application)
        done = before_the_lock(session, "p", other.undo)
        operation_id = session.submit(Query("p").where(n=1))
        session.drive(operation_id)
    other.close()
    if not done:
        pytest.fail("it was never let go")

    told = told_by_views(shell, str(operation_id))
    assert not rows.ask("SELECT id FROM p")
    assert told.summary["failed"] == 0
    assert told.failures == []
    assert_counts(told)
