"""How a large table is walked, and how it is looked at once more when that is done."""

from __future__ import annotations

import pytest

from bulkdelete.domain.operation import Operation
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.postgresql import walks
from tests.records.databases import PostgreSQLDatabase
from tests.records.sessions import account, session_on


@pytest.mark.postgresql
def test_a_large_table_is_walked_once_and_then_only_looked_at(
    postgresql_database: PostgreSQLDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walks, "SMALL", 1)
    monkeypatch.setattr(walks, "FEW", 10)
    postgresql_database.script(f"""
        CREATE TABLE big (id integer PRIMARY KEY, n integer);
        INSERT INTO big SELECT i, i % 2 FROM {postgresql_database.series(2_000)};
    """)
    before = postgresql_database.state()

    with session_on(postgresql_database) as session:
        ended = session.run(Query("big").where(n=1))
        events = session.application.events.get(ended.operation.id)

    account(postgresql_database, before, ended)
    plans = [one for one in events if isinstance(one, Operation.Planned)]
    assert [(one.walk["kind"], one.units) for one in plans] == [("pages", 1), ("matching", 0)]
