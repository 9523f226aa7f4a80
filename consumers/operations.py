"""Commands and outcomes: each becomes events of an operation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import ControlCommand, RetryFailures, SubmitBulkDelete
from bulkdelete.domain.declarations import NOTHING, Declarations
from bulkdelete.domain.errors import InvalidJobError, RefusedError, UnavailableError
from bulkdelete.domain.guards import NO_GUARDS, Guards
from bulkdelete.domain.job import GovernedJob, Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import AnyOutcome, BatchDone, UnitReleased
from bulkdelete.domain.work import AnyWork, DeleteBatch
from bulkdelete.projections.failed import told_causes

MOST_LOOKED_AT = 2_000
"""Events of an operation that are looked at before a command is taken."""
UNBOUNDED = Bounds()
NONE: Mapping[str, Declarations] = {}
"""No database has a catalogue."""
NOWHERE: Mapping[str, str] = {}
"""No database has its ledger elsewhere than by default."""
Check = Callable[[str, Job], None]
"""Holds a job against the database of that name. Raises a RefusedError, or UnavailableError where it cannot tell."""


def take_command(
    command: SubmitBulkDelete | ControlCommand | RetryFailures,
    application: BulkDeletes,
    databases: Collection[str],
    check: Check | None = None,
    catalogues: Mapping[str, Declarations] = NONE,
    ledgers: Mapping[str, str] = NOWHERE,
    guards: Guards = NO_GUARDS,
) -> Operation:
    """Carry a command out. Raises a RefusedError where it can never work, UnavailableError where it can later."""
    if isinstance(command, RetryFailures):
        check_causes(application, command)
        return application.retry(command)
    if not isinstance(command, SubmitBulkDelete):
        return application.control(command)
    database = database_of(command.job, databases)
    found = application.find(command.operation_id)
    # What an operation began with holds: the same command again must not meet a newer catalogue, or newer guards.
    if found is None:
        job = command.job.under(catalogues.get(database, NOTHING), ledgers.get(database), guards)
    else:
        began = GovernedJob.read(found.job)
        job = command.job.under(began.catalogue, began.ledger, began.service_guards)
    if found is None:
        checked(job, database, check)
    return application.submit(command.model_copy(update={"job": job}), database)


def check_causes(application: BulkDeletes, command: RetryFailures) -> None:
    """Refuse a cause for which nothing failed, as far as a bounded look tells. Raises InvalidJobError."""
    application.operation(command.operation_id)
    if not command.causes:
        return
    known, is_all = told_causes(application, command.operation_id, MOST_LOOKED_AT)
    for at, cause in enumerate(command.causes):
        if is_all and cause not in known:
            accepted = ", ".join(sorted(known)) or "none"
            raise InvalidJobError(
                f"no record of this operation failed for {cause!r}; known: {accepted}", f"causes[{at}]"
            )


def checked(job: Job, database: str, check: Check | None) -> None:
    """Hold a job against its database, where that can be asked. The refusal has the path in the command."""
    if check is None:
        return
    try:
        check(database, job)
    except UnavailableError:
        # The start holds the job against the database again; what is away now must not hold up others' commands.
        pass
    except RefusedError as error:
        field = error.field or ""
        where = field if field.startswith("catalogue") else f"job.{field}" if field else "job"
        raise type(error)(error.reason, where) from None


def database_of(job: Job, databases: Collection[str]) -> str:
    """The configured database that the job names. Raises InvalidJobError."""
    known = ", ".join(sorted(databases)) or "none"
    if job.database is None:
        raise InvalidJobError(f"the job names no database; configured: {known}", "job.database")
    if job.database not in databases:
        raise InvalidJobError(f"{job.database!r} is no configured database; configured: {known}", "job.database")
    return job.database


def take_outcome(outcome: AnyOutcome, application: BulkDeletes, bounds: Bounds = UNBOUNDED) -> list[AnyWork]:
    """Record what became of work; a unit that a worker let go of is issued again at once, unless a rate bounds it."""
    if isinstance(outcome, UnitReleased):
        return [] if bounds.rate is not None else reissue(outcome, application)
    application.record(outcome)
    return []


def take_outcomes(
    outcomes: Sequence[AnyOutcome], application: BulkDeletes, bounds: Bounds = UNBOUNDED
) -> list[AnyWork]:
    """Record what became of several pieces of work, as much as can be in one save."""
    work: list[AnyWork] = []
    for some in together(outcomes):
        if not take_together(some, application):
            work += [one for outcome in some for one in take_outcome(outcome, application, bounds)]
    return work


def together(outcomes: Sequence[AnyOutcome]) -> Iterator[list[AnyOutcome]]:
    """The outcomes in order, in runs that one save may record: batches of the same operation."""
    run: list[AnyOutcome] = []
    for one in outcomes:
        fits = isinstance(one, BatchDone) and run and isinstance(run[-1], BatchDone)
        if run and not (fits and run[-1].operation_id == one.operation_id):
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def take_together(outcomes: Sequence[AnyOutcome], application: BulkDeletes) -> bool:
    """Record several batches in one save; False where that cannot be: then each is to be taken by itself."""
    batches = [one for one in outcomes if isinstance(one, BatchDone)]
    if len(batches) < 2 or len(batches) < len(outcomes):
        return False
    return application.record_together(batches)


def reissue(outcome: UnitReleased, application: BulkDeletes) -> list[AnyWork]:
    """The work of a unit that was released before its end, if it is still wanted."""
    operation = application.operation(outcome.operation_id)
    if operation.rate is not None:
        return []  # it is for the planner to say when and how many
    return [work for work in outstanding(operation) if isinstance(work, DeleteBatch) and work.unit == outcome.unit]
