"""Schedules from Python on one machine, `Client.local`, and a database by its configured name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from bulkdelete.consumers.schedules import utc_now
from bulkdelete.domain.errors import InvalidJobError, ScheduleNotFoundError, TransitionError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.scheduling.schedules import Schedules
from bulkdelete.domain.scheduling.status import ScheduleStatus
from bulkdelete.service.client import Client, LocalClient

JOB = Job.read(
    {
        "name": "Contacts",
        "database": "crm",
        "queries": [Query("contact").all_records()],
        "start_at": "2099-01-05T02:00:00",
        "time_zone": "Europe/Oslo",
        "recurrence": "FREQ=WEEKLY;BYDAY=MO",
    }
)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three contacts, of which an incident holds one, configured as `crm`."""
    found = tmp_path / "crm.db"
    sql(found, """
        CREATE TABLE contact (id INTEGER PRIMARY KEY);
        CREATE TABLE incident (id INTEGER PRIMARY KEY, contact_id INTEGER REFERENCES contact (id));
        CREATE INDEX incident_contact ON incident (contact_id);
        INSERT INTO contact VALUES (1), (2), (3);
        INSERT INTO incident VALUES (1, 2);
    """)  # fmt: skip
    monkeypatch.setenv("BULKDELETE_DATABASES__CRM", f"sqlite:///{found}")
    return found


@pytest.fixture
def client(database: Path) -> Iterator[LocalClient]:
    with Client.local(database.parent / "state", requested_by="ops@example.com") as one:
        yield one


def sql(database: Path, script: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(script)


def test_a_schedule_has_a_life_in_python(client: LocalClient) -> None:
    schedule = client.create_schedule(JOB)
    made = schedule.status()
    assert (made.next_run, made.requested_by, made.database) == (
        datetime(2099, 1, 5, 1, tzinfo=UTC), "ops@example.com", "crm",
    )  # fmt: skip
    assert client.schedules() == [made]

    client.schedule("Contacts").edit(JOB.model_copy(update={"recurrence": "FREQ=DAILY"}))
    assert (schedule.status().recurrence, schedule.status().revision) == ("FREQ=DAILY", 2)
    schedule.disable()
    assert (schedule.status().enabled, schedule.status().next_run) == (False, None)
    schedule.enable()
    schedule.run_now()
    begun = Schedules(client.application).run_due(schedule.id, utc_now())
    assert begun is not None
    assert schedule.status().last_operation_id == begun.id
    ran = client.drive(begun.id, None)
    assert (ran.deleted, ran.failed) == (2, 1)
    schedule.delete()
    assert client.schedules() == []
    with pytest.raises(ScheduleNotFoundError):
        client.schedule("Contacts")
    with pytest.raises(TransitionError, match="was deleted"):
        schedule.enable()


def test_the_same_schedule_again_is_the_same(client: LocalClient) -> None:
    schedule_id = uuid4()
    first: ScheduleStatus = client.create_schedule(JOB, schedule_id).status()

    assert client.create_schedule(JOB, schedule_id).status() == first
    assert len(client.schedules()) == 1


def test_a_schedule_needs_a_database_that_is_known(client: LocalClient) -> None:
    with pytest.raises(InvalidJobError, match=r"'nobody' is no configured database.*configured: crm"):
        client.create_schedule(JOB.model_copy(update={"database": "nobody"}))
    assert client.schedules() == []


def test_a_retry_finds_the_database_by_its_configured_name(client: LocalClient, database: Path) -> None:
    job = Job.read({"name": "Contacts", "database": "crm", "queries": [Query("contact").all_records()]})
    first = client.submit(job)
    assert (first.wait().deleted, first.wait().failed) == (2, 1)
    sql(database, "DELETE FROM incident")

    with pytest.raises(InvalidJobError, match="'nobody' is neither an address nor configured"):
        client.retry(first.id, database="nobody")
    with Client.local(database.parent / "state") as another:
        result = another.retry(first.id, database="crm").wait()

    assert (result.deleted, result.failed) == (1, 0)
