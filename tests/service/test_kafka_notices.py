"""Ends told by a service on a real Kafka, and failures retried there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import pytest

from bulkdelete.consumers.deletion import Deletion
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import RetryFailures, SubmitBulkDelete
from bulkdelete.domain.job import Job
from bulkdelete.domain.notification import notification_id
from bulkdelete.domain.notify import Outcome
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.query_builder import Query
from bulkdelete.producers.client import Client
from bulkdelete.records.target import Target
from bulkdelete.service.kafka.parts import Parts
from bulkdelete.service.notifying import notifier_of
from bulkdelete.service.settings import Settings
from tests.servers.kafka import Kafka
from tests.service.fake_target import FakeTarget
from tests.service.running import Running, running, settings_for, sqlite_store, until
from tests.smtp import SmtpServer

pytestmark = pytest.mark.kafka


def telling(settings: Settings, server: SmtpServer) -> Settings:
    smtp = settings.smtp.model_copy(
        update={"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "bulkdelete@example.com"}
    )
    patience = settings.notifications.model_copy(update={"first_pause_seconds": 0.5, "timeout_seconds": 5})
    return settings.model_copy(update={"smtp": smtp, "notifications": patience})


def parts(settings: Settings, target: FakeTarget) -> Callable[[BulkDeletes], Parts]:
    return lambda application: Parts(application, {"crm"}, target.do, notifier=notifier_of(settings, application))


def submit(name: str = "Closed cases") -> SubmitBulkDelete:
    job = Job.read(
        {
            "name": name, "database": "crm", "queries": [Query("incident").where(statecode=1)],
            "notify": {"to": ["ops@example.com"], "cc": ["boss@example.com"]},
        }
    )  # fmt: skip
    return SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="ops@example.com", job=job)


def test_one_mail_each_also_when_the_server_was_away_and_events_come_twice(kafka: Kafka, tmp_path: Path) -> None:
    settings, server = settings_for(kafka.address, sqlite_store(tmp_path)), SmtpServer()
    with server:
        pass  # now its port is known, and nobody answers there
    settings = telling(settings, server)
    commands = [submit(f"Job {number}") for number in range(5)]
    with running(settings, "all,notification", make=parts(settings, FakeTarget())) as one:
        one.command(*commands)
        for command in commands:
            assert one.until_ended(command.operation_id).status == "succeeded"
        identities = [notification_id(command.operation_id, Outcome.COMPLETED) for command in commands]
        until(
            lambda: all(
                (found := one.application.notification(each)) and found.deliveries["mail"]["reason"]
                for each in identities
            )
        )
        assert server.got == []
        with server:
            until(
                lambda: all((found := one.application.notification(each)) and found.is_settled for each in identities)
            )
            republish_ends(one)
            one.command(*commands)
            again = submit("One more")
            one.command(again)
            last = notification_id(again.operation_id, Outcome.COMPLETED)
            until(lambda: (found := one.application.notification(last)) and found.is_settled)

    assert sorted(server.ids()) == sorted(f"<{each}@example.com>" for each in [*identities, last])
    assert all(got.recipients == ["ops@example.com", "boss@example.com"] for got in server.got)
    types = {message.headers["ce_type"] for message in one.messages("events")}
    assert {"bulkdelete.notification.requested", "bulkdelete.notification.settled"} <= types


def republish_ends(one: Running) -> None:
    """Every end comes once more, as from a topic that was filled again."""
    for message in one.messages("events"):
        if message.headers["ce_type"] == f"bulkdelete.{Operation.Completed.TOPIC}":
            one.publish("events", (message.key, message.body), headers=message.raw_headers)


def test_the_failed_records_are_deleted_by_another_operation(kafka: Kafka, tmp_path: Path) -> None:
    database = tmp_path / "crm.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("""
            CREATE TABLE contact (id INTEGER PRIMARY KEY, statecode INTEGER);
            CREATE TABLE incident (id INTEGER PRIMARY KEY, contact_id INTEGER REFERENCES contact (id));
            CREATE INDEX incident_contact ON incident (contact_id);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
            INSERT INTO contact SELECT i, 1 FROM n;
            INSERT INTO incident SELECT id, id FROM contact WHERE id <= 10;
        """)
    settings = settings_for(kafka.address, sqlite_store(tmp_path))
    target, until_the_end = Target(f"sqlite:///{database}"), ExitStack()

    def make(application: BulkDeletes) -> Parts:
        deletion = Deletion(application, lambda _: target)
        until_the_end.callback(deletion.retried.close)
        return Parts(application, {"crm"}, deletion.do)

    with closing(target), until_the_end, running(settings, make=make):
        job = Job(name="Contacts", database="crm", queries=[Query("contact").where(statecode=1)])
        with Client.connect(kafka.address, prefix=settings.kafka.prefix) as client:
            first = client.submit(job)
            result = first.wait(timeout=60)
            assert (result.deleted, result.failed) == (40, 10)
            with closing(sqlite3.connect(database)) as connection, connection:
                connection.execute("DELETE FROM incident WHERE id <= 4")
            retried = first.retry(["incident"])
            again = retried.wait(timeout=60)
            with pytest.raises(Exception, match="no record of this operation failed for 'nobody'"):
                first.retry(["nobody"]).wait(timeout=60)
            third = client.retry(retried.id).wait(timeout=60)

    assert (again.deleted, again.failed, again.data["retry_of"]) == (4, 6, str(first.id))
    assert (third.deleted, third.failed) == (0, 6)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM contact").fetchone() == (6,)


def test_a_retry_as_a_raw_message_begins_one_operation(kafka: Kafka, tmp_path: Path) -> None:
    settings = settings_for(kafka.address, sqlite_store(tmp_path))
    with running(settings) as one:
        command = submit()
        retry = RetryFailures(command_id=uuid4(), operation_id=command.operation_id, requested_by="ops@example.com")
        one.command(command)
        one.until_ended(command.operation_id)
        one.command(retry, retry)
        until(lambda: len(one.rejections()) == 2)

        assert {found.reason for found in one.rejections()} == {"no record of this operation failed"}
        assert one.application.find(retry.new_id) is None
