"""`bulkdelete demo`: a CRM, and a job that shows success, failures and cascades."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from bulkdelete.domain.declarations import NOTHING
from bulkdelete.domain.directory import identify
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.summary import summary
from bulkdelete.records.names import read_address, shown
from bulkdelete.service.cli.output import messages
from bulkdelete.service.cli.run import Runner
from bulkdelete.service.crm.job import CLOSED_CASES
from bulkdelete.service.crm.making import make_crm
from bulkdelete.service.databases import database_url
from bulkdelete.service.jobfile import read_job
from bulkdelete.service.ledgers import ledger_place
from bulkdelete.service.state import State

SHOWED, SHOWED_LESS = 0, 1
MARKER = ".bulkdelete-demo"
"""Tells that a state folder is the demo's own, to be removed when it starts anew."""


def prepare(folder: Path) -> State:
    """A state folder without an earlier demo. Raises InvalidJobError for one that is somebody else's."""
    state = folder / "state"
    if state.exists():
        if not (state / MARKER).exists():
            raise InvalidJobError(f"{state} was not made by the demo: choose another folder", "FOLDER")
        shutil.rmtree(state)
    state.mkdir(parents=True, mode=0o700)
    (state / MARKER).touch()
    return State(state)


def save_job(path: Path) -> None:
    """Write the job, where people find and change it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CLOSED_CASES, encoding="utf-8")


def showed(state: State) -> bool:
    """Whether the run showed success, failures and cascades."""
    with state.application() as application:
        told = summary(application.operation(identify(application, None)))
    return bool(told["status"] == "succeeded" and told["deleted"] and told["failed"] and told["cascaded"])


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def demo(
        folder: Annotated[Path, typer.Argument(help="Where the demo puts everything.")] = Path("demo"),
        database: Annotated[
            str | None,
            typer.Option(help="Make the CRM in this (empty) database instead, such as postgresql://… or mariadb://…"),
        ] = None,
        only_make: Annotated[bool, typer.Option("--only-make", help="Make the CRM and run nothing.")] = False,
        keep: Annotated[bool, typer.Option("--keep", help="Take the CRM as an earlier demo left it.")] = False,
        json: Annotated[bool, typer.Option("--json", help="The result as one JSON object on stdout.")] = False,
    ) -> None:
        """Make a CRM with 200,000 records and run a job on it: success, failures and cascades.

        Example: bulkdelete demo
        """
        console = messages()
        address = database_url(database) or f"sqlite:///{(folder / 'crm.db').absolute()}"
        place = shown(read_address(database_url(database) or "")) if database else str(folder / "crm.db")
        state = None if only_make else prepare(folder)
        if keep:
            console.print(f"The CRM in {place}, as it is", markup=False)
        else:
            console.print(f"A CRM in {place}: {make_crm(address)}", markup=False)
        job = folder / "closed-cases.yaml"
        save_job(job)
        if state is None:
            return
        console.print(f"The job in {job}\n", markup=False)
        asked = read_job(job).under(NOTHING, ledger_place(None, database))
        code = Runner(state, assume_yes=True, as_json=json).run(asked, address)
        if code in {SHOWED, SHOWED_LESS}:
            raise typer.Exit(SHOWED if showed(state) else SHOWED_LESS)
        raise typer.Exit(code)
