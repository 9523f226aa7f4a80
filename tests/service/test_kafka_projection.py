"""Views fed from Kafka: each event and rejection once, whatever comes again, whoever stands by."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import duckdb
import pytest

from bulkdelete.projections.keeper import ViewKeeper
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.service.event_store import open_event_store
from tests.servers.kafka import Kafka
from tests.service.running import Running, running, settings_for, sqlite_store, submit, until

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def service(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = settings_for(kafka.address, sqlite_store(tmp_path_factory.mktemp("projection")))
    with running(settings) as one:
        yield one


@contextmanager
def projecting(service: Running, folder: Path) -> Iterator[Running]:
    """A projector of its own, with views in a folder."""
    with open_event_store(service.settings.events) as application:
        keeper = ViewKeeper(ViewFiles.beside(folder / "views.duckdb"), application, seconds_between_snapshots=0.2)
        with running(service.settings, "projection", keeper=keeper) as one:
            yield one


def ask(folder: Path, sql: str) -> list[tuple[object, ...]]:
    time.sleep(0.1)
    path = folder / "views.duckdb"
    if not path.exists():
        return []
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_events_and_rejections_become_rows(service: Running, tmp_path: Path) -> None:
    command = submit()
    service.command(command)
    service.until_ended(command.operation_id)
    service.publish("commands", (b"garbage", b"garbage"))
    until(service.rejections)
    sql = f"SELECT status, deleted FROM operations WHERE operation_id = '{command.operation_id}'"

    with projecting(service, tmp_path):
        until(lambda: ask(tmp_path, sql) == [("succeeded", 30)])
        until(lambda: len(ask(tmp_path, "SELECT * FROM rejections")) == len(service.rejections()))
        other = submit()
        service.command(other)
        until(
            lambda: (
                ask(tmp_path, sql.replace(str(command.operation_id), str(other.operation_id))) == [("succeeded", 30)]
            )
        )

    reasons = ask(tmp_path, "SELECT reason FROM rejections")
    assert all("not JSON" in str(reason) for (reason,) in reasons)


def test_what_comes_again_or_is_no_event_of_ours_changes_nothing(service: Running, tmp_path: Path) -> None:
    command = submit()
    service.command(command)
    service.until_ended(command.operation_id)
    for one in service.messages("events"):
        service.publish("events", (one.key, one.body), headers=one.raw_headers)
    service.publish("events", (b"k", b"garbage"), (b"k", None), (b"k", b"[" * 100_000))
    strange = [
        ("ce_type", b"bulkdelete.operation.submitted"),
        ("ce_id", f"{uuid4()}/1".encode()),
        ("ce_time", b"2026-01-01T00:00:00Z"),
    ]
    service.publish("events", (b"k", b"{}"), headers=strange)
    service.publish("rejected", (b"k", b"garbage"))

    with projecting(service, tmp_path):
        other = submit()
        service.command(other)
        sql = f"SELECT status FROM operations WHERE operation_id = '{other.operation_id}'"
        until(lambda: ask(tmp_path, sql) == [("succeeded",)])

    operations = len({one.headers.get("ce_subject") for one in service.messages("events")} - {None})
    assert ask(tmp_path, "SELECT count(*), sum(deleted) FROM operations") == [(operations, 30 * operations)]
    assert ask(tmp_path, "SELECT count(*) FROM deleted_records") == [(30 * operations,)]


def test_a_second_projector_of_the_same_views_stands_by(service: Running, tmp_path: Path) -> None:
    with projecting(service, tmp_path) as first, projecting(service, tmp_path):
        until((tmp_path / "views.duckdb").exists)
        first.stop()
        command = submit()
        service.command(command)
        sql = f"SELECT status FROM operations WHERE operation_id = '{command.operation_id}'"
        until(lambda: ask(tmp_path, sql) == [("succeeded",)])


def test_a_view_is_its_own_place(service: Running, tmp_path: Path) -> None:
    for _ in range(2):
        command = submit()
        service.command(command)
        sql = f"SELECT status FROM operations WHERE operation_id = '{command.operation_id}'"
        with projecting(service, tmp_path):
            until(lambda sql=sql: ask(tmp_path, sql) == [("succeeded",)])  # type: ignore[misc]
