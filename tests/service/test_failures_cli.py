"""On one machine: failures by cause, another attempt at exactly those, and mail about how it ended."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.errors import InvalidJobError, TransitionError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.service.cli.main import create
from bulkdelete.service.client import Client
from bulkdelete.service.state import State
from tests.smtp import SmtpServer

JOB = {
    "name": "Contacts",
    "queries": [{"EntityName": "contact", "all_records": True}],
    "notify": {"to": ["ops@example.com"], "cc": ["boss@example.com"]},
}


class Shell:
    """The command line, in this process."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.state, self.database, self.capsys = folder / "state", folder / "crm.db", capsys
        (folder / "job.json").write_text(json.dumps(JOB))
        self.job = str(folder / "job.json")
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        """Run a command; its exit code."""
        self.capsys.readouterr()
        code: Any = 0
        try:
            create()([*arguments, "--state", str(self.state)])
        except SystemExit as end:
            code = end.code or 0
        self.out, self.err = self.capsys.readouterr()
        return int(code)

    def answer(self, *arguments: str) -> Any:
        """What a command says as JSON."""
        self(*arguments, "--json")
        return json.loads(self.out)

    def run(self) -> int:
        return self("run", self.job, "--database", f"sqlite:///{self.database}", "--yes")

    def sql(self, script: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(script)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Contacts, some of which incidents hold, others a trigger; a mail server that nobody knows yet."""
    found = Shell(tmp_path, capsys)
    found.sql("""
        CREATE TABLE contact (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE incident (id INTEGER PRIMARY KEY, contact_id INTEGER CONSTRAINT holds REFERENCES contact (id));
        CREATE INDEX incident_contact ON incident (contact_id);
        CREATE TRIGGER vip BEFORE DELETE ON contact WHEN old.name = 'vip' BEGIN SELECT RAISE(ABORT, '=vip stays'); END;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
        INSERT INTO contact SELECT i, CASE WHEN i > 58 THEN 'vip' END FROM n;
        INSERT INTO incident SELECT id, id FROM contact WHERE id <= 5;
        INSERT INTO incident SELECT id + 100, 1 FROM contact WHERE id <= 5;
    """)
    for name in ("HOST", "PORT", "SECURITY", "SENDER"):
        monkeypatch.delenv(f"BULKDELETE_SMTP__{name}", raising=False)
    return found


def use(server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": server.port,
        "SECURITY": "none",
        "SENDER": "bd@example.com",
    }.items():
        monkeypatch.setenv(f"BULKDELETE_SMTP__{name}", str(value))


def test_failures_by_cause(shell: Shell) -> None:
    assert shell.run() == 1
    operation_id = shell.answer("status")["operation_id"]

    assert shell("failures") == 0
    out = " ".join(shell.out.split())
    assert "5 × contact: incident still refers to it" in out
    assert "contact 1, held by incident 1, 101, 102 and 3 more" in out
    assert "Delete or reassign the records of incident first" in out
    assert "2 × contact" in out
    assert "1811: =vip stays" in out
    assert f"bulkdelete retry {operation_id[:8]} --cause" in out

    blocked, raised = shell.answer("failures", "--by-cause")
    assert (blocked["count"], blocked["blocking_entity"], blocked["blocking_count"]) == (5, "incident", 6)
    assert (raised["count"], raised["cause"], raised["blocking_entity"]) == (2, "1811", None)
    assert blocked["advice"]
    assert shell("failures", "--all") == 0
    assert len(shell.out.splitlines()) == 8
    assert len(shell.answer("failures")) == 7
    shell("failures", "--csv")
    assert len(list(csv.DictReader(io.StringIO(shell.out)))) == 7


def test_failures_are_retried_and_history_shows_the_chain(shell: Shell) -> None:
    shell.run()
    first = shell.answer("status")["operation_id"]
    shell.sql("DELETE FROM incident WHERE contact_id IN (2, 3)")
    shell.sql("INSERT INTO contact VALUES (1000, NULL)")

    (blocked, _) = shell.answer("failures", "--by-cause")
    code = shell("retry", first[:8], "--cause", blocked["cause"], "--json")

    told = json.loads(shell.out)
    assert code == 1
    assert (told["deleted"], told["failed"], told["retry_of"]) == (2, 3, first)
    assert told["operation_id"] != first
    steps = {one["type"]: one for one in shell.answer("history", first)}
    assert steps["FailuresRetried"]["retry_id"] == told["operation_id"]
    assert steps["FailuresRetried"]["causes"] == [blocked["cause"]]
    (submitted, *_) = shell.answer("history", told["operation_id"])
    assert submitted["job"]["retry_of"]["operation_id"] == first
    assert shell("verify") == 0
    shell("history", first)
    assert told["operation_id"] in shell.out
    shell("history", told["operation_id"])
    assert f"the failures of {first}" in shell.out
    shell.sql("DELETE FROM incident")
    assert shell("retry", "--operation-id", "7f3a1d52-6c1b-4be8-9a52-3c5f0d9f2b10") == 0
    assert shell("retry", told["operation_id"], "--operation-id", "7f3a1d52-6c1b-4be8-9a52-3c5f0d9f2b10") == 0
    assert [one["name"].count("(retry of") for one in shell.answer("list")] == [1, 1, 0]


def test_what_cannot_be_retried_is_refused(shell: Shell) -> None:
    shell.run()

    with pytest.raises(InvalidJobError, match=r"no record of this operation failed for .nobody.; known: .*incident"):
        shell("retry", "--cause", "nobody")
    assert len(shell.answer("list")) == 1


def test_from_python(shell: Shell) -> None:
    job = Job(name="Contacts", queries=[Query("contact").all_records()])
    with Client.local(shell.state, f"sqlite:///{shell.database}") as client:
        first = client.submit(job)
        with pytest.raises(TransitionError):
            first.retry()
        assert first.wait().failed == 7
        shell.sql("DELETE FROM incident")
        assert first.retry(["incident"]).wait().deleted == 5
        with client.views() as views:
            assert [one.count for one in views.causes(first.id)] == [5, 2]


def test_mail_about_the_end(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer() as server:
        use(server, monkeypatch)
        assert shell.run() == 1
        assert "2 recipients were told" in shell.err
        assert shell("run", "--resume") == 1

    (got,) = server.got
    assert got.recipients == ["ops@example.com", "boss@example.com"]
    assert got.message["Subject"] == "Completed with failures: Contacts (53 deleted, 7 failed)"
    text = got.message.get_body(("plain",))
    assert text is not None
    assert f"--state {shell.state}" in text.get_content()
    (attached,) = got.message.iter_attachments()
    rows = list(csv.DictReader(io.StringIO(attached.get_content())))
    assert len(rows) == 7
    assert {row["error_description"] for row in rows if row["blocking_entity"] == ""} == {"'=vip stays"}
    assert {one["status"] for one in shell.answer("notifications")} == {"delivered"}
    assert [one["type"] for one in shell.answer("history")][-4:] == [
        "Requested",
        "AttemptBegun",
        "Delivered",
        "Settled",
    ]
    assert shell("verify") == 0


def test_a_mail_server_that_is_away_holds_nothing_up_and_is_seen(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    server = SmtpServer()
    with server:
        use(server, monkeypatch)
    assert shell.run() == 1
    assert "Not told yet by mail (ops@example.com, boss@example.com)" in shell.err
    (listed,) = shell.answer("list")
    assert len(listed["untold"]) == 2
    assert listed["untold"][0].startswith("boss@example.com not told yet by mail: ")
    assert shell("list") == 0
    assert "not told yet by mail" in shell.out
    assert shell.answer("sql", "select distinct status from notifications") == [{"status": "waiting"}]

    assert shell("notifications", "--send") == 1
    with server:
        assert shell("notifications", "--send") == 0
        assert shell("notifications", "--send") == 0

    assert len(server.got) == 1
    assert shell.answer("list")[0]["untold"] == []
    assert {(one["status"], one["attempts"]) for one in shell.answer("notifications")} == {("delivered", 3)}


def test_nobody_is_asked_for_a_mail_server_where_nobody_wants_mail(shell: Shell) -> None:
    Path(shell.job).write_text(json.dumps({name: value for name, value in JOB.items() if name != "notify"}))
    shell.run()

    assert shell.answer("notifications") == []
    assert "told" not in shell.err


def test_without_a_mail_server_it_says_so_before(shell: Shell) -> None:
    shell.run()

    assert "nobody gets mail: BULKDELETE_SMTP__HOST is not set" in shell.err


def test_a_database_may_have_been_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULKDELETE_DATABASES__CRM", f"sqlite:///{shell.database}")
    job = Job(name="Contacts", database="crm", queries=[Query("contact").all_records()])
    with State(shell.state).application() as application:
        command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="me", job=job)
        application.submit(command, "crm")

    assert shell("run", "--resume") == 1
    shell.sql("DELETE FROM incident")
    assert shell("retry", "--cause", "incident") == 0
    (other := shell.state.parent / "other.db").touch()
    with pytest.raises(InvalidJobError, match="the operation began on sqlite:///"):
        shell("retry", "--database", f"sqlite:///{other}")
