"""What a job takes along, level by level, foreseen before it runs; and that looking ahead disturbs nobody."""

from __future__ import annotations

from bulkdelete.domain.query_builder import Query
from bulkdelete.records.effects import Outlook, outlooks
from tests.records.databases import Database
from tests.records.sessions import Session

SCHEMA = """
    CREATE TABLE account (id integer PRIMARY KEY, open integer);
    CREATE TABLE contact (id integer PRIMARY KEY, account_id integer, n integer,
        CONSTRAINT contact_of FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE);
    CREATE TABLE task (id integer PRIMARY KEY, contact_id integer,
        CONSTRAINT task_of FOREIGN KEY (contact_id) REFERENCES contact (id) ON DELETE CASCADE);
    CREATE TABLE email (id integer PRIMARY KEY, contact_id integer,
        CONSTRAINT email_of FOREIGN KEY (contact_id) REFERENCES contact (id) ON DELETE SET NULL);
    CREATE TABLE invoice (id integer PRIMARY KEY, contact_id integer,
        CONSTRAINT invoice_of FOREIGN KEY (contact_id) REFERENCES contact (id) ON DELETE RESTRICT);
    INSERT INTO account VALUES (1, 0), (2, 0), (3, 0), (4, 1);
    INSERT INTO contact VALUES (1, 1, 1), (2, 1, 2), (3, 2, 3), (4, 3, 4), (5, 4, 5), (6, NULL, 6);
    INSERT INTO task VALUES (1, 1), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5);
    INSERT INTO email VALUES (1, 1), (2, 3), (3, 4), (4, NULL);
    INSERT INTO invoice VALUES (1, 3), (2, 3), (3, NULL);
"""


def look(session: Session, *queries: Query, ids: bool = False) -> dict[int, Outlook]:
    target, job = session.target, session.job(*queries)
    preview = target.preview(job)
    with target.dialect.reading(target.engine, 30, snapshot=True) as connection:
        wheres = [preview.scope.where(at, preview.scope.entity(at), preview.at) for at in range(len(queries))]
        return outlooks(connection, target.dialect, preview.scope, wheres, preview.walks, ids)


def told(outlook: Outlook) -> set[tuple[str, str, int, int]]:
    return {(one.entity, one.rule, one.level, one.count) for one in outlook.effects}


def test_every_level_is_counted_and_what_blocks(database: Database, session: Session) -> None:
    database.script(SCHEMA)
    before = database.state()

    outlook = look(session, Query("account").where(open=0), ids=True)[0]

    assert (outlook.count, outlook.exact, outlook.blocked) == (3, True, 1)
    assert outlook.record_ids == ("1", "3")
    assert told(outlook) == {
        ("contact", "cascade", 1, 3),
        ("task", "cascade", 2, 4),
        ("email", "remove_link", 2, 2),
        ("invoice", "restrict", 2, 2),
    }
    assert database.state() == before
    ended = session.run(Query("account").where(open=0))
    assert ended.summary["deleted"] == 2
    assert ended.summary["failed"] == 1
    assert ended.summary["cascaded"] == {"contact": 3, "task": 4}
    assert ended.summary["unlinked"] == {"email": 2}


def test_what_an_earlier_query_takes_is_no_longer_there(database: Database, session: Session) -> None:
    database.script(SCHEMA)

    found = look(
        session, Query("invoice").all_records(), Query("account").where(open=0), Query("contact").all_records()
    )

    assert [found[at].count for at in range(3)] == [3, 3, 2]
    assert [found[at].blocked for at in range(3)] == [0, 0, 0]
    assert told(found[2]) == {("task", "cascade", 1, 1)}


def test_nobody_waits_for_a_preview(database: Database, session: Session) -> None:
    """A writer goes on while the preview's transaction, having looked at everything, is still open."""
    database.script(SCHEMA)
    target, job = session.target, session.job(Query("account").where(open=0))
    preview = target.preview(job)
    if database.name == "sqlite":
        database.execute("PRAGMA journal_mode=WAL")
    with target.dialect.reading(target.engine, 30, snapshot=True) as connection:
        where = preview.scope.where(0, preview.scope.entity(0), preview.at)
        outlooks(connection, target.dialect, preview.scope, [where], preview.walks)
        database.execute("UPDATE contact SET n = 0 WHERE id = 1")
        database.execute("DELETE FROM task WHERE id = 1")
        database.execute("INSERT INTO account VALUES (9, 0)")

    assert database.count("account") == 5
