"""The command line: one family of commands a file."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from bulkdelete.domain.errors import BulkDeleteError, RefusedError, UnavailableError
from bulkdelete.service.cli.commands import COMMANDS, application, nothing
from bulkdelete.service.cli.output import messages

REFUSED, INTERRUPTED = 2, 130


def create() -> typer.Typer:
    """All commands; what each needs is loaded when it is called."""
    app = application()
    app.callback()(about)
    for name, entry in COMMANDS.items():
        app.command(name, help=entry.summary, rich_help_panel=entry.panel)(nothing)
    return app


def show(wanted: bool) -> None:
    """The version, and nothing else."""
    if wanted:
        # Only here: it takes a while to load.
        from importlib import metadata  # noqa: PLC0415

        typer.echo(f"bulkdelete {metadata.version('bulkdelete')}")
        raise typer.Exit


def about(
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=show)] = False,
) -> None:
    """What holds for every command."""


def main() -> None:
    """Run a command; an error is one line on stderr, never a traceback unless `--debug` asks for it."""
    debug = "--debug" in sys.argv
    arguments = [one for one in sys.argv[1:] if one != "--debug"]
    try:
        create()(arguments)
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
