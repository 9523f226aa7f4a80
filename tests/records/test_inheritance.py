"""Tables that inherit from another, on PostgreSQL."""

from __future__ import annotations

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from tests.records.databases import PostgreSQLDatabase
from tests.records.sessions import session_on

pytestmark = pytest.mark.postgresql


@pytest.mark.parametrize("repeated", [False, True])
def test_inherited_tables_may_share_no_key(postgresql_database: PostgreSQLDatabase, repeated: bool) -> None:
    database = postgresql_database
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY, n integer); CREATE TABLE c () INHERITS (p);
        INSERT INTO p SELECT i, 1 FROM generate_series(1, 5) i; INSERT INTO c SELECT i, 1 FROM generate_series(6, 9) i;
    """)
    query = Query("p").where(n=1)
    with session_on(database) as session:
        if repeated:
            database.script("INSERT INTO c VALUES (3, 1)")
            with pytest.raises(InvalidJobError, match="several records with the key 3"):
                session.target.check(Job.read({"name": "x", "queries": [query]}))
            return

        assert session.run(query).summary["deleted"] == 9
    assert database.count("p") == 0
