"""Mail about the end of an operation on this machine, and what could not be sent."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.service.contacts import JOB, Shell, contacts
from tests.smtp import SmtpServer


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return contacts(tmp_path, capsys, monkeypatch)


def use(server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": server.port,
        "SECURITY": "none",
        "SENDER": "bd@example.com",
    }.items():
        monkeypatch.setenv(f"BULKDELETE_SMTP__{name}", str(value))


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


def test_what_was_given_up_is_sent_again_by_hand(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULKDELETE_NOTIFICATIONS__ATTEMPTS", "1")
    server = SmtpServer()
    with server:
        use(server, monkeypatch)
    assert shell.run() == 1
    assert {one["status"] for one in shell.answer("notifications")} == {"undeliverable"}
    (listed,) = shell.answer("list")
    identity = listed["operation_id"][:8]

    assert shell("notifications", identity, "--send") == 1
    with server:
        assert shell("notifications", identity, "--send") == 0
        assert shell("notifications", identity, "--send") == 0

    (got,) = server.got
    assert got.recipients == ["ops@example.com", "boss@example.com"]
    assert {one["status"] for one in shell.answer("notifications")} == {"delivered"}
    assert [one["type"] for one in shell.answer("history")][-4:] == [
        "AskedAgain",
        "AttemptBegun",
        "Delivered",
        "Settled",
    ]
    assert shell("verify") == 0


def test_nobody_is_asked_for_a_mail_server_where_nobody_wants_mail(shell: Shell) -> None:
    Path(shell.job).write_text(json.dumps({name: value for name, value in JOB.items() if name != "notify"}))
    shell.run()

    assert shell.answer("notifications") == []
    assert "told" not in shell.err


def test_without_a_mail_server_it_says_so_before(shell: Shell) -> None:
    shell.run()

    assert "nobody gets mail: BULKDELETE_SMTP__HOST is not set" in shell.err
