"""`bulkdelete preview`: what a job will do, and what it takes along; nothing is changed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from bulkdelete.domain.declarations import NOTHING
from bulkdelete.records.target import Target
from bulkdelete.service.cataloguefile import read_catalogue, told_of
from bulkdelete.service.cli.asked import address_of, asked_on
from bulkdelete.service.cli.consequences import tell_foresight
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.cli.story import tell_preview
from bulkdelete.service.databases import catalogue_file
from bulkdelete.service.foresight import as_data, foreseen
from bulkdelete.service.guards import service_guards
from bulkdelete.service.ledgers import ledger_place
from bulkdelete.service.rates import earlier_rates
from bulkdelete.service.state import State
from bulkdelete.service.whereabouts import default_state


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def preview(
        job: Annotated[Path, typer.Argument(metavar="JOB", help="The job file, YAML or JSON.")],
        database: Annotated[
            str | None,
            typer.Option(help="postgresql:// or mariadb://USER@HOST/NAME, sqlite:///FILE, or a configured name."),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="As one JSON object on stdout.")] = False,
        ids: Annotated[bool, typer.Option("--ids", help="With the ids of all records that would go.")] = False,
        state: Annotated[
            Path | None, typer.Option(help="Where bulkdelete keeps what it knows of earlier runs.")
        ] = None,
        catalogue: Annotated[Path | None, typer.Option(help="TOML: what is to be known of the entities.")] = None,
    ) -> None:
        """Show what a job will delete and take along, level by level; nothing is changed, and nobody waits.

        Example: bulkdelete preview closed-cases.yaml --database postgresql://localhost/crm
        """
        asked = asked_on(job, database)
        address = address_of(asked, database)
        file = catalogue_file(catalogue, database or asked.database)
        declared = NOTHING if file is None else read_catalogue(file)
        asked = asked.under(declared, ledger_place(None, database or asked.database), service_guards())
        with contextlib.closing(Target(address)) as target, told_of(file):
            seen = target.preview(asked, earlier_rates(State(state or default_state()), target.shown))
            found = foreseen(target, asked, seen, ids)
        console = messages()
        if as_json:
            print_json(as_data(asked, seen, found))
            return
        tell_preview(console, asked, seen, target.dialect.costs)
        tell_foresight(console, found, seen.scope.order())
        if ids:
            for one in found:
                print_json({"entity": one.entity, "record_ids": list(one.outlook.record_ids or ())})
