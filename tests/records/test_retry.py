"""Retried failures: exactly the records that failed, if they still match and were there before the first cut-off."""

from __future__ import annotations

from uuid import uuid4

import pytest

from bulkdelete.domain.commands import RetryFailures
from bulkdelete.domain.errors import InvalidJobError, OperationNotFoundError, TransitionError
from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database
from tests.records.sessions import Ended, Session, account

SCHEMA = """
    CREATE TABLE contact (id integer PRIMARY KEY, status integer, createdon {instant});
    CREATE TABLE incident (id integer PRIMARY KEY, contact_id integer REFERENCES contact (id) ON DELETE RESTRICT);
    CREATE TABLE invoice (id integer PRIMARY KEY, contact_id integer REFERENCES contact (id) ON DELETE RESTRICT);
    CREATE INDEX incident_contact ON incident (contact_id);
    CREATE INDEX invoice_contact ON invoice (contact_id);
"""
INSTANT = {"sqlite": "timestamp", "postgresql": "timestamptz", "mariadb": "datetime(6)"}
LONG_AGO, LATER = "'2020-01-01 00:00:00'", "'2200-01-01 00:00:00'"


def fill(database: Database, records: int) -> None:
    """As many contacts that match; of every ten one is held by an incident, one by an invoice."""
    database.script(SCHEMA.format(instant=INSTANT[database.name]))
    database.script(f"INSERT INTO contact SELECT i, 1, {LONG_AGO} FROM {database.series(records)}")
    database.script(f"INSERT INTO incident SELECT i, i FROM {database.series(records)} WHERE i % 10 = 1")
    database.script(f"INSERT INTO invoice SELECT i, i FROM {database.series(records)} WHERE i % 10 = 2")


def first(session: Session, failed: int) -> Ended:
    """The operation of which so many records failed."""
    ended = session.run(Query("contact").where(status=1))
    assert len(ended.failures) == failed
    return ended


def deleted(ended: Ended) -> set[int]:
    return {int(str(one)) for one in ended.deleted.get("contact", [])}


def test_exactly_the_failed_records_that_still_match(database: Database, session: Session) -> None:
    fill(database, 100)
    ended = first(session, 20)
    database.script("DELETE FROM incident WHERE contact_id <= 51")  # 1 11 21 31 41 51 are free
    database.script("UPDATE contact SET status = 0 WHERE id = 11")  # matches no more
    database.script("DELETE FROM contact WHERE id = 21")  # gone
    database.script("DELETE FROM contact WHERE id = 31")
    database.script(
        f"INSERT INTO contact VALUES (31, 1, {LATER}), (500, 1, {LONG_AGO})"
    )  # another one; never asked for
    before = database.state()

    again = session.retry(ended.operation.id)

    account(database, before, again)
    assert deleted(again) == {1, 41, 51}
    (query,) = again.summary["queries"]
    assert (query["deleted"], query["failed"], query["vanished"]) == (3, 14, 3)
    assert again.summary["retry_of"] == str(ended.operation.id)
    assert again.summary["cut_off"] == ended.summary["cut_off"]
    assert again.summary["name"] == f"test (retry of {str(ended.operation.id)[:8]})"


def test_only_those_of_one_cause(database: Database, session: Session) -> None:
    fill(database, 40)
    ended = first(session, 8)
    database.script("DELETE FROM incident")
    database.script("DELETE FROM invoice")

    again = session.retry(ended.operation.id, "invoice")

    assert deleted(again) == {2, 12, 22, 32}
    assert again.summary["queries"][0]["matched"] == 4


def test_a_retry_is_retried(database: Database, session: Session) -> None:
    fill(database, 40)
    ended = first(session, 8)
    database.script("DELETE FROM incident WHERE contact_id < 20")
    second = session.retry(ended.operation.id)
    assert deleted(second) == {1, 11}
    database.script("DELETE FROM incident")
    third = session.retry(second.operation.id)

    assert deleted(third) == {21, 31}
    assert third.summary["retry_of"] == str(second.operation.id)
    assert third.summary["name"] == f"test (retry of {str(second.operation.id)[:8]})"
    assert third.summary["cut_off"] == ended.summary["cut_off"]


