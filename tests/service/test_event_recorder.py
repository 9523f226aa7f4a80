"""The recorder of a PostgreSQL event store: the library's own contract, and states in binary."""

from __future__ import annotations

import unittest
from uuid import uuid4

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.tests import persistence
from eventsourcing.utils import Environment

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.service.event_recorder import EventRecorder
from bulkdelete.service.event_store import PostgreSQLFactory, event_store_environment
from bulkdelete.service.urls import Url

pytestmark = pytest.mark.postgresql

EVERY_BYTE = bytes(range(256)) * 3 + b'\\"{},()NULL'


def factory_of(url: str) -> PostgreSQLFactory:
    return PostgreSQLFactory(Environment(BulkDeletes.name, event_store_environment(Url(url))))


def recorder_of(url: str) -> EventRecorder:
    recorder = factory_of(url).application_recorder()
    assert isinstance(recorder, EventRecorder)
    return recorder


def test_states_come_back_as_they_were_and_are_not_compressed(postgresql_url: str) -> None:
    recorder = recorder_of(postgresql_url)
    events = [StoredEvent(uuid4(), at, "topic", EVERY_BYTE * 100 * at) for at in range(1, 4)]

    assert recorder.insert_events(events) == [1, 2, 3]

    assert recorder.select_events(events[1].originator_id) == [events[1]]
    assert [one.state for one in recorder.select_notifications(1, 10)] == [one.state for one in events]
    with recorder.datastore.get_connection() as connection:
        (row,) = connection.execute(
            "SELECT pg_column_size(state) AS n FROM bulkdelete_events WHERE notification_id = 3"
        )
    assert row["n"] >= len(events[2].state)


def test_a_clash_records_nothing_of_the_save(postgresql_url: str) -> None:
    recorder = recorder_of(postgresql_url)
    known = StoredEvent(uuid4(), 1, "topic", b"1")
    recorder.insert_events([known])

    with pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent(uuid4(), 1, "topic", b"2"), known])

    assert recorder.max_notification_id() == 1


def storage(recorder: EventRecorder) -> str:
    """How the server keeps states: `x` compressed where they are long, `e` as they are."""
    with recorder.datastore.get_connection() as connection:
        (row,) = connection.execute(
            "SELECT attstorage::text AS kind FROM pg_attribute "
            "WHERE attrelid = 'bulkdelete_events'::regclass AND attname = 'state'"
        )
    kind: str = row["kind"]
    return kind


def test_a_store_of_before_is_changed_as_soon_as_nobody_reads_for_long(postgresql_url: str) -> None:
    recorder = recorder_of(postgresql_url)
    with recorder.datastore.get_connection() as connection:
        connection.execute("ALTER TABLE bulkdelete_events ALTER COLUMN state SET STORAGE EXTENDED")

    with recorder.datastore.get_connection() as reader, reader.transaction():
        reader.execute("SELECT FROM bulkdelete_events")
        recorder.create_table()
        assert storage(recorder) == "x"
    recorder.create_table()
    assert storage(recorder) == "e"

    with recorder.datastore.get_connection() as reader, reader.transaction():
        reader.execute("SELECT FROM bulkdelete_events")
        recorder.create_table()  # nothing is left to change: it wants no lock that the reader would hold up


@pytest.mark.parametrize("name", ["test_insert_select", "test_concurrent_no_conflicts"])
def test_the_librarys_contract_holds(postgresql_url: str, name: str) -> None:
    class Contract(persistence.ApplicationRecorderTestCase[EventRecorder]):
        def create_recorder(self) -> EventRecorder:
            return recorder_of(postgresql_url)

    result = unittest.TestResult()
    Contract(name).run(result)

    assert result.testsRun == 1
    assert result.wasSuccessful(), result.failures + result.errors
