"""`bulkdelete apply --kafka`: a folder of job files as the schedules of a service on a real Kafka."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bulkdelete.service.cli.main import create
from tests.servers.kafka import Kafka
from tests.service.running import running, settings_for, sqlite_store

pytestmark = pytest.mark.kafka
JOB: dict[str, Any] = {
    "name": "Old logs", "database": "crm", "queries": [{"EntityName": "incident", "all_records": True}],
    "start_at": "2099-01-05T02:00:00", "time_zone": "Europe/Oslo", "recurrence": "FREQ=DAILY",
}  # fmt: skip


def test_the_schedules_of_a_service_become_the_folder(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(kafka.address, sqlite_store(tmp_path))
    monkeypatch.setenv("BULKDELETE_KAFKA__PREFIX", settings.kafka.prefix)
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "logs.json").write_text(json.dumps(JOB))

    def say(*words: str) -> tuple[int, Any]:
        found = CliRunner().invoke(create(), [*words, "--kafka", kafka.address, "--json"])
        return found.exit_code, json.loads(found.stdout)

    def apply(*words: str) -> tuple[int, dict[str, str]]:
        code, answer = say("apply", str(jobs), "--yes", *words)
        return code, {one["name"]: one.get("refused", one["action"]) for one in answer["changes"]}

    with running(settings):
        assert apply("--dry-run") == (0, {"Old logs": "create"})
        assert say("schedules") == (0, [])
        assert apply() == (0, {"Old logs": "create"})
        assert apply() == (0, {"Old logs": "unchanged"})
        (jobs / "logs.json").write_text(json.dumps({**JOB, "recurrence": "FREQ=WEEKLY"}))
        (jobs / "mail.json").write_text(json.dumps({**JOB, "name": "Old mail", "database": "hr"}))
        code, found = apply()
        assert (code, found["Old logs"]) == (2, "change")
        assert "'hr' is no configured database" in found["Old mail"]
        (jobs / "logs.json").unlink()
        (jobs / "mail.json").unlink()
        assert apply() == (0, {"Old logs": "left"})
        assert apply("--prune") == (0, {"Old logs": "delete"})
        assert say("schedules") == (0, [])
