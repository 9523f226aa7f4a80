"""A folder of job files as the schedules that there should be: what would have to change, and changing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from bulkdelete.consumers.schedules import utc_now
from bulkdelete.domain.errors import InvalidJobError, RefusedError
from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling.commands import DeleteSchedule
from bulkdelete.domain.scheduling.directory import Entry
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.scheduling.schedules import check
from bulkdelete.service.jobfile import read_job

SUFFIXES = {".yaml", ".yml", ".json"}
MOST_FILES = 10_000


class Action(StrEnum):
    """What is to be done with a schedule."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    LEFT = "left"
    """It is in no file, and stays: pruning was not asked for."""


@dataclass(frozen=True)
class Change:
    """One schedule of a plan."""

    action: Action
    name: str
    schedule_id: UUID
    file: str | None = None
    job: Job | None = None
    differences: tuple[str, ...] = ()
    """The words of the job that differ, with both values where they are short."""

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        return {
            "action": self.action.value, "name": self.name, "schedule_id": str(self.schedule_id), "file": self.file,
            "differences": list(self.differences),
        }  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """Everything that has to change, in order of files."""

    changes: tuple[Change, ...] = field(default_factory=tuple)

    @property
    def to_do(self) -> list[Change]:
        """What changes something."""
        return [one for one in self.changes if one.action not in {Action.UNCHANGED, Action.LEFT}]


def read_folder(folder: Path) -> dict[str, tuple[Path, Job]]:
    """Name → job file, of a folder and the folders in it. Raises InvalidJobError naming the file."""
    if not folder.is_dir():
        raise InvalidJobError("is no folder", str(folder))
    found: dict[str, tuple[Path, Job]] = {}
    for path in sorted(job_files(folder)):
        with named(str(path)):
            job = read_job(path)
            check(job, utc_now())
        if job.name in found:
            raise InvalidJobError(f'name: "{job.name}" is also that of {found[job.name][0]}', str(path))
        found[job.name] = path, job
    if len(found) > MOST_FILES:
        raise InvalidJobError(f"{len(found):,} job files; at most {MOST_FILES:,} are taken", str(folder))
    return found


def job_files(folder: Path) -> Iterator[Path]:
    """The job files; what is hidden is none."""
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


class SchedulePlace(Protocol):
    """Where schedules are: an event store here, or a service on Kafka."""

    def entries(self) -> list[Entry]:
        """All schedules, in the order in which they were created; deleted ones too."""

    def schedule(self, schedule_id: UUID) -> Schedule:
        """A schedule as it is."""

    def database_of(self, job: Job) -> str:
        """Where a job runs. Raises InvalidJobError."""

    def create(self, job: Job, schedule_id: UUID | None = None) -> object:
        """Begin a schedule. Raises InvalidJobError."""

    def edit(self, schedule_id: UUID, job: Job) -> object:
        """Give a schedule another job. Raises InvalidJobError."""

    def ask(self, kind: type[DeleteSchedule], schedule_id: UUID) -> object:
        """Delete a schedule."""


def plan(folder: Path, place: SchedulePlace, prune: bool) -> Plan:
    """What makes the schedules equal to a folder. Raises InvalidJobError."""
    wanted = read_folder(folder)
    entries = place.entries()
    live: dict[str, list[Entry]] = {}
    for entry in entries:
        if not entry.deleted:
            live.setdefault(entry.name, []).append(entry)
    changes = []
    for name, (path, job) in wanted.items():
        with named(str(path)):
            place.database_of(job)
        same = live.get(name, [])
        if not same:
            changes.append(Change(Action.CREATE, name, new_id(name, entries), str(path), job))
            continue
        # Several of one name were made by hand: the oldest is meant, the others are in no file.
        changes.append(changed(place, place.schedule(same[0].schedule_id), path, job))
    for name, same in live.items():
        for entry in same[1:] if name in wanted else same:
            changes.append(Change(Action.DELETE if prune else Action.LEFT, name, entry.schedule_id))
    return Plan(tuple(changes))


def new_id(name: str, entries: list[Entry]) -> UUID:
    """The identity of a new schedule: two who apply the same folder at once make the same one."""
    before = sum(one.name == name for one in entries)
    return uuid5(NAMESPACE_URL, f"bulkdelete:schedule:{before}:{name}")


def changed(place: SchedulePlace, schedule: Schedule, path: Path, job: Job) -> Change:
    """What differs between a schedule and its file."""
    found = list(differences(schedule.job, job.to_json()))
    if (database := place.database_of(job)) != schedule.database:
        found.append(f"database {schedule.database} → {database}")
    action = Action.CHANGE if found else Action.UNCHANGED
    return Change(action, job.name, schedule.id, str(path), job, tuple(found))


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """The words that differ."""
    for name in dict.fromkeys([*before, *after]):
        if (was := before.get(name)) != (becomes := after.get(name)) and name != "database":
            if all(isinstance(one, str | int | float | None) for one in (was, becomes)):
                yield f"{name} {plain(was)} → {plain(becomes)}"
            else:
                yield name


def plain(value: str | float | None) -> str:
    """A value of a job in a line."""
    return f"{value:g}" if isinstance(value, float) else str(value or "none")


def carry_out(change: Change, place: SchedulePlace) -> None:
    """Do what a plan says of one schedule. Raises InvalidJobError naming the file."""
    with named(change.file):
        match change.action, change.job:
            case Action.CREATE, Job() as job:
                place.create(job, change.schedule_id)
            case Action.CHANGE, Job() as job:
                place.edit(change.schedule_id, job)
            case Action.DELETE, _:
                place.ask(DeleteSchedule, change.schedule_id)


@contextmanager
def named(file: str | None) -> Iterator[None]:
    """A refusal says in which file it is."""
    try:
        yield
    except RefusedError as error:
        field = error.field if error.field != file else None
        raise InvalidJobError(f"{field}: {error.reason}" if field else error.reason, file) from None
