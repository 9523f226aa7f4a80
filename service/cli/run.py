"""`bulkdelete run`: the main job, on one machine."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer
from rich.console import Console

from bulkdelete.consumers.operations import take_command
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import ResumeOperation, SubmitBulkDelete
from bulkdelete.domain.declarations import NOTHING
from bulkdelete.domain.directory import identify
from bulkdelete.domain.errors import InvalidJobError, OperationNotFoundError
from bulkdelete.domain.job import GovernedJob, Job
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.summary import summary
from bulkdelete.records.preview import Preview
from bulkdelete.records.target import Target
from bulkdelete.service.cataloguefile import read_catalogue, told_of
from bulkdelete.service.cli.asked import address_of, asked_on
from bulkdelete.service.cli.consequences import refuse_slow, tell_foresight
from bulkdelete.service.cli.ending import exit_code, reasons
from bulkdelete.service.cli.going_on import ledger_that_stays, refuse_another_catalogue
from bulkdelete.service.cli.interrupting import interruptible
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.cli.progress import LiveProgress
from bulkdelete.service.cli.retry import command as retry_command
from bulkdelete.service.cli.story import room_advice, tell_end, tell_preview, tell_resumed
from bulkdelete.service.configuration import load
from bulkdelete.service.databases import catalogue_file, database_url
from bulkdelete.service.foresight import foreseen
from bulkdelete.service.guards import service_guards
from bulkdelete.service.jobfile import of_one_run
from bulkdelete.service.ledgers import ledger_place
from bulkdelete.service.limits import bounds_of, limits_of
from bulkdelete.service.local import LocalRun
from bulkdelete.service.notices import Notices, has_mail_server
from bulkdelete.service.origin import target_of
from bulkdelete.service.principal import principal
from bulkdelete.service.rates import earlier_rates
from bulkdelete.service.state import State
from bulkdelete.service.whereabouts import default_state


@dataclass
class Runner:
    """Runs one job in the foreground, and tells about it."""

    state: State
    assume_yes: bool = False
    as_json: bool = False
    requested_by: str = field(default_factory=principal)
    console: Console = field(default_factory=messages)
    catalogue: Path | None = None
    """The file of the catalogue that is given."""
    ledger: str | None = None
    """Where the ledger is, as an option says."""
    name: str | None = None
    """The database, where it is given by a configured name."""

    def run(self, job: Job, address: str, operation_id: UUID | None = None) -> int:
        """Show, ask, run; returns the exit code. The same id and job again goes on with the same operation."""
        target = Target(address, job.ledger_place, limits=limits_of(load(), self.name or job.database))
        with contextlib.closing(target):
            if operation_id is not None and self.state.events.is_file():
                with self.state.application() as application:
                    if found := application.find(operation_id):
                        self.note_ledger(found)
                        began = GovernedJob.read(found.job)
                        job = job.under(job.declared, began.ledger, began.service_guards)
                        operation = self.submit(application, job, target, operation_id)
                        return self.again(application, operation, target)
            with told_of(self.catalogue):
                preview = target.preview(job, earlier_rates(self.state, target.shown))
            tell_preview(self.console, job, preview, target.dialect.costs)
            if job.notify is not None and not has_mail_server():
                self.console.print("[yellow]Caution[/]  nobody gets mail: BULKDELETE_SMTP__HOST is not set")
            refuse_slow(job, preview)
            self.ask(job, preview, target)
            with self.state.application() as application:
                operation = self.submit(application, job, target, operation_id or uuid4())
                return self.drive(application, operation.id, target)

    def again(self, application: BulkDeletes, operation: Operation, target: Target) -> int:
        """The same command once more: it goes on where it was, but ends nobody's pause."""
        if operation.status != Status.PAUSED:
            return self.drive(application, operation.id, target)
        return self.told(application, operation, target)

    def resume(self, prefix: str | None, address: str | None) -> int:
        """Go on with an operation that was interrupted or paused; the last one by default."""
        if not self.state.events.is_file():
            raise OperationNotFoundError(f"there is no operation in {self.state.folder}", "operation_id")
        with self.state.application() as application:
            operation = application.operation(identify(application, prefix))
            refuse_another_catalogue(operation, self.catalogue)
            self.note_ledger(operation)
            target = target_of(operation, address, self.name)
            with contextlib.closing(target):
                return self.drive(application, operation.id, target)

    def retry(self, prefix: str | None, causes: tuple[str, ...], address: str | None, new_id: UUID | None) -> int:
        """Run an operation for the records that failed in another one; the last one by default."""
        if not self.state.events.is_file():
            raise OperationNotFoundError(f"there is no operation in {self.state.folder}", "operation_id")
        with self.state.application() as application:
            original = application.operation(identify(application, prefix))
            target = target_of(original, address, self.name)
            with contextlib.closing(target):
                command = retry_command(original.id, causes, new_id, self.requested_by)
                failed = sum(query["failed"] for query in original.queries)
                if not self.assume_yes and not typer.confirm(
                    f"Delete up to {failed:,} records that failed in {str(original.id)[:8]}?", err=True
                ):
                    raise InvalidJobError("not confirmed; nothing was changed")
                operation = take_command(command, application, ())
                self.console.print(f"Retry {str(operation.id)[:8]} of {str(original.id)[:8]}", markup=False)
                return self.again(application, operation, target)

    def note_ledger(self, operation: Operation) -> None:
        """Say where the ledger of an operation that goes on is, where the settings say otherwise."""
        if said := ledger_that_stays(operation, self.ledger):
            self.console.print(said, markup=False)

    def ask(self, job: Job, preview: Preview, target: Target) -> None:
        """Show what it takes along, and make sure that it is meant.

        Raises InvalidJobError without a terminal and `--yes`; aborts on no.
        """
        if self.assume_yes:
            return
        if not sys.stdin.isatty():
            raise InvalidJobError("there is no terminal to ask on; say --yes to delete without being asked", "--yes")
        found = foreseen(target, job, preview)
        tell_foresight(self.console, found, preview.scope.order())
        total = sum(one.outlook.count for one in found)
        entities = ", ".join(dict.fromkeys(query.entity_name for query in job.queries))
        if not typer.confirm(f"Delete {total:,} records of {entities}?", err=True):
            raise InvalidJobError("not confirmed; nothing was changed")

    def submit(self, application: BulkDeletes, job: Job, target: Target, operation_id: UUID) -> Operation:
        """Record that it was asked for; from here on it can be resumed."""
        command = SubmitBulkDelete(
            command_id=uuid4(), operation_id=operation_id, requested_by=self.requested_by, job=job
        )
        return application.submit(command, target.shown)

    def drive(self, application: BulkDeletes, operation_id: UUID, target: Target) -> int:
        """Run it to its end, or until the user interrupts."""
        with self.state.driving(operation_id), self.state.keeping_views(application):
            operation = application.operation(operation_id)
            if operation.status == Status.PAUSED:
                operation = application.control(
                    ResumeOperation(command_id=uuid4(), operation_id=operation_id, requested_by=self.requested_by)
                )
            before = summary(operation)
            if not operation.is_final:
                bounds = bounds_of(load(), self.state.is_driven)
                local = LocalRun(application, target, operation_id, bounds=bounds)
                with interruptible(local.stopping), LiveProgress(self.console, operation) as progress:
                    if operation.opened:
                        tell_resumed(self.console, before, local.prove())
                    local.on_progress, local.on_wait = progress.show, progress.tell_waiting
                    operation = local.drive()
        return self.told(application, operation, target)

    def told(self, application: BulkDeletes, operation: Operation, target: Target) -> int:
        """Tell how it stands; returns the exit code."""
        failed = any(query["failed"] for query in operation.queries)
        why = reasons(application, self.state, operation.id) if failed else []
        tell_end(self.console, operation, self.state, why, room_advice(operation, target.dialect))
        if self.as_json:
            print_json(summary(operation))
        for line in Notices(self.state, application).tell(operation):
            self.console.print(line, markup=False, style="dim")
        return exit_code(operation)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def run(
        job: Annotated[
            Path | None,
            typer.Argument(metavar="[JOB|ID]", help="The job file, YAML or JSON; with --resume the operation's ID."),
        ] = None,
        database: Annotated[
            str | None,
            typer.Option(help="postgresql:// or mariadb://USER@HOST/NAME, sqlite:///FILE, or a configured name."),
        ] = None,
        state: Annotated[Path | None, typer.Option(help="Where bulkdelete keeps what it knows.")] = None,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
        json: Annotated[bool, typer.Option("--json", help="The result as one JSON object on stdout.")] = False,
        resume: Annotated[
            bool, typer.Option("--resume", help="Go on with an operation (its ID as the argument; the last one).")
        ] = False,
        operation_id: Annotated[UUID | None, typer.Option(help="The operation's id: the same id runs once.")] = None,
        requested_by: Annotated[str | None, typer.Option(help="Who asks; default: you.")] = None,
        catalogue: Annotated[
            Path | None, typer.Option(help="TOML: what is to be known of the entities beside what the database says.")
        ] = None,
        ledger: Annotated[
            str | None,
            typer.Option(
                metavar="SCHEMA.PREFIX", help="Where in the database to keep fence and ledger, such as ops.bulkdelete_"
            ),
        ] = None,
        allow_slow: Annotated[bool, typer.Option("--allow-slow", help="Go on although it will be very slow.")] = False,
    ) -> None:
        """Delete the records that a job's queries find.

        Example: bulkdelete run closed-cases.yaml --database postgresql://localhost/crm
        """
        place = State(state or default_state())
        given = ledger_place(ledger, None) if ledger else None
        runner = Runner(place, yes, json, requested_by or principal(), catalogue=catalogue, ledger=given, name=database)
        if resume:
            raise typer.Exit(runner.resume(str(job) if job else None, database_url(database)))
        if job is None:
            raise InvalidJobError("say which job file to run, or --resume to go on", "JOB")
        asked = of_one_run(asked_on(job, database))
        if allow_slow:
            asked = asked.model_copy(update={"options": asked.options.model_copy(update={"allow_slow": True})})
        address = address_of(asked, database)
        runner.catalogue = catalogue_file(catalogue, database or asked.database)
        declared = NOTHING if runner.catalogue is None else read_catalogue(runner.catalogue)
        asked = asked.under(declared, ledger_place(ledger, database or asked.database), service_guards())
        raise typer.Exit(runner.run(asked, address, operation_id))
