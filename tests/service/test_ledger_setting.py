"""Where the ledger is, by option, environment and settings; an operation goes on where it began."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from bulkdelete.consumers.operations import take_command
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.declarations import NOTHING
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import GovernedJob, Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.ledger import Ledger
from bulkdelete.service.client import Client
from bulkdelete.service.configuration import load, unknown_variables
from bulkdelete.service.ledgers import ledger_place
from bulkdelete.service.problems import SettingsError
from bulkdelete.service.state import State
from tests.faults.processes import ran, without_settings

JOB = Job.read({"name": "old", "queries": [Query("p").where(n=1)]})

Ask = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.executescript(
            "CREATE TABLE p (id integer PRIMARY KEY, n integer); INSERT INTO p VALUES (1, 1), (2, 2);"
        )
    (tmp_path / "job.json").write_text(JOB.canonical())
    return tmp_path


@pytest.fixture
def ask(folder: Path) -> Ask:
    def asked(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"BULKDELETE_STATE": str(folder / "state"), "BULKDELETE_DATABASES__SHOP": "sqlite:///shop.db"}
        return ran(
            *arguments, environment={**without_settings(), **own, "COLUMNS": "250", **environment}, folder=folder
        )

    return asked


def tables(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")} - {"p"}


def ours(prefix: str) -> set[str]:
    return {f"{prefix}{one.name}" for one in fields(Ledger)}


def submitted(folder: Path, ledger: str | None) -> UUID:
    """An operation that began, and was interrupted at once."""
    with State(folder / "state").application() as application:
        command = SubmitBulkDelete(
            command_id=uuid4(), operation_id=uuid4(), requested_by="tester", job=JOB.under(NOTHING, ledger)
        )
        return application.submit(command, f"sqlite:///{folder / 'shop.db'}").id


ALL, SHOP = {"BULKDELETE_LEDGER": "all_"}, {"BULKDELETE_LEDGER": "all_", "BULKDELETE_LEDGERS__SHOP": "shop_"}


@pytest.mark.parametrize(
    ("option", "environment", "database", "expected"),
    [
        ("mine_", SHOP, "shop", "mine_"),
        (None, SHOP, "shop", "shop_"),
        (None, SHOP, "other", "all_"),
        (None, SHOP, "sqlite:///shop.db", "all_"),
        (None, ALL, "shop", "all_"),
        (None, {}, "shop", None),
    ],
)
def test_which_setting_holds(
    monkeypatch: pytest.MonkeyPatch, option: str | None, environment: dict[str, str], database: str, expected: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ledger_place(option, database) == expected


def test_a_run_with_the_option(folder: Path, ask: Ask) -> None:
    done = ask("run", "job.json", "--database", "shop", "--yes", "--json", "--ledger", "mine_", **SHOP)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["deleted"] == 1
    assert tables(folder) == ours("mine_")
    assert "ledger in mine_" in ask("history").stdout


def test_an_operation_goes_on_where_it_began(folder: Path, ask: Ask) -> None:
    operation_id = str(submitted(folder, "began_"))

    refused = ask("run", "--resume", operation_id, "--ledger", "other_")
    assert refused.returncode == 2
    assert "--ledger: the operation began with its ledger in 'began_', not in 'other_'" in refused.stderr
    assert tables(folder) == set()

    done = ask("run", "--resume", operation_id, BULKDELETE_LEDGER="other_")
    assert done.returncode == 0, done.stderr
    assert "Its ledger stays in 'began_', where it began; 'other_' is for new operations." in done.stderr
    assert tables(folder) == ours("began_")


def test_the_same_id_again_is_the_same_operation(folder: Path, ask: Ask) -> None:
    operation_id = str(submitted(folder, None))
    again = ("run", "job.json", "--database", "shop", "--yes", "--operation-id", operation_id)

    done = ask(*again, BULKDELETE_LEDGER="other_")

    assert done.returncode == 0, done.stderr
    assert "Its ledger stays in the default place" in done.stderr
    assert tables(folder) == ours("bulkdelete_")


@pytest.mark.parametrize(
    ("option", "environment", "named"),
    [
        ("a b", {}, "--ledger"),
        (None, {"BULKDELETE_LEDGER": "a.b.c"}, "BULKDELETE_LEDGER"),
        (None, {"BULKDELETE_LEDGERS__SHOP": "1"}, "BULKDELETE_LEDGERS__SHOP"),
    ],
)
def test_what_cannot_be_is_told_with_what_says_it(
    monkeypatch: pytest.MonkeyPatch, option: str | None, environment: dict[str, str], named: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidJobError, match="is accepted") as refused:
        ledger_place(option, "shop")
    assert refused.value.field == named


def test_the_settings_of_a_service(folder: Path) -> None:
    given = {"databases": {"a": "sqlite:///a.db", "b": "sqlite:///b.db"}, "ledger": "all_", "ledgers": {"b": "ops.b_"}}

    assert load(given=given).all_ledgers() == {"a": "all_", "b": "ops.b_"}
    assert load(given={"databases": given["databases"]}).all_ledgers() == {}
    assert unknown_variables({"BULKDELETE_LEDGER": "x", "BULKDELETE_LEDGERS__B": "y", "BULKDELETE_LEDGERS": "{}"}) == []
    for wrong in ({"ledger": "a b"}, {"ledger": 1}, {"ledgers": {"c": "x_"}}, {**given, "ledgers": {"b": "a-b"}}):
        with pytest.raises(SettingsError, match="ledger"):
            load(given=wrong)


def test_a_command_delivered_again_keeps_the_place_that_it_began_with() -> None:
    job = Job.read({**JOB.to_json(), "database": "shop"})
    command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="tester", job=job)
    with BulkDeletes() as application:
        begun = take_command(command, application, {"shop"}, ledgers={"shop": "began_"})
        again = take_command(command, application, {"shop"}, ledgers={"shop": "newer_"})

        assert GovernedJob.read(begun.job).ledger == "began_"
        assert (again.job, again.version) == (begun.job, begun.version)


def test_a_job_does_not_bring_its_own() -> None:
    with pytest.raises(InvalidJobError, match="ledger"):
        Job.read({**JOB.to_json(), "ledger": "mine_"})
    assert JOB.under(NOTHING).digest() == JOB.digest()


def test_a_client_in_python(folder: Path) -> None:
    with Client.local(folder / "state", f"sqlite:///{folder / 'shop.db'}", ledger="py_") as client:
        assert client.submit(JOB).wait().deleted == 1
    assert tables(folder) == ours("py_")
