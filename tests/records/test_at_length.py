"""The exact counts again with many records: more than one unit, many batches, every share of failures."""

from __future__ import annotations

import pytest

from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database
from tests.records.sessions import Session, account

pytestmark = pytest.mark.long
RECORDS = 120_000


@pytest.mark.parametrize("every", [100, 2])
def test_many_restricted_records(database: Database, session: Session, every: int) -> None:
    database.script(f"""
        CREATE TABLE contact (id integer PRIMARY KEY, status integer, pad text);
        CREATE TABLE incident (id integer PRIMARY KEY, contact_id integer REFERENCES contact (id));
        CREATE TABLE note (id integer PRIMARY KEY, contact_id integer REFERENCES contact (id) ON DELETE CASCADE);
        CREATE INDEX ic ON incident (contact_id); CREATE INDEX nc ON note (contact_id);
        INSERT INTO contact SELECT i, i % 2, 'some text or other' FROM {database.series(RECORDS)};
        INSERT INTO note SELECT i, i FROM {database.series(RECORDS)};
        INSERT INTO incident SELECT i, i * {2 * every} - 1 FROM {database.series(RECORDS // 2 // every)};
    """)
    before = database.state()

    ended = session.run(Query("contact").where(status=1))

    account(database, before, ended)
    assert ended.summary["queries"][0]["matched"] == RECORDS // 2
    assert ended.summary["failed"] == RECORDS // 2 // every


@pytest.mark.parametrize("every", [1_000, 200])
def test_many_records_and_a_raising_trigger(database: Database, session: Session, every: int) -> None:
    database.script(f"""
        CREATE TABLE p (id integer PRIMARY KEY, n integer);
        INSERT INTO p SELECT i, i % 2 FROM {database.series(RECORDS)};
    """)
    if database.name == "sqlite":
        database.script(
            f"CREATE TRIGGER g BEFORE DELETE ON p WHEN old.id % {every} = 1 BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    else:
        database.script(f"""
            CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF OLD.id % {every} = 1 THEN RAISE EXCEPTION 'no'; END IF; RETURN OLD; END $$;
            CREATE TRIGGER g BEFORE DELETE ON p FOR EACH ROW EXECUTE FUNCTION g();
        """)
    before = database.state()

    ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert ended.summary["failed"] == RECORDS // every
    assert ended.summary["queries"][0]["matched"] == RECORDS // 2


def test_a_tree_of_many_levels_and_branches(database: Database, session: Session) -> None:
    database.script(f"""
        CREATE TABLE t (id integer PRIMARY KEY, parent integer REFERENCES t (id) ON DELETE CASCADE, n integer);
        CREATE INDEX tp ON t (parent);
        INSERT INTO t SELECT i, NULL, i % 3 FROM {database.series(30_000)};
        UPDATE t SET parent = id / 4 WHERE id > 20;
    """)
    before = database.state()

    ended = session.run(Query("t").where(n=0))

    account(database, before, ended)
    assert ended.summary["failed"] == 0
