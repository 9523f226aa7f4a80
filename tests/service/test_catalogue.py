"""Catalogue files: read, explained, and held to by an operation to its end, wherever it runs."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from bulkdelete import Client, Job, Query
from bulkdelete.consumers.operations import take_command
from bulkdelete.consumers.routes import Role
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import GovernedJob
from bulkdelete.service.app import parts_of
from bulkdelete.service.cataloguefile import read_catalogue
from bulkdelete.service.configuration import load
from bulkdelete.service.problems import SettingsError
from bulkdelete.service.state import State
from tests.faults.processes import ran, without_settings

CATALOGUE = """
[entities.contact]
table = "crm_contact"
created_on = false

[[relationships]]
child = "note"
columns = ["contact_ref"]
parent = "contact"
rule = "cascade"

[[relationships]]
child = "bill"
columns = ["contact_ref"]
parent = "contact"
rule = "restrict"
"""
JOB = Job(name="Contacts", queries=[Query("contact").where(n=1)], database="shop")
Ask = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.executescript("""
            CREATE TABLE crm_contact (id integer PRIMARY KEY, n integer, createdon text);
            CREATE TABLE note (id integer PRIMARY KEY, contact_ref integer);
            CREATE TABLE bill (id integer PRIMARY KEY, contact_ref integer);
            INSERT INTO crm_contact VALUES (1, 1, '2999-01-01'), (2, 1, '2999-01-01'), (3, 0, '2999-01-01');
            INSERT INTO note VALUES (1, 1), (2, 1), (3, 2), (4, 3);
            INSERT INTO bill VALUES (1, 2), (2, 3);
        """)
    (tmp_path / "crm.toml").write_text(CATALOGUE)
    (tmp_path / "job.json").write_text(JOB.canonical())
    return tmp_path


@pytest.fixture
def ask(folder: Path) -> Ask:
    """A command in the folder, with the database configured there."""

    def asked(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"BULKDELETE_STATE": str(folder / "state"), "BULKDELETE_DATABASES__SHOP": "sqlite:///shop.db"}
        return ran(
            *arguments, environment={**without_settings(), **own, "COLUMNS": "250", **environment}, folder=folder
        )

    return asked


def ids(folder: Path, table: str) -> list[int]:
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        return [row[0] for row in connection.execute(f"SELECT id FROM {table} ORDER BY id")]


def submitted(folder: Path, job: Job | None = None) -> UUID:
    """An operation that began, and was interrupted at once."""
    with State(folder / "state").application() as application:
        job = job or JOB.under(read_catalogue(folder / "crm.toml"))
        command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="tester", job=job)
        return application.submit(command, f"sqlite:///{folder / 'shop.db'}").id


def test_a_run_under_a_catalogue(folder: Path, ask: Ask) -> None:
    done = ask("run", "job.json", "--catalogue", "crm.toml", "--yes", "--json")

    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["deleted"], told["failed"], told["cascaded"]) == (1, 1, {"note": 2})
    for line in (
        "Catalogue  1 entity, 2 relationships",
        "takes with it note (cascade)",
        "1 may be kept back: bill refers to them",
    ):
        assert line in done.stderr
    assert (ids(folder, "crm_contact"), ids(folder, "note")) == ([2, 3], [3, 4])
    (failure,) = json.loads(ask("failures", "--json").stdout)
    assert (failure["entity"], failure["error_number"], failure["blocking_entity"]) == (
        "contact", "restricted_by_catalogue", "bill",
    )  # fmt: skip
    assert json.loads(ask("deleted", "--record", "note", "1", "--json").stdout)
    assert "on sqlite:///" in (history := ask("history").stdout)
    assert "under a catalogue" in history
    assert ask("verify").returncode == 0


def test_the_catalogue_of_a_configured_database_holds_for_runs_on_it(folder: Path, ask: Ask) -> None:
    done = ask("run", "job.json", "--yes", BULKDELETE_CATALOGUES__SHOP="crm.toml")

    assert done.returncode == 1, done.stderr
    assert ids(folder, "note") == [3, 4]


def test_an_operation_goes_on_with_the_catalogue_that_it_began_with(folder: Path, ask: Ask) -> None:
    operation_id = str(submitted(folder))
    (folder / "other.toml").write_text(CATALOGUE.replace('"restrict"', '"cascade"'))

    refused = ask("run", "--resume", operation_id, "--catalogue", "other.toml")
    again = ask("run", "job.json", "--operation-id", operation_id, "--catalogue", "other.toml", "--yes")
    (folder / "crm.toml").unlink()
    done = ask("run", "--resume", operation_id, "--json", BULKDELETE_CATALOGUES__SHOP="other.toml")

    assert (refused.returncode, again.returncode) == (2, 2)
    assert "other.toml is not the catalogue that the operation began with" in refused.stderr
    assert "was submitted with another job, catalogue or database" in again.stderr
    assert (done.returncode, json.loads(done.stdout)["failed"]) == (1, 1)
    assert ids(folder, "bill") == [1, 2]


def test_an_operation_that_began_without_any_goes_on_without(folder: Path, ask: Ask) -> None:
    job = Job(name="Contacts", queries=[Query("crm_contact").where(n=1)], options={"created_on": {"crm_contact": None}})
    operation_id = str(submitted(folder, job))

    refused = ask("run", "--resume", operation_id, "--catalogue", "crm.toml")
    done = ask("run", "--resume", operation_id)

    assert (refused.returncode, done.returncode) == (2, 0), done.stderr
    assert (ids(folder, "crm_contact"), ids(folder, "note")) == ([3], [1, 2, 3, 4])


def test_what_does_not_fit_is_told_with_the_file(folder: Path, ask: Ask) -> None:
    (folder / "crm.toml").write_text(CATALOGUE.replace("crm_contact", "crm_contct"))

    for done in (
        ask("run", "job.json", "--catalogue", "crm.toml", "--yes"),
        ask("config", "check", BULKDELETE_CATALOGUES__SHOP="crm.toml"),
    ):
        assert done.returncode == 2
        assert 'crm.toml: entities.contact.table: the database has no entity "crm_contct". Did you mean' in done.stderr
    assert ask("run", "job.json", "--catalogue", "none.toml").stderr.startswith("error: none.toml: cannot be read")


def test_the_settings_are_checked(folder: Path, ask: Ask) -> None:
    fine = ask("config", "check", BULKDELETE_CATALOGUES__SHOP="crm.toml")
    unknown = ask("config", "check", BULKDELETE_CATALOGUES__SHPO="crm.toml")

    assert fine.returncode == 0
    assert "fits the database; 1 entity, 2 relationships" in fine.stderr
    assert unknown.returncode == 2
    assert "catalogues.shpo is of no configured database; configured: shop" in unknown.stderr


def test_a_client_in_python(folder: Path) -> None:
    database = f"sqlite:///{folder / 'shop.db'}"
    with Client.local(state=folder / "state", database=database, catalogue=folder / "crm.toml") as client:
        result = client.submit(JOB).wait()

    assert (result.deleted, result.failed) == (1, 1)


def test_the_service_reads_catalogues_at_its_start(folder: Path) -> None:
    config = folder / "bulkdelete.toml"
    config.write_text(f"""
        event_store = "sqlite:///{folder}/events.db"
        [databases]
        shop = "sqlite:///{folder}/shop.db"
        [catalogues]
        SHOP = "{folder}/crm.toml"
    """)
    with parts_of(load(config), frozenset({Role.OPERATIONS})) as parts:
        assert parts.catalogues == {"shop": read_catalogue(folder / "crm.toml")}
        command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="ops", job=JOB)
        take_command(command, parts.application, parts.databases, parts.check, parts.catalogues)
        found = parts.application.operation(command.operation_id)
        assert GovernedJob.read(found.job).catalogue == parts.catalogues["shop"]
    with parts_of(load(config), frozenset({Role.PLANNING})) as parts:
        assert parts.catalogues == {}
    (folder / "crm.toml").unlink()
    with pytest.raises(InvalidJobError, match="cannot be read"), parts_of(load(config), frozenset({Role.OPERATIONS})):
        pass
    with pytest.raises(SettingsError, match="catalogues"):
        load(given={"catalogues": {"other": "x.toml"}})


def test_a_command_delivered_again_does_not_meet_a_newer_catalogue() -> None:
    command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="ops", job=JOB)
    older, newer = (Declarations.read({"entities": {one: {"exclude": True}}}) for one in "ab")
    with BulkDeletes() as application:
        began = take_command(command, application, {"shop"}, None, {"shop": older})
        again = take_command(command, application, {"shop"}, None, {"shop": newer})

    assert (again.version, again.digest) == (began.version, began.digest)
    assert GovernedJob.read(again.job).catalogue == older


def test_a_job_does_not_bring_its_own() -> None:
    with pytest.raises(InvalidJobError, match="unknown word"):
        Job.read({**JOB.to_json(), "catalogue": {}})
    assert JOB.under(Declarations()).digest() == JOB.digest()
