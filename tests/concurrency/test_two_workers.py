"""Two workers, and a record that moves from the range of one, where it failed, into that of the other."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bulkdelete.consumers.deletion import Deletion
from bulkdelete.consumers.operations import take_outcome
from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.work import DeleteBatch
from tests.concurrency.hands import hand
from tests.faults.rows import PostgreSQLRows
from tests.records.sessions import session_on

RECORDS = 23_500
"""More than are found by themselves; the last unit is small enough for one batch."""


@pytest.mark.postgresql
def test_a_record_that_fails_with_one_and_goes_with_the_other_counts_once(postgresql_url: str) -> None:
    rows = PostgreSQLRows(postgresql_url)
    rows.script("""
        CREATE TABLE p (id integer PRIMARY KEY, n integer, pad text);
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE CASCADE);
        CREATE INDEX kp ON k (p_id);
    """)
    rows.script(f"INSERT INTO p SELECT i, 1, repeat(md5(i::text), 20) FROM generate_series(1, {RECORDS}) i")
    rows.settle()
    other = hand(rows, 1)
    other.execute("UPDATE p SET pad = pad || pad WHERE id = 5")
    with session_on(rows) as session:  # type: ignore[arg-type]
        operation_id = session.submit(Query("p").where(n=1))
        while not isinstance(outstanding(session.application.operation(operation_id))[0], DeleteBatch):
            session.step(operation_id)
        first, *_, last = outstanding(session.application.operation(operation_id))
        deletion, begun = Deletion(session.application, lambda _name: session.target), list[str]()

        def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if not begun and "INSERT INTO bulkdelete_state.ledger" in statement:
                begun.append(statement)
                for outcome in deletion.do(first):
                    take_outcome(outcome, session.application)
                other.end(keep=True)

        sa.event.listen(session.target.engine, "before_cursor_execute", look)
        for outcome in deletion.do(last):
            take_outcome(outcome, session.application)
        ended = session.drive(operation_id)
    other.close()

    if not begun or rows.ask("SELECT id FROM p"):
        pytest.fail("it did not happen as it should")
    (query,) = ended.summary["queries"]
    assert (query["deleted"], query["failed"], query["vanished"]) == (RECORDS, 0, 0)
