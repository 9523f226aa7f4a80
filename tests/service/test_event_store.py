"""The event store's address, as the library's settings."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Timer
from uuid import uuid4

import pytest

from bulkdelete.domain.errors import UnavailableError
from bulkdelete.projections.log import end_of_log
from bulkdelete.service.cli.place import settings_for
from bulkdelete.service.event_store import event_store_environment, open_event_store
from bulkdelete.service.problems import SettingsError
from bulkdelete.service.stored_events import StoredEvents
from bulkdelete.service.urls import Url
from bulkdelete.service.whereabouts import Whereabouts, whereabouts
from tests.servers.ports import free_port
from tests.service.running import submit


def test_everything_an_address_says_is_kept() -> None:
    url = Url("postgresql+psycopg://u%40corp:p%3Aw@db:6432/events%20store?sslmode=require&connect_timeout=9")

    found = event_store_environment(url)

    assert found["BULKDELETE_POSTGRES_USER"] == "u@corp"
    assert found["BULKDELETE_POSTGRES_PASSWORD"] == "p:w"
    assert (found["BULKDELETE_POSTGRES_HOST"], found["BULKDELETE_POSTGRES_PORT"]) == ("db", "6432")
    assert found["BULKDELETE_POSTGRES_DBNAME"] == "events store"
    assert '"sslmode": "require"' in found["BULKDELETE_POSTGRES_CONNECTION"]
    assert '"connect_timeout": "9"' in found["BULKDELETE_POSTGRES_CONNECTION"]
    assert all(name.startswith("BULKDELETE_") for name in found)


def test_where_a_file_ends_is_asked_without_the_library(tmp_path: Path) -> None:
    place = whereabouts(tmp_path, {})
    with StoredEvents(place) as events:
        assert events.end() == 0, "there is no file yet"
        events.application().submit(submit(), "crm")
        expected = end_of_log(events.application())
    with StoredEvents(place) as events:
        assert events.end() == expected > 0
        assert events._opened is None


def test_a_file_that_is_no_event_store_is_explained(tmp_path: Path) -> None:
    (tmp_path / "events.db").write_text("something else altogether, and long enough to be looked at")

    with StoredEvents(whereabouts(tmp_path, {})) as events, pytest.raises(UnavailableError, match="not a database"):
        events.end()


@pytest.mark.parametrize(
    "environment",
    [
        {}, {"BULKDELETE_STATE": "s"}, {"bulkdelete_state": "s"}, {"BULKDELETE_STATE": ""}, {"XDG_STATE_HOME": "/x"},
        {"BULKDELETE_VIEWS": "v/w.duckdb"}, {"BULKDELETE_KAFKA__SERVERS": "k:9"},
        {"BULKDELETE_KAFKA": '{"servers": "k:9"}'},
        {"BULKDELETE_EVENT_STORE": "sqlite:///e.db"}, {"BULKDELETE_EVENT_STORE": "postgresql://u:p@h/e"},
        {"BULKDELETE_EVENT_STORE": "sqlite:///e.db", "BULKDELETE_STATE": "s", "BULKDELETE_KAFKA__SERVERS": "k:9"},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("named", [None, Path("n")])
def test_places_are_those_of_all_the_settings(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: Path | None
) -> None:
    for name in [one for one in os.environ if one.upper().startswith("BULKDELETE_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = settings_for(named)

    found = whereabouts(named)

    is_alone = settings.events.scheme == "sqlite" and settings.kafka.servers is None
    assert found == Whereabouts(settings.state, settings.events.secret, settings.views_path, is_alone)


def test_a_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "hidden")

    assert event_store_environment(Url("postgresql://u@db/e"))["BULKDELETE_POSTGRES_PASSWORD"] == "hidden"
    assert event_store_environment(Url("postgresql://u:own@db/e"))["BULKDELETE_POSTGRES_PASSWORD"] == "own"


def test_a_file_and_its_folder_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSISTENCE_MODULE", "nobody.knows")
    with open_event_store(Url(f"sqlite:///{tmp_path}/a/b/events.db")) as application:
        application.submit(submit(), "crm")

    assert (tmp_path / "a" / "b" / "events.db").is_file()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://a:s%ZZcret@b/c"])
def test_addresses_that_cannot_be_used_are_told(url: str) -> None:
    with pytest.raises(SettingsError, match="event_store") as found:
        event_store_environment(Url(url))

    assert "cret" not in str(found.value)


def test_a_store_that_is_away_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match=r"u:\*\*\*@127.0.0.1"):
        open_event_store(Url(f"postgresql://u:secret@127.0.0.1:{free_port()}/x"))


@pytest.mark.postgresql
def test_connections_say_who_they_are(postgresql_url: str) -> None:
    with open_event_store(Url(postgresql_url)) as application:
        recorder: object = application.recorder
        with recorder.datastore.get_connection() as connection:  # type: ignore[attr-defined]
            row = connection.execute("SELECT current_setting('application_name') AS name").fetchone()
    assert row == {"name": "bulkdelete event store"}


def test_a_process_that_took_no_snapshot_reads_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/events.db"
    command = submit()
    with open_event_store(Url(url)) as application:
        application.submit(command, "crm")
        application.take_snapshot(command.operation_id)

    read = (
        "import sys, uuid; from bulkdelete.service.event_store import open_event_store; "
        "from bulkdelete.service.urls import Url; "
        "print(open_event_store(Url(sys.argv[1])).operation(uuid.UUID(sys.argv[2])).status)"
    )
    words = [sys.executable, "-c", read, url, str(command.operation_id)]
    found = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (found.stdout, found.stderr) == ("waiting\n", "")


def test_another_process_is_making_the_same_file(tmp_path: Path) -> None:
    """While one writes to a new file, SQLite refuses another one the journal mode at once, whatever its time-out."""
    path = tmp_path / "events.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as first:
        first.execute("BEGIN IMMEDIATE")
        done = Timer(0.5, first.execute, ["COMMIT"])
        done.start()
        with open_event_store(Url(f"sqlite:///{path}")) as application:
            assert application.find(uuid4()) is None
        done.join()


def test_a_file_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "events.db").write_text("this is no database, but long enough to be looked at" * 100)
    with pytest.raises(UnavailableError, match="not a database"):
        open_event_store(Url(f"sqlite:///{tmp_path}/events.db"))
