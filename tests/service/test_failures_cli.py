"""On one machine: failures by cause, another attempt at exactly those, and mail about how it ended."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from uuid import uuid4

import pytest

from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.errors import InvalidJobError, TransitionError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.service.client import Client
from bulkdelete.service.state import State
from tests.service.contacts import Shell, contacts


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return contacts(tmp_path, capsys, monkeypatch)


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
