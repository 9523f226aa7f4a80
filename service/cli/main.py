"""The command line: one family of commands a file."""

from __future__ import annotations

import importlib
import os
import sys
from importlib import metadata
from typing import Annotated

import typer

from bulkdelete.domain.errors import BulkDeleteError, RefusedError, UnavailableError
from bulkdelete.service.cli.output import messages

FAMILIES = (
    "run", "preview", "query", "control", "halting", "demo", "views", "failures", "notifications", "schedules",
    "schedule", "apply", "proof", "serve", "submit", "config",
)  # fmt: skip
FAMILY_OF = {
    "run": "run", **dict.fromkeys(("pause", "resume", "postpone", "throttle", "cancel"), "control"),
    "halt": "halting", "unhalt": "halting",
    "demo": "demo", "serve": "serve", "submit": "submit",
    "config": "config", "schedules": "schedules", "schedule": "schedule", "apply": "apply",
    "query": "query", "preview": "preview",
    **dict.fromkeys(("list", "status", "deleted", "history", "sql"), "views"),
    "failures": "failures", "retry": "failures", "notifications": "notifications",
    "rebuild": "proof", "verify": "proof",
}  # fmt: skip
"""Which family a command is in: its modules alone are loaded, so that a small question gets a quick answer."""
REFUSED, INTERRUPTED = 2, 130


def create(command: str | None = None) -> typer.Typer:
    """All commands, or only the family of one of them."""
    app = typer.Typer(
        name="bulkdelete",
        help="Governed bulk deletion of database records: counted exactly, stopped when told, proven for good.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # With a callback one command alone is still a command, and not the whole program.
    app.callback()(about)
    for family in [FAMILY_OF[command]] if command in FAMILY_OF else FAMILIES:
        importlib.import_module(f"bulkdelete.service.cli.{family}").register(app)
    return app


def show(wanted: bool) -> None:
    """The version, and nothing else."""
    if wanted:
        typer.echo(f"bulkdelete {metadata.version('bulkdelete')}")
        raise typer.Exit


def about(
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=show)] = False,
) -> None:
    """Governed bulk deletion of database records: counted exactly, stopped when told, proven for good."""


def main() -> None:
    """Run a command; an error is one line on stderr, never a traceback unless `--debug` asks for it."""
    debug = "--debug" in sys.argv
    arguments = [one for one in sys.argv[1:] if one != "--debug"]
    try:
        create(arguments[0] if arguments else None)(arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (BulkDeleteError, OSError) as error:
        if debug:
            raise
        tell(error)
        sys.exit(REFUSED)
    except Exception as error:
        if debug:
            raise
        console = messages()
        told = f"{type(error).__name__}: {error!s:.500}"
        console.print(f"error: nobody foresaw this: {told}   (--debug shows where)", markup=False, style="red")
        sys.exit(REFUSED)


def tell(error: BaseException) -> None:
    """An error for people: the field first, then what is wrong and what is accepted."""
    hint = "; try again" if isinstance(error, UnavailableError) else ""
    field = f"{error.field}: " if isinstance(error, RefusedError) and error.field else ""
    reason = error.reason if isinstance(error, RefusedError) else str(error)
    console = messages()
    console.print(f"error: {field}{reason}{hint}", markup=False, style="red")
