"""Every command in a line, and the family that is loaded when it is called: what is not called costs nothing."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup

HELP = "Governed bulk deletion of database records: counted exactly, stopped when told, proven for good."


class Entry(NamedTuple):
    """Where a command is, and what stands beside it in the list of all."""

    family: str
    """The module here that has it."""
    panel: str
    summary: str


DELETE, STEER, ASK, SCHEDULE, SERVE = "Delete", "Steer", "Ask", "Schedules", "Service and settings"
COMMANDS = {
    "run": Entry("run", DELETE, "Delete the records that a job's queries find."),
    "preview": Entry("preview", DELETE, "Show what a job deletes and takes along; changes nothing."),
    "query": Entry("query", DELETE, "Convert a query between notations, or explain it."),
    "retry": Entry("retry", DELETE, "Delete the records that failed: exactly those."),
    "demo": Entry("demo", DELETE, "Make a CRM with 200,000 records and run a job on it."),
    "pause": Entry("control", STEER, "Stop an operation until it is resumed."),
    "resume": Entry("control", STEER, "Let it go on."),
    "postpone": Entry("control", STEER, "Stop it until an instant; then it goes on by itself."),
    "throttle": Entry("control", STEER, "Change how many records per second it may delete."),
    "cancel": Entry("control", STEER, "Stop it for good; what is deleted stays deleted."),
    "halt": Entry("halting", STEER, "Stop every operation at once, and let none start."),
    "unhalt": Entry("halting", STEER, "Let go on what was halted."),
    "list": Entry("listing", ASK, "Every operation."),
    "status": Entry("views", ASK, "How far an operation is."),
    "failures": Entry("failures", ASK, "Why records could not be deleted, and what to do."),
    "deleted": Entry("views", ASK, "What was deleted; or who deleted a record, and when."),
    "history": Entry("views", ASK, "Every step of an operation, from the event log."),
    "notifications": Entry("notifications", ASK, "Who was told how operations ended, and who was not."),
    "sql": Entry("views", ASK, "Ask the views anything."),
    "verify": Entry("proof", ASK, "Prove that the views say what the event log says."),
    "rebuild": Entry("proof", ASK, "Make the views anew from the event log."),
    "schedules": Entry("schedules", SCHEDULE, "Every schedule, and when it runs next."),
    "schedule": Entry("schedule", SCHEDULE, "One schedule: show, create, edit, enable, run now, …"),
    "apply": Entry("apply", SCHEDULE, "Make the schedules equal to a folder of job files."),
    "serve": Entry("serve", SERVE, "Run schedules here, or serve on Kafka."),
    "submit": Entry("submit", SERVE, "Submit a job to a service on Kafka."),
    "config": Entry("config", SERVE, "Look at the settings."),
}  # fmt: skip
"""In the order in which help shows them."""


class Commands(TyperGroup):
    """All commands by name; one that is called is loaded, with the family that it is in."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called."""
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = loaded(COMMANDS[args[0]].family)[args[0]]
        return super().resolve_command(ctx, args)


def application() -> typer.Typer:
    """A command line with nothing in it."""
    return typer.Typer(
        name="bulkdelete",
        cls=Commands,
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def loaded(family: str) -> dict[str, Any]:
    """The commands of a family, by name."""
    app = application()
    # With a callback one command alone is still a command, and not the whole program.
    app.callback()(nothing)
    importlib.import_module(f"bulkdelete.service.cli.{family}").register(app)
    found = typer.main.get_command(app)
    assert isinstance(found, Commands)
    return dict(found.commands)


def nothing() -> None:
    """Stands for a command that is not loaded."""
