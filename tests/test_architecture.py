"""The house: who may import whom, how large a file may be, which names are durable."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from bulkdelete.consumers.routes import ROUTES
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.batch import Batch
from bulkdelete.domain.brake import Brake
from bulkdelete.domain.lanes import Lanes
from bulkdelete.domain.notification import Notification
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.producers.events import NOT_DATA, event_classes
from bulkdelete.producers.topics import Topics

ROOT = Path(__file__).parent.parent
PACKAGE = "bulkdelete"

INNER = {"domain", "records", "projections", "producers", "consumers"}
MAY_IMPORT = {
    "domain": {"domain"},
    "records": {"domain", "records"},
    "projections": {"domain", "projections"},
    "producers": {"domain", "producers"},
    "consumers": INNER,
    "service": {*INNER, "service"},
    "public": {*INNER, "service"},
}
"""`public → service → consumers → {producers, projections, records} → domain`."""

LIBRARIES = {
    "domain": {"dateutil", "email_validator", "eventsourcing", "lxml", "pydantic", "pydantic_core", "sqlglot"},
    "records": {"psycopg", "pymysql", "sqlalchemy", "tenacity"},
    "projections": {"duckdb", "eventsourcing", "filelock"},
    "producers": {
        "aiokafka",
        "aiosmtplib",
        "anyio",
        "apprise",
        "eventsourcing",
        "faststream",
        "httpx",
        "psycopg",
        "pydantic",
    },
    "consumers": {"duckdb", "jinja2"},
    "public": set[str](),
}
"""What else a folder may import, besides the standard library; `service` may import anything."""

LARGEST = 250
LARGER: dict[str, str] = {}
"""Files that may be longer, and why."""
STREAMS = (Operation, Batch, Brake, Lanes, Schedule, Notification)
MEANINGLESS = {"base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}

EVENTS = {
    "batch.failure_cleared": "operation_id query_index entity records",
    "batch.part_recorded": "operation_id vanished unlinked",
    "batch.record_failed": "operation_id query_index entity error_number error_description constraint blocking_entity"
    " retryable records blocking_counts blocking_samples",
    "batch.recorded": "operation_id epoch query_index unit batch parts deleted_at",
    "batch.records_deleted": "operation_id query_index entity cascaded records deleted_at",
    "brake.command_refused": "command_id command requested_by reason",
    "brake.halted": "command_id requested_by reason",
    "brake.installed": "",
    "brake.released": "command_id requested_by",
    "lanes.opened": "database",
    "lanes.taken": "taken_by epoch freed",
    "notification.asked_again": "operation_id channel recipients requested_by",
    "notification.attempt_begun": "operation_id channel attempt",
    "notification.attempt_failed": "operation_id channel recipients attempt reason",
    "notification.delivered": "operation_id channel recipients",
    "notification.requested": "operation_id outcome message_id recipients",
    "notification.settled": "operation_id delivered undeliverable",
    "notification.undeliverable": "operation_id channel recipients reason",
    "operation.batch_deleted": "epoch query_index unit batch deleted failed retryable cleared vanished cascaded"
    " unlinked duration position finished",
    "operation.cancel_requested": "command_id requested_by",
    "operation.canceled": "",
    "operation.command_refused": "command_id command requested_by reason",
    "operation.completed": "deleted failed remaining",
    "operation.due": "epoch",
    "operation.failed": "reason field",
    "operation.failing": "reason field",
    "operation.failures_retried": "command_id requested_by retry_id causes",
    "operation.halted": "",
    "operation.halting": "requested_by reason",
    "operation.held": "cause reason",
    "operation.pause_requested": "command_id requested_by",
    "operation.paused": "",
    "operation.planned": "query_index number retry walk first_unit units estimated bounded",
    "operation.postpone_requested": "command_id requested_by until time_zone",
    "operation.postponed": "until time_zone",
    "operation.released": "epoch",
    "operation.resumed": "command_id requested_by epoch",
    "operation.retrying": "reason",
    "operation.started": "epoch cut_off order entities",
    "operation.submitted": "command_id requested_by database job digest",
    "operation.throttled": "command_id requested_by rate",
    "schedule.command_refused": "command_id command requested_by reason",
    "schedule.created": "command_id requested_by database job starts next_run",
    "schedule.deleted": "command_id requested_by",
    "schedule.disabled": "command_id requested_by",
    "schedule.edited": "command_id requested_by database job starts next_run revision",
    "schedule.enabled": "command_id requested_by next_run",
    "schedule.occurred": "occurrence operation_id next_run",
    "schedule.occurrence_queued": "occurrence operation_id next_run",
    "schedule.occurrence_refused": "occurrence operation_id reason next_run",
    "schedule.occurrences_skipped": "reason first last count next_run",
    "schedule.run_requested": "command_id requested_by occurrence operation_id",
}
"""Every event that was ever stored or published, with its fields; a change needs a `class_version` and an upcast."""


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names)
            case ast.ImportFrom(module=name, level=0) if name:
                yield from (f"{name}.{one.name}" for one in node.names)
            case ast.ImportFrom():
                raise AssertionError(f"{module}: imports are absolute")


def outside(folder: str, name: str) -> bool:
    top, *rest = name.split(".")
    if top == PACKAGE:
        return not rest or rest[0] not in MAY_IMPORT[folder]
    if folder not in LIBRARIES:
        return top in {"tests", "benchmarks"}
    return top not in LIBRARIES[folder] and top not in sys.stdlib_module_names


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_point_inwards(folder: str) -> None:
    assert [f"{module.relative_to(ROOT)}: {name}" for module in modules(folder)
            for name in imported(module) if outside(folder, name)] == []  # fmt: skip


def test_files_are_short() -> None:
    long = {
        str(module.relative_to(ROOT)): lines
        for module in modules(*MAY_IMPORT, "tests", "benchmarks")
        if (lines := len(module.read_text(encoding="utf-8").splitlines())) > LARGEST
    }
    assert {name: lines for name, lines in long.items() if name not in LARGER} == {}
    assert [name for name in LARGER if name not in long] == [], "no longer exceptions: take them off the list"


def test_names_say_something() -> None:
    found = modules(*MAY_IMPORT, "tests", "benchmarks")
    assert [str(one) for one in found if MEANINGLESS & set(one.stem.split("_"))] == []


def test_packages_are_empty() -> None:
    packages = [one for one in modules(*MAY_IMPORT, "tests", "benchmarks") if one.name == "__init__.py"]
    assert [str(one.relative_to(ROOT)) for one in packages if one.stat().st_size] == ["public/__init__.py"]


def test_every_folder_with_code_is_in_the_package() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert set(settings["package-dir"].values()) == set(MAY_IMPORT)
    folders = {module.parent.relative_to(ROOT) for module in modules(*MAY_IMPORT)}
    names = {".".join((PACKAGE, *folder.parts)).removesuffix(".public") for folder in folders}
    assert set(settings["packages"]) == names
    assert [one for one in MAY_IMPORT if not (ROOT / one / "py.typed").exists()] == []


def test_stored_names_are_contracts() -> None:
    found = event_classes()
    own = {topic: [one.name for one in fields(kind) if one.name not in NOT_DATA] for topic, kind in found.items()}
    assert {topic: " ".join(names) for topic, names in own.items()} == EVENTS
    kinds = [one for stream in STREAMS for one in vars(stream).values() if isinstance(one, type)]
    topics = Counter(str(one.TOPIC) for one in kinds if hasattr(one, "TOPIC"))
    assert topics == Counter({*EVENTS, "operation.snapshot", "schedule.snapshot"}), "each topic belongs to one event"
    assert [one.TOPIC for one in STREAMS] == ["operation", "batch", "brake", "lanes", "schedule", "notification"]


def test_durable_names_stay() -> None:
    assert BulkDeletes.name == "bulkdelete"
    assert [(one.topic, one.group) for one in ROUTES] == [
        ("commands", "operations.commands"), ("outcomes", "operations.outcomes"),
        ("events", "planning.events"), ("ticks", "operations.ticks"), ("work", "deletion.work"),
        ("events", "notification.events"),
    ]  # fmt: skip
    assert {plan.name for plan in Topics().plans()} == {
        f"bulkdelete.{name}" for name in ("commands", "work", "outcomes", "events", "ticks", "rejected")
    }
