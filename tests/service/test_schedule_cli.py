"""`bulkdelete schedules | schedule | apply` as people type them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bulkdelete.domain.errors import BulkDeleteError, InvalidJobError, ScheduleNotFoundError
from bulkdelete.service.cli.main import create

LOGS = """
name: Old logs
database: shop
queries: [{EntityName: log, all_records: true}]
start_at: 2099-01-05T02:00:00
time_zone: Europe/Oslo
recurrence: FREQ=WEEKLY;BYDAY=MO,TH;
window: {from: "22:00", to: "05:00"}
"""
Say = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one job file; its database is away, which is no reason to refuse a schedule."""
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "logs.yaml").write_text(LOGS, encoding="utf-8")
    monkeypatch.setenv("BULKDELETE_DATABASES__SHOP", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def say(folder: Path) -> Say:
    """Call a command on the state folder; with `--json` what it answers."""

    def call(*arguments: str) -> Any:
        found: Result = CliRunner().invoke(create(), [*arguments, "--state", str(folder / "state")])
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return json.loads(found.stdout) if "--json" in arguments else found.output

    return call


def actions(answer: Any) -> dict[str, str]:
    return {one["name"]: one["action"] for one in answer["changes"]}


def test_apply_makes_the_schedules_equal_to_the_folder(folder: Path, say: Say) -> None:
    jobs = str(folder / "jobs")

    with pytest.raises(InvalidJobError, match="say --yes"):
        say("apply", jobs)
    assert say("schedules", "--json") == []
    told = say("apply", jobs, "--dry-run")
    assert "+ Old logs" in told
    assert "1 to create" in told
    assert "Done." not in told
    assert actions(say("apply", jobs, "--yes", "--json")) == {"Old logs": "create"}
    again = say("apply", jobs, "--yes", "--json")
    assert (again["applied"], actions(again)) == (False, {"Old logs": "unchanged"})

    (folder / "jobs" / "logs.yaml").write_text(LOGS.replace("MO,TH", "FR"), encoding="utf-8")
    (folder / "jobs" / "mail.json").write_text(json.dumps({
        "name": "Old mail", "database": "shop", "queries": [{"EntityName": "mail", "all_records": True}],
        "recurrence": "FREQ=DAILY;INTERVAL=30;",
    }), encoding="utf-8")  # fmt: skip
    changed = say("apply", jobs, "--yes", "--json")
    assert actions(changed) == {"Old logs": "change", "Old mail": "create"}
    assert changed["changes"][0]["differences"] == ["recurrence FREQ=WEEKLY;BYDAY=MO,TH → FREQ=WEEKLY;BYDAY=FR"]

    (folder / "jobs" / "logs.yaml").unlink()
    assert actions(say("apply", jobs, "--yes", "--json")) == {"Old mail": "unchanged", "Old logs": "left"}
    assert actions(say("apply", jobs, "--yes", "--prune", "--json")) == {"Old mail": "unchanged", "Old logs": "delete"}
    assert [one["name"] for one in say("schedules", "--json")] == ["Old mail"]
    (folder / "jobs" / "logs.yaml").write_text(LOGS, encoding="utf-8")
    assert actions(say("apply", jobs, "--yes", "--json")) == {"Old mail": "unchanged", "Old logs": "create"}
    assert len(say("schedules", "--json")) == 2, "a name may come back, under another id"


@pytest.mark.parametrize(("name", "text", "reason"), [
    ("b.yaml", LOGS, 'logs.yaml: name: "Old logs" is also that of'),
    ("b.yaml", LOGS.replace("Old logs", "x").replace("TH;", "XX"), "b.yaml: recurrence: BYDAY=XX"),
    ("b.yaml", LOGS.replace("Old logs", "x").replace("time_zone: Europe/Oslo", ""), "b.yaml: start_at: "),
    ("b.yml", "name: x\nqueries: [{EntityName: log, all_records: true}]", "a schedule has a recurrence"),
    ("b.json", "{", "b.json: "),
    ("b.yaml", LOGS.replace("Old logs", "x").replace("database: shop", "database: other"), "no configured database"),
])  # fmt: skip
def test_what_is_wrong_in_a_file_is_named_and_nothing_is_changed(
    folder: Path, say: Say, name: str, text: str, reason: str
) -> None:
    (folder / "jobs" / name).write_text(text, encoding="utf-8")

    with pytest.raises(BulkDeleteError) as refused:
        say("apply", str(folder / "jobs"), "--yes")

    assert reason in str(refused.value)
    assert say("schedules", "--json") == []


def test_a_schedule_has_a_life_on_the_command_line(folder: Path, say: Say) -> None:
    file = str(folder / "jobs" / "logs.yaml")
    made = say("schedule", "create", file, "--json")

    assert made["next_run"] == "2099-01-05T01:00:00Z"
    assert made["in_words"] == "every week on Monday and Thursday at 02:00, Europe/Oslo"
    assert len(made["next_runs"]) == 5
    shown = say("schedule", "show", "old")
    assert shown.count("Europe/Oslo") >= 6
    assert "Mon 2099-01-05 02:00 Europe/Oslo" in shown
    assert "only 22:00–05:00" in shown
    assert "would run" in say("schedule", "disable", made["schedule_id"][:6])
    (row,) = say("schedules", "--json")
    assert (row["enabled"], row["next_run"], row["recurrence"]) == (False, None, "FREQ=WEEKLY;BYDAY=MO,TH")
    assert "disabled" in say("schedules")
    assert say("schedule", "enable", "Old logs", "--json")["next_run"] == "2099-01-05T01:00:00Z"
    (folder / "jobs" / "logs.yaml").write_text(
        LOGS.replace("FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY"), encoding="utf-8"
    )
    assert say("schedule", "edit", "Old logs", file, "--json")["revision"] == 2
    assert len(say("schedule", "run-now", "Old logs", "--json")["waiting"]) == 1
    assert "every month on the 5th at 02:00" in say("schedules")
    history = [one["type"] for one in say("schedule", "delete", "Old logs", "--json")["history"]]
    assert history == ["Created", "Disabled", "Enabled", "Edited", "RunRequested", "Deleted"]
    assert "no schedule" in say("schedules")
    with pytest.raises(ScheduleNotFoundError, match="no schedule is named"):
        say("schedule", "show", "Old logs")
    assert say("schedule", "show", made["schedule_id"], "--json")["deleted"]


def test_another_job_keeps_the_database_and_is_told_in_plain_figures(folder: Path, say: Say) -> None:
    text = LOGS.replace("database: shop", "rate: 5000")
    file = folder / "jobs" / "logs.yaml"
    file.write_text(text, encoding="utf-8")
    with closing(sqlite3.connect(folder / "logs.db")) as connection, connection:
        connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY)")
    address = f"sqlite:///{folder / 'logs.db'}"
    say("schedule", "create", str(file), "--database", address)

    file.write_text(text.replace("rate: 5000", "rate: 4000"), encoding="utf-8")
    told = say("apply", str(folder / "jobs"), "--database", address, "--yes")
    assert "rate 5000 → 4000" in told
    assert told.rstrip().endswith("1 to change\nDone.")
    say("schedule", "edit", "Old logs", str(file))
    assert say("schedules", "--json")[0]["database"] == address


def test_a_file_is_found_from_anywhere(folder: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    file = folder / "jobs" / "logs.yaml"
    file.write_text(LOGS.replace("database: shop\n", ""), encoding="utf-8")
    with closing(sqlite3.connect("shop.db")) as connection:
        connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY)")

    made = say("schedule", "create", str(file), "--database", "sqlite:///shop.db", "--json")

    assert made["database"] == f"sqlite:///{folder / 'shop.db'}"


def test_the_views_say_the_same_when_they_are_made_anew(folder: Path, say: Say) -> None:
    say("apply", str(folder / "jobs"), "--yes")
    say("schedule", "disable", "Old logs")

    assert say("verify", "--json")["equal"]
    assert say("verify", "--json")["rows"]["schedules"] == 1
    before = say("schedules", "--json")
    say("rebuild")
    assert say("schedules", "--json") == before
