"""The demonstration: a CRM, always the same, and a job that shows success, failures and cascades."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.records.mariadb.dialect import MariaDB
from bulkdelete.records.names import read_address
from bulkdelete.service.crm.making import make_crm
from bulkdelete.service.jobfile import read_job
from tests.faults.processes import ran

COUNTS = {
    "account": 6_000,
    "contact": 20_000,
    "incident": 50_000,
    "task": 60_000,
    "email": 50_000,
    "annotation": 14_000,
}


def demo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return ran("demo", *arguments, environment=os.environ, seconds=300)


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_it_shows_success_failures_and_cascades(tmp_path: Path) -> None:
    done = demo(tmp_path, "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["status"] == "succeeded"
    assert (told["queries"][0]["failed"], told["queries"][1]["failed"]) == (0, told["failed"])
    for entity, before in COUNTS.items():
        (left,) = rows(tmp_path / "crm.db", f"SELECT count(*) FROM {entity}")[0]
        deleted = sum(one["deleted"] for one in told["queries"] if one["entity"] == entity)
        assert before - left == deleted + told["cascaded"].get(entity, 0), entity
    assert told["failed"] > 100
    assert told["unlinked"]["email"] > 1_000
    assert rows(tmp_path / "crm.db", "PRAGMA foreign_key_check") == []
    assert "200,000 records: 6 entities, 7 relationships" in done.stderr


def test_the_job_is_one_that_people_can_run_themselves(tmp_path: Path) -> None:
    demo_job = tmp_path / "closed-cases.yaml"

    done = demo(tmp_path, "--only-make")

    assert done.returncode == 0, done.stderr
    assert [query.entity_name for query in read_job(demo_job).queries] == ["incident", "contact"]
    assert not (tmp_path / "state").exists()


def test_the_records_are_always_the_same(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_crm(f"sqlite:///{tmp_path / name}.db")

    digest = "SELECT count(*), group_concat(incidentid || primarycontactid || modifiedon) FROM incident"
    assert rows(tmp_path / "one.db", digest) == rows(tmp_path / "two.db", digest)


@pytest.mark.postgresql
def test_the_same_crm_on_postgresql_and_made_anew(postgresql_url: str, tmp_path: Path) -> None:
    make_crm(f"sqlite:///{tmp_path / 'crm.db'}")
    for _ in range(2):
        make_crm(postgresql_url)

    with psycopg.connect(postgresql_url) as connection:
        for entity, count in COUNTS.items():
            assert connection.execute(f"SELECT count(*) FROM public.{entity}").fetchone() == (count,)
        newest = "SELECT CAST(max(incidentid) AS text), sum(prioritycode) FROM incident"
        newest_there = connection.execute(
            "SELECT CAST(incidentid AS text), (SELECT sum(prioritycode) FROM public.incident) "
            "FROM public.incident ORDER BY incidentid DESC LIMIT 1"
        ).fetchone()
    assert [newest_there] == rows(tmp_path / "crm.db", newest)


@pytest.mark.mariadb
def test_the_same_job_on_mariadb_tells_the_same(mariadb_url: str, tmp_path: Path) -> None:
    told = []
    for folder, more in ((tmp_path / "a", []), (tmp_path / "b", ["--database", mariadb_url])):
        done = demo(folder, "--json", *more)
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))

    counts = ("deleted", "failed", "cascaded", "unlinked")
    assert {one: told[0][one] for one in counts} == {one: told[1][one] for one in counts}
    with MariaDB().engine(read_address(mariadb_url)).begin() as connection:
        connection.execute(sa.text("ALTER TABLE account COMMENT = 'mine'"))
    with pytest.raises(InvalidJobError, match="the demo did not make"):
        make_crm(mariadb_url)


def test_a_database_that_is_not_its_own_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as connection:
        connection.execute("CREATE TABLE account (id)")
        connection.commit()

    done = demo(tmp_path)

    assert done.returncode == 2
    assert "was not made by the demo" in done.stderr
    assert rows(tmp_path / "crm.db", "SELECT name FROM sqlite_schema") == [("account",)]


def test_a_state_that_is_not_its_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "events.db").touch()

    assert demo(tmp_path).returncode == 2
    assert (tmp_path / "state" / "events.db").exists()


@pytest.mark.postgresql
def test_a_postgresql_table_that_is_not_its_own_is_left_alone(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("CREATE TABLE public.account (id integer)")

    with pytest.raises(InvalidJobError, match="the demo did not make"):
        make_crm(postgresql_url)
