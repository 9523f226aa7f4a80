"""The schedules of an event store that can be reached from here: changed without a broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from bulkdelete.consumers.operations import checked
from bulkdelete.consumers.schedules import utc_now
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import command_of
from bulkdelete.domain.declarations import NOTHING, Declarations
from bulkdelete.domain.errors import InvalidJobError, TransitionError
from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling.commands import (
    AnyScheduleCommand,
    CreateSchedule,
    DeleteSchedule,
    DisableSchedule,
    EditSchedule,
    EnableSchedule,
    RunScheduleNow,
    ScheduleCommand,
)
from bulkdelete.domain.scheduling.directory import Entry, created
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.scheduling.schedules import Schedules
from bulkdelete.domain.scheduling.status import ScheduleStatus
from bulkdelete.records.target import Target
from bulkdelete.service.cataloguefile import read_catalogue
from bulkdelete.service.limits import limits_of
from bulkdelete.service.principal import principal
from bulkdelete.service.settings import Settings
from bulkdelete.service.targets import Targets


def targets_of(settings: Settings) -> Targets:
    """The configured databases, and any that an address names."""
    addresses = {name: url.secret for name, url in settings.databases.items()}
    return Targets(addresses, settings.all_ledgers(), partial(limits_of, settings), takes_addresses=True)


def catalogues_of(settings: Settings) -> dict[str, Declarations]:
    """The catalogue of each database that has one. Raises InvalidJobError."""
    return {name: read_catalogue(path) for name, path in settings.catalogues.items()}


@dataclass
class LocalSchedules:
    """Changes schedules."""

    application: BulkDeletes
    targets: Targets
    catalogues: Mapping[str, Declarations]
    requested_by: str
    address: str | None = None
    """The database of jobs that name none: a configured name, or an address."""

    def __post_init__(self) -> None:
        self.schedules = Schedules(self.application)

    def entries(self) -> list[Entry]:
        """All schedules, in the order in which they were created; deleted ones too."""
        return created(self.application)

    def schedule(self, schedule_id: UUID) -> Schedule:
        """A schedule as it is. Raises ScheduleNotFoundError."""
        return self.schedules.schedule(schedule_id)

    def create(self, job: Job, schedule_id: UUID | None = None) -> Schedule:
        """Begin a schedule. Raises InvalidJobError, ScheduleExistsError."""
        return self.carry_out(self.command(CreateSchedule, schedule_id or uuid4(), job=job))

    def edit(self, schedule_id: UUID, job: Job) -> Schedule:
        """Give a schedule another job. Raises InvalidJobError, TransitionError."""
        return self.carry_out(self.command(EditSchedule, schedule_id, job=job))

    def ask(self, kind: type[ScheduleCommand], schedule_id: UUID) -> Schedule:
        """Enable, disable, delete, or run now. Raises TransitionError."""
        return self.carry_out(self.command(kind, schedule_id))

    def command(self, kind: type[ScheduleCommand], schedule_id: UUID, **fields: object) -> AnyScheduleCommand:
        """A command of ours."""
        found = command_of(kind, schedule_id=schedule_id, requested_by=self.requested_by, **fields)
        assert isinstance(found, AnyScheduleCommand)
        return found

    def carry_out(self, command: AnyScheduleCommand) -> Schedule:
        """Carry it out, after its job was held against its database, where that can be asked."""
        database = ""
        if isinstance(command, CreateSchedule | EditSchedule):
            database = self.database_of(command.job)
            try:
                checked(self.prepared(command.job, database), database, self.targets.check)
            except InvalidJobError as error:
                raise InvalidJobError(error.reason, (error.field or "").removeprefix("job.") or None) from None
        try:
            return self.schedules.carry_out(command, utc_now(), database)
        except TransitionError as error:
            raise TransitionError(error.reason) from None

    def prepared(self, job: Job, database: str) -> Job:
        """The job under the catalogue, and with the place of the ledger, that its database has."""
        return job.under(self.catalogues.get(database, NOTHING), self.targets.ledgers.get(database))

    def database_of(self, job: Job) -> str:
        """A configured name, or an address without its password. Raises InvalidJobError."""
        name = job.database or self.address
        if name is None:
            known = ", ".join(sorted(self.targets.addresses)) or "none"
            raise InvalidJobError(f"the job names no database; configured: {known}; or say --database", "database")
        if "://" in name:
            with closing(Target(from_anywhere(name))) as target:
                return target.shown
        if name.lower() not in self.targets.addresses:
            known = ", ".join(sorted(self.targets.addresses)) or "none"
            raise InvalidJobError(
                f"{name!r} is no configured database: set BULKDELETE_DATABASES__{name.upper()}; configured: {known}",
                "database",
            )
        return name.lower()


def from_anywhere(address: str) -> str:
    """The address of the same file, whoever opens it later and from wherever."""
    scheme, _, path = address.partition("///")
    if scheme != "sqlite:" or not path or path.startswith(("/", ":")):
        return address
    return f"{scheme}///{Path(path).absolute()}"


@contextmanager
def local_schedules(
    settings: Settings, application: BulkDeletes, requested_by: str | None = None, database: str | None = None
) -> Iterator[LocalSchedules]:
    """The schedules of this event store."""
    with closing(targets_of(settings)) as targets:
        yield LocalSchedules(application, targets, catalogues_of(settings), requested_by or principal(), database)


@dataclass
class LocalSchedule:
    """A schedule of an event store here, for Python users."""

    place: Callable[[str | None], AbstractContextManager[LocalSchedules]]
    """Given the database of jobs that name none."""
    id: UUID

    def create(self, job: Job, database: str | None = None) -> None:
        """Begin it. Raises InvalidJobError, ScheduleExistsError."""
        with self.place(database) as place:
            place.create(job, self.id)

    def edit(self, job: Job, database: str | None = None) -> None:
        """Give it another job: queries, times, everything; by default on the same database.

        Raises InvalidJobError, TransitionError.
        """
        with self.place(database) as place:
            place.address = database or place.schedules.schedule(self.id).database
            place.edit(self.id, job)

    def enable(self) -> None:
        """Let it run again, from now on. Raises TransitionError where it was deleted."""
        self.ask(EnableSchedule)

    def disable(self) -> None:
        """Keep it from running; an operation under way goes on. Raises TransitionError where it was deleted."""
        self.ask(DisableSchedule)

    def run_now(self) -> None:
        """Run it once beside its times, at the next tick of `bulkdelete serve`. Raises TransitionError."""
        self.ask(RunScheduleNow)

    def delete(self) -> None:
        """End it for good; its history stays. Raises TransitionError where it was deleted."""
        self.ask(DeleteSchedule)

    def ask(self, kind: type[ScheduleCommand]) -> None:
        """Ask for something. Raises TransitionError."""
        with self.place(None) as place:
            place.ask(kind, self.id)

    def status(self) -> ScheduleStatus:
        """How it stands. Raises ScheduleNotFoundError."""
        with self.place(None) as place:
            return ScheduleStatus.of(place.schedules.schedule(self.id))
