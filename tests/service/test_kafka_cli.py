"""`bulkdelete submit | config | serve` as people type them."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bulkdelete.service.cli.main import main
from tests.servers.kafka import Kafka
from tests.servers.ports import free_port
from tests.service.running import Running, running, settings_for, sqlite_store

JOB = """
name: Closed cases
queries:
  - EntityName: incident
    Criteria:
      FilterOperator: And
      Conditions:
        - {AttributeName: statecode, Operator: Equal, Values: [1]}
"""


@pytest.fixture(scope="module")
def service(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(settings_for(kafka.address, sqlite_store(tmp_path_factory.mktemp("cli")))) as one:
        yield one


@dataclass
class Ended:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ended]


@pytest.fixture
def bulkdelete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command with nothing set but what is given."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments: object, **environment: str) -> Ended:
        with monkeypatch.context() as patch:
            for name in [one for one in os.environ if one.startswith("BULKDELETE_")]:
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["bulkdelete", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
        found = capsys.readouterr()
        return Ended(int(ended.value.code or 0), found.out, found.err)

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    (tmp_path / "job.yaml").write_text(JOB)
    return tmp_path / "job.yaml"


@pytest.fixture
def config(service: Running, tmp_path: Path) -> Path:
    (tmp_path / "settings.toml").write_text(f'[kafka]\nprefix = "{service.settings.kafka.prefix}"\n')
    return tmp_path / "settings.toml"


@pytest.mark.kafka
def test_submit_and_wait(bulkdelete: Run, service: Running, job: Path, config: Path) -> None:
    operation_id = uuid4()
    address = service.settings.kafka.servers
    words = [
        "--database",
        "crm",
        "--operation-id",
        operation_id,
        "--requested-by",
        "ops@example.com",
        "--wait",
        "--json",
    ]

    found = bulkdelete("submit", job, "--kafka", address, "--config", config, *words)

    assert found.returncode == 0, found.stderr
    result: dict[str, Any] = json.loads(found.stdout)
    assert {name: result[name] for name in ("operation_id", "status", "deleted", "failed", "requested_by")} == {
        "operation_id": str(operation_id), "status": "succeeded", "deleted": 30, "failed": 0,
        "requested_by": "ops@example.com",
    }  # fmt: skip
    assert "30 deleted · 0 failed" in found.stderr


@pytest.mark.kafka
def test_submit_what_can_never_work(bulkdelete: Run, service: Running, job: Path, config: Path) -> None:
    address = service.settings.kafka.servers

    without = bulkdelete("submit", job, "--kafka", address, "--config", config)
    unknown = bulkdelete("submit", job, "--kafka", address, "--config", config, "--database", "hr", "--wait")

    assert (without.returncode, without.stdout) == (2, "")
    assert without.stderr == "error: job.database: the job names no database, and none is given\n"
    assert unknown.returncode == 2
    assert "error: job.database: 'hr' is no configured database; configured: crm" in unknown.stderr


@pytest.mark.kafka
def test_the_topic_alone_answers_on_an_empty_disk(
    bulkdelete: Run, service: Running, job: Path, config: Path, tmp_path: Path
) -> None:
    """The event store is not there: the views are made from Kafka, and everything can be asked of them."""
    address, operation_id = service.settings.kafka.servers, str(uuid4())
    words = ["--kafka", address, "--config", config, "--database", "crm", "--operation-id", operation_id, "--wait"]
    assert bulkdelete("submit", job, *words).returncode == 0
    where = {"BULKDELETE_STATE": str(tmp_path / "empty"), "BULKDELETE_KAFKA__PREFIX": service.settings.kafka.prefix}

    nothing = bulkdelete("list", **where)
    made = bulkdelete("rebuild", "--kafka", address, **where)
    listed = bulkdelete("list", "--json", **where)
    deleted = bulkdelete("deleted", operation_id, "--json", **where)
    history = bulkdelete("history", operation_id, "--kafka", address, "--json", **where)
    verified = bulkdelete("verify", "--kafka", address, "--json", **where)
    without = bulkdelete("history", operation_id, **where)
    pause = bulkdelete("pause", operation_id, **where)

    assert "nothing was submitted yet" in nothing.stderr
    assert made.returncode == 0, made.stderr
    assert operation_id in {one["operation_id"] for one in json.loads(listed.stdout)}
    assert len(json.loads(deleted.stdout)) == 30
    steps = [one["type"] for one in json.loads(history.stdout)]
    assert (steps[0], steps[-1]) == ("Submitted", "Completed")
    assert json.loads(verified.stdout)["equal"] is True
    assert (without.returncode, pause.returncode) == (2, 2)
    assert "--kafka" in without.stderr
    assert "--kafka" in pause.stderr


def test_a_kafka_that_is_away_is_told(bulkdelete: Run, job: Path) -> None:
    found = bulkdelete("submit", job, "--kafka", f"127.0.0.1:{free_port()}", "--database", "crm")

    assert found.returncode == 2
    assert "cannot be reached" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["serve"], "kafka.servers: say where Kafka is: --kafka HOST:PORT"),
        (["serve", "--kafka", "localhost"], "kafka.servers: HOST:PORT is accepted"),
        (["serve", "--kafka", "a:1", "--role", "deleter"], "'deleter' is no role; accepted: all, operations, planning"),
        (["serve", "--kafka", "a:1", "--config", "/none.toml"], "--config: cannot be read"),
        (["submit", "/none.yaml", "--kafka", "a:1"], "/none.yaml: cannot be read"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(bulkdelete: Run, arguments: list[str], text: str) -> None:
    found = bulkdelete(*arguments)

    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("error: ")
    assert text in found.stderr
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.kafka
def test_config_check_finds_everything(bulkdelete: Run, service: Running, config: Path, tmp_path: Path) -> None:
    words = ["config", "check", "--config", config, "--kafka", service.settings.kafka.servers, "--json"]
    where = {"BULKDELETE_STATE": str(tmp_path)}

    fine = bulkdelete(*words, **where)
    wrong = bulkdelete(
        *words, **where, BULKDELETE_EVENT_STORE=f"postgresql://u:hunter2@127.0.0.1:{free_port()}/x",
        BULKDELETE_DATABASES__CRM="sqlite:////none/crm.db", BULKDELETE_VEIWS="x",
    )  # fmt: skip

    assert fine.returncode == 0, fine.stderr
    assert [(one["setting"], one["is_fine"]) for one in json.loads(fine.stdout)] == [
        ("kafka.servers", True), ("event_store", True), ("views", True)
    ]  # fmt: skip
    assert wrong.returncode == 2
    assert [(one["setting"], one["is_fine"]) for one in json.loads(wrong.stdout)] == [
        ("kafka.servers", True), ("event_store", False), ("views", True), ("databases.crm", False),
        ("BULKDELETE_VEIWS", False),
    ]  # fmt: skip
    assert "did you mean BULKDELETE_VIEWS?" in wrong.stderr
    assert "hunter2" not in wrong.stdout + wrong.stderr


def test_config_check_tells_every_setting_that_is_wrong(bulkdelete: Run) -> None:
    found = bulkdelete("config", "check", BULKDELETE_LOG_LEVEL="loud", BULKDELETE_KAFKA__PARTITIONS="0")

    assert found.returncode == 2
    assert [line.split()[:2] for line in found.stderr.splitlines()] == [
        ["wrong", "kafka.partitions"],
        ["wrong", "log_level"],
    ]


def test_config_show_hides_passwords(bulkdelete: Run, tmp_path: Path) -> None:
    found = bulkdelete(
        "config", "show", BULKDELETE_STATE=str(tmp_path), BULKDELETE_DATABASES__CRM="postgresql://u:hunter2@h/crm"
    )

    assert json.loads(found.stdout)["databases"] == {"crm": "postgresql://u:***@h/crm"}
