"""`bulkdelete query convert | explain`: a query in another notation, or in plain words."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query.explaining import Explanation, explained
from bulkdelete.domain.query.notation import Notation, written_as
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.service.cataloguefile import read_catalogue
from bulkdelete.service.cli.output import print_json
from bulkdelete.service.databases import catalogue_file, database_url
from bulkdelete.service.dialects import dialect_of_address
from bulkdelete.service.inspection import Inspection, inspected
from bulkdelete.service.queryfile import guessed, job_in, query_in, text_of

File = Annotated[str, typer.Argument(metavar="FILE|-", help="The query; -: from standard input.")]
Database = Annotated[
    str | None, typer.Option(help="Hold it against this database too: an address, or a configured name.")
]
EntityOption = Annotated[str | None, typer.Option(help="The entity, where the SQL is only a condition.")]
Dialect = Annotated[
    str | None, typer.Option(help="Of the SQL: plain, postgresql, mariadb, sqlite; default: the database's, or plain.")
]
AllRecords = Annotated[bool, typer.Option("--all-records", help="It is meant that the query has no condition.")]
CatalogueFile = Annotated[Path | None, typer.Option(help="TOML: what is to be known of the entities.")]


def notation(said: str, option: str) -> Notation:
    """A notation by its name."""
    if said not in set(Notation):
        raise InvalidJobError(f"{said!r:.100} is no notation; accepted: {', '.join(Notation)}", option)
    return Notation(said)


def held_against(job: Job, database: str | None, catalogue: Path | None) -> tuple[Job, str | None]:
    """The job under the catalogue of a database, and the database's address."""
    address = database_url(database or job.database)
    file = catalogue_file(catalogue, database or job.database)
    return (job if file is None else job.under(read_catalogue(file))), address


def told_in(tree: QueryTree, wanted: Notation) -> str:
    """The query as text in a notation."""
    found = written_as(wanted, tree)
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, indent=2)


def sayable(tree: QueryTree) -> str | None:
    """The query as SQL, where SQL can say it."""
    try:
        return str(written_as(Notation.SQL, tree))
    except InvalidJobError:
        return None


def as_data(tree: QueryTree, told: Explanation, found: Inspection | None) -> dict[str, Any]:
    """An explanation as plain data."""
    shown: dict[str, Any] = {"entity": tree.entity, "explanation": told.sentence, **told.to_json()}
    return {**shown, "sql": found.sql if found else sayable(tree), "plan": found.plan if found else None}


def tell(tree: QueryTree, told: Explanation, found: Inspection | None) -> None:
    """An explanation for people."""
    lines = [told.sentence]
    lines += [f"  Also matches empty values: {one}." for one in told.matches_empty]
    lines += [f"  Read so: {one}." for one in told.readings]
    if found is not None:
        lines += [f"  Plan: {line}" for line in found.told]
    sql = found.sql if found is not None else sayable(tree)
    if sql is not None:
        lines += ["", *(f"    {line}" for line in sql.splitlines())]
    sys.stdout.write("\n".join(lines) + "\n")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="Convert a query between notations, or explain it.")
    app.add_typer(family, name="query")

    @family.command()
    def convert(
        file: File,
        to: Annotated[str, typer.Option("--to", help="fetchxml, json or sql.")],
        from_: Annotated[
            str | None, typer.Option("--from", help="fetchxml, json or sql; default: as it looks.")
        ] = None,
        entity: EntityOption = None,
        dialect: Dialect = None,
        all_records: AllRecords = False,
        database: Database = None,
        catalogue: CatalogueFile = None,
    ) -> None:
        """Write a query in another notation; what that cannot say is refused, never lost.

        Example: bulkdelete query convert --from fetchxml --to sql closed.xml
        """
        text, wanted = text_of(file), notation(to, "--to")
        default = Notation.SQL if entity is not None else guessed(text)
        given = default if from_ is None else notation(from_, "--from")
        address = database_url(database)
        query = query_in(text, given, entity, dialect or dialect_of_address(address), all_records)
        if address is not None:
            job, _ = held_against(Job(name="query", queries=(query,)), database, catalogue)
            inspected(job, address)
        sys.stdout.write(told_in(query.tree(""), wanted) + "\n")

    @family.command()
    def explain(
        file: File,
        from_: Annotated[
            str | None, typer.Option("--from", help="fetchxml, json or sql; default: as it looks.")
        ] = None,
        entity: EntityOption = None,
        dialect: Dialect = None,
        all_records: AllRecords = False,
        database: Database = None,
        catalogue: CatalogueFile = None,
        as_json: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False,
    ) -> None:
        """Say in plain words what a query deletes, or each query of a job, with the SQL and the plan.

        Example: bulkdelete query explain closed.yaml --database postgresql://localhost/crm
        """
        given = None if from_ is None else notation(from_, "--from")
        spoken = dialect or dialect_of_address(database_url(database))
        job, address = held_against(job_in(text_of(file), given, entity, spoken, all_records), database, catalogue)
        found = None if address is None else inspected(job, address)
        now = datetime.datetime.now(datetime.UTC) if found is None else found[0].at
        terms = job.terms(job.cut_off(now))
        told = [
            (tree, explained(tree, terms), None if found is None else found[at]) for at, tree in enumerate(job.trees())
        ]
        if as_json:
            several = [as_data(*one) for one in told]
            print_json(several[0] if len(several) == 1 else {"queries": several})
        else:
            for one in told:
                tell(*one)