def test_many_units_and_batches(database: Database, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkdelete.records.retries.UNIT", 7)
    fill(database, 200)
    ended = first(session, 40)
    database.script("DELETE FROM incident WHERE contact_id > 100")
    before = database.state()

    again = session.retry(ended.operation.id)

    account(database, before, again)
    assert deleted(again) == set(range(101, 200, 10))
    assert again.operation.next_unit == 7, "six full units of the first pass, and the round for the failures"


@pytest.mark.parametrize("key", ["text", "composite", "uuid"])
def test_any_key(database: Database, session: Session, key: str) -> None:
    text = {"mariadb": "varchar(60)"}.get(database.name, "text")
    odd = ["plain", "it''s", 'a "quoted" one', "a, comma", "[1, 2]", "blåbær", " spaced "]
    uuids = [str(uuid4()) for _ in odd]
    columns = {
        "text": (f"id {text} PRIMARY KEY", f"contact_id {text}, FOREIGN KEY (contact_id) REFERENCES contact (id)"),
        "uuid": ("id {uuid} PRIMARY KEY", "contact_id {uuid}, FOREIGN KEY (contact_id) REFERENCES contact (id)"),
        "composite": (
            f"a integer, b {text}, PRIMARY KEY (a, b)",
            f"a integer, b {text}, FOREIGN KEY (a, b) REFERENCES contact (a, b)",
        ),
    }[key]
    uuid = {"postgresql": "uuid", "mariadb": "uuid"}.get(database.name, "text")
    own, theirs = (one.format(uuid=uuid) for one in columns)
    database.script(f"CREATE TABLE contact ({own})")
    database.script(f"CREATE TABLE incident (number integer PRIMARY KEY, {theirs})")
    keys = [f"'{one}'" for one in (uuids if key == "uuid" else odd)]
    spelled = [f"{at}, {one}" if key == "composite" else one for at, one in enumerate(keys)]
    for at, one in enumerate(spelled):
        database.script(f"INSERT INTO contact VALUES ({one})")
        database.script(f"INSERT INTO incident VALUES ({at}, {one})")
    ended = session.run(Query("contact").all_records())
    assert len(ended.failures) == len(odd)
    database.script("DELETE FROM incident WHERE number < 6")
    before = database.state()

    again = session.retry(ended.operation.id)

    account(database, before, again)
    assert len(again.deleted["contact"]) == 6
    assert len(again.failures) == 1


def test_what_cannot_be_retried_is_refused(database: Database, session: Session) -> None:
    fill(database, 20)
    with pytest.raises(OperationNotFoundError):
        session.retry(uuid4())
    running = session.submit(Query("contact").where(status=1))
    with pytest.raises(TransitionError, match="waiting"):
        session.retry(running)
    ended = session.drive(running)
    with pytest.raises(InvalidJobError, match=r"causes\[0\]: no record .* 'nobody'; known: .*incident"):
        session.retry(ended.operation.id, "nobody")
    database.script("DELETE FROM incident")
    database.script("DELETE FROM invoice")
    clean = session.retry(ended.operation.id)
    assert len(deleted(clean)) == 4
    with pytest.raises(InvalidJobError, match="no record of this operation failed"):
        session.retry(clean.operation.id)


def test_the_same_command_begins_one_operation(database: Database, session: Session) -> None:
    fill(database, 20)
    ended = first(session, 4)
    command = RetryFailures(command_id=uuid4(), operation_id=ended.operation.id, requested_by="tester")

    begun = session.application.retry(command)
    session.drive(begun.id)

    assert session.application.retry(command).id == begun.id == command.new_id
    told = [one for one in session.application.operation(ended.operation.id).commands if one == str(command.command_id)]
    assert len(told) == 1
