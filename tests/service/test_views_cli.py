"""What can be asked on the command line: stable JSON, rows as they come, errors in one line."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.faults.processes import ran
from tests.projections.story import Story, event_store, gone, whole

COMMAND = Path(sys.executable).with_name("bulkdelete")


def ask(state: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {"BULKDELETE_STATE": str(state), "COLUMNS": "200"}
    return ran(*arguments, environment={**os.environ, **own, **environment})


def answer(state: Path, *arguments: str) -> Any:
    done = ask(state, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with two operations; nobody has asked for the views yet."""
    folder = tmp_path_factory.mktemp("state")
    with event_store(folder) as application:
        Story(application, name="Waiting [bold]")
        whole(application)
    return folder


def test_status_has_every_field(state: Path) -> None:
    status = answer(state, "status")

    assert status["status"] == "succeeded"
    assert (status["deleted"], status["failed"]) == (6, 2)
    assert status["cascaded"] == {"activity": 2}
    assert status["unlinked"] == {"email": 4}
    assert status["queries"][1] == {
        "entity": "contact", "strategy": "rowids", "matched": 5, "estimated": 20, "deleted": 4, "failed": 0,
        "vanished": 1,
    }  # fmt: skip
    assert status["duration_seconds"] > 0
    assert status["ended_at"].endswith("Z")
    assert (status["requested_by"], status["database"], status["waiting_for"]) == ("ops@example.com", "crm", None)
    assert answer(state, "status", status["operation_id"][:13]) == status


def test_list_is_one_array_the_last_first(state: Path) -> None:
    listed = answer(state, "list")

    assert [one["name"] for one in listed] == ["Closed cases", "Waiting [bold]"]
    assert listed[0] == answer(state, "status")


def test_failures_and_deleted_have_exactly_their_fields(state: Path) -> None:
    assert answer(state, "failures")[0].keys() == {
        "entity", "record_id", "query_index", "error_number", "error_description", "constraint", "blocking_entity",
        "blocking_count", "blocking_sample",
    }  # fmt: skip
    deleted = answer(state, "deleted")
    assert len(deleted) == 8
    assert deleted[0].keys() == {"entity", "record_id", "query_index", "cascaded", "deleted_at"}
    assert {one["deleted_at"] for one in deleted} == {"2026-11-23T19:40:02.113000Z"}


def test_who_deleted_a_record(state: Path) -> None:
    (found,) = answer(state, "deleted", "--record", "activity", "7")

    assert found["requested_by"] == "ops@example.com"
    assert found["cascaded"] is True
    assert found["query"]["EntityName"] == "incident"
    nobody = ask(state, "deleted", "--record", "activity", "70", "--json")
    assert (nobody.returncode, nobody.stdout) == (1, "[]\n")
    assert nobody.stderr == "No operation deleted activity 70.\n"


def test_history_tells_type_version_and_timestamp(state: Path) -> None:
    steps = answer(state, "history")

    assert [step["version"] for step in steps] == list(range(1, len(steps) + 1))
    assert steps[0]["type"] == "Submitted"
    assert steps[0]["job"]["name"] == "Closed cases"
    assert {"type", "version", "timestamp", "cut_off"} <= steps[1].keys()


def test_rows_as_csv(state: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ask(state, "deleted", "--csv").stdout)))
    assert len(rows) == 8
    assert rows[0].keys() == {"entity", "record_id", "query_index", "cascaded", "deleted_at"}
    listed = list(csv.DictReader(io.StringIO(ask(state, "list", "--csv").stdout)))
    assert json.loads(listed[0]["cascaded"]) == {"activity": 2}


def test_sql_reads_and_nothing_else(state: Path) -> None:
    assert answer(state, "sql", "select count(*) as n from bulkdeletefailure") == [{"n": 2}]
    assert {"name": "operations"} in answer(state, "sql", "show tables")
    for query in ("delete from operations", "select 1; drop table queries", "copy operations to '/tmp/x.csv'", "slect"):
        refused = ask(state, "sql", query)
        assert refused.returncode == 2, query
        assert refused.stderr.startswith("error: ")
        assert "Traceback" not in refused.stderr
    (moment,) = answer(state, "sql", "select TIMESTAMPTZ '2026-01-02 03:04:05+00' as t")
    assert moment["t"].startswith("2026-01-02T03:04:05")
    missing = ask(state, "sql", "select * from nothing")
    assert missing.returncode == 2
    assert "Traceback" not in missing.stderr


def test_people_get_words_and_columns(state: Path) -> None:
    listed = ask(state, "list").stdout.splitlines()
    assert listed[0].split() == ["ID", "Name", "Status", "Deleted", "Failed", "Rate", "Left", "Waiting", "for"]
    assert "Waiting [bold]" in listed[2]
    assert "6 deleted" not in ask(state, "status").stdout  # per query: 2 and 4
    assert "4 email" in ask(state, "status").stdout
    assert "BatchDeleted      query 2, batch 0/0: 2 records in 61 ms, 1 vanished" in ask(state, "history").stdout
    assert "still open" in ask(state, "failures").stdout
    assert "\x1b[" not in ask(state, "status", NO_COLOR="1").stdout


def test_verify_and_rebuild(state: Path) -> None:
    assert answer(state, "verify")["equal"] is True
    with duckdb.connect(str(state / "views.duckdb")) as plain:
        plain.execute("UPDATE operations SET deleted = 7")
    tampered = ask(state, "verify", "--json")
    assert tampered.returncode == 1
    assert json.loads(tampered.stdout)["differences"][0]["table"] == "operations"
    assert "Not equal" in ask(state, "verify").stdout
    assert answer(state, "rebuild")["events"] > 20
    assert answer(state, "verify", answer(state, "status")["operation_id"])["equal"] is True


def test_errors_are_one_line(state: Path, tmp_path: Path) -> None:
    unknown = ask(state, "status", "zz")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "error: id: no operation 'zz'\n"
    empty = ask(tmp_path / "nothing", "failures", "--json")
    assert empty.returncode == 2
    assert "nothing was submitted yet" in empty.stderr
    assert answer_of_nothing(tmp_path) == []
    assert not (tmp_path / "nothing").exists()


def answer_of_nothing(tmp_path: Path) -> Any:
    done = ask(tmp_path / "nothing", "list", "--json")
    assert done.returncode == 0
    return json.loads(done.stdout)


def test_whoever_stops_reading_hears_nothing(tmp_path: Path) -> None:
    with event_store(tmp_path) as application:
        Story(application).started().planned(1).batch(0, deleted=[gone(*range(50_000))])
    command = f"'{COMMAND}' deleted --json --state '{tmp_path}' | head -3"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)

    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 3


def test_settings_name_the_store_and_the_views(state: Path, tmp_path: Path) -> None:
    views = tmp_path / "elsewhere" / "my views.duckdb"
    views.parent.mkdir()
    done = ask(
        tmp_path, "status", "--json",
        BULKDELETE_EVENT_STORE=f"sqlite:///{state / 'events.db'}", BULKDELETE_VIEWS=str(views),
    )  # fmt: skip

    assert json.loads(done.stdout)["status"] == "succeeded", done.stderr
    with duckdb.connect(str(views), read_only=True) as plain:
        assert plain.execute("SELECT count(*) FROM bulkdeleteoperation").fetchall() == [(2,)]
