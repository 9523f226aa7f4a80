"""What a question loads: no more than it needs, so that it is answered at once.

Time is not measured here: it is the modules that take it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from bulkdelete.consumers.schedules import utc_now
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.scheduling.commands import CreateSchedule
from bulkdelete.domain.scheduling.schedules import Schedules
from bulkdelete.service.cli.commands import COMMANDS, loaded
from tests.projections.story import event_store, whole

MODULES = r"""
import json, sys
from bulkdelete.service.cli.main import main
sys.argv = ["bulkdelete", *sys.argv[1:]]
try:
    main()
finally:
    print("\n" + json.dumps(sorted(sys.modules)))
"""
SLOW = {
    "aiokafka", "aiosmtplib", "apprise", "eventsourcing", "faststream", "filelock", "httpx", "jinja2", "lxml",
    "psycopg", "pydantic_settings", "pymysql", "sqlalchemy", "sqlglot", "tenacity",
}  # fmt: skip
"""Libraries that questions do without."""
STYLE = {"rich"}
READING = (
    ("list",), ("list", "--json"), ("list", "--csv"), ("schedules",), ("schedules", "--json"), ("status", "--json"),
    ("notifications", "--json"), ("sql", "select 1"), ("deleted", "--csv"), ("failures", "--json"),
)  # fmt: skip
TELLING = (("status",), ("failures",), ("--help",), ("list", "--help"))
STEERING = (("pause", "--help"), ("halt", "--reason", "a test"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with views that are up to date."""
    folder = tmp_path_factory.mktemp("state")
    with event_store(folder) as application:
        whole(application)
        job = Job(name="Nightly", queries=[Query("incident").all_records()], recurrence="FREQ=DAILY", database="crm")
        command = CreateSchedule(command_id=uuid4(), schedule_id=uuid4(), requested_by="ops@example.com", job=job)
        Schedules(application).carry_out(command, utc_now(), "crm")
    modules(folder, "list")
    return folder


def modules(state: Path, *arguments: str) -> set[str]:
    """What a command has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", MODULES, *arguments], capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "BULKDELETE_STATE": str(state)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return {*found, *(one.partition(".")[0] for one in found)}


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_question_whose_views_are_up_to_date_opens_no_event_store(state: Path, arguments: tuple[str, ...]) -> None:
    found = modules(state, *arguments)

    assert sorted(found & (SLOW | STYLE)) == []
    assert not [one for one in found if one.startswith(("bulkdelete.consumers", "bulkdelete.records"))]
    assert "bulkdelete.domain.application" not in found


@pytest.mark.parametrize("arguments", TELLING, ids=" ".join)
def test_what_is_told_in_style_loads_the_style_besides(state: Path, arguments: tuple[str, ...]) -> None:
    assert sorted(modules(state, *arguments) & SLOW) == []


@pytest.mark.parametrize("arguments", STEERING, ids=" ".join)
def test_who_steers_loads_neither_views_nor_settings_nor_databases(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    found = modules(tmp_path, *arguments)

    assert sorted(found & SLOW - {"eventsourcing", "filelock", "tenacity"}) == []
    assert "duckdb" not in found


def test_the_version_is_told_without_anything(state: Path) -> None:
    assert not modules(state, "--version") & {*SLOW, *STYLE, "duckdb", "pydantic"}


def test_every_command_is_in_its_family_and_in_the_list() -> None:
    families = {entry.family for entry in COMMANDS.values()}
    found = {name: family for family in families for name in loaded(family)}

    assert found == {name: entry.family for name, entry in COMMANDS.items()}
    assert all(len(entry.summary) <= 60 for entry in COMMANDS.values()), "wider than a terminal of 80 columns"


def test_each_command_explains_itself_with_an_example() -> None:
    commands = [one for family in {entry.family for entry in COMMANDS.values()} for one in loaded(family).values()]
    single = [each for one in commands for each in getattr(one, "commands", {"": one}).values()]

    assert [one.name for one in single if "Example:" not in (one.help or "")] == []
    assert len(single) > len(COMMANDS)
