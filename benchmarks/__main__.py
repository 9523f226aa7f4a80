"""`python -m benchmarks`: every case on every database, or some; ratios of what ran side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cases.case import Bench, Case
from benchmarks.cases.courtesy import COURTESY
from benchmarks.cases.failing import FAILING
from benchmarks.cases.size import SIZE
from benchmarks.cases.speed import SPEED
from benchmarks.databases.database import Database
from benchmarks.databases.mariadb import MariaDB
from benchmarks.databases.mysql import MySQL
from benchmarks.databases.postgresql import PostgreSQL
from benchmarks.databases.sqlite import SQLite
from benchmarks.measuring import measured
from benchmarks.report import Report
from benchmarks.servers import Servers

CASES: dict[str, Case] = {one.name: one for one in (*SPEED, *FAILING, *COURTESY, *SIZE)}
DATABASES: dict[str, Callable[[Servers], Database]] = {
    "postgresql": lambda servers: PostgreSQL(servers.postgresql.url),
    "mariadb": lambda servers: MariaDB(servers.mariadb.url),
    "sqlite": lambda _servers: SQLite(),
    "mysql": lambda servers: MySQL(servers.mysql.url),
}
USUAL = [name for name in DATABASES if name != "mysql"]
"""What is measured unless databases are named."""
RUNS, QUICK_RUNS = 5, 2
OUTPUT = Path("build/benchmarks")


def main(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="Some cases; default: the usual.")
    ] = None,
    database: Annotated[list[str] | None, typer.Option(help=f"Some of {', '.join(DATABASES)}; repeated.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Contestants whose name contains this; repeated.")] = None,
    runs: Annotated[int | None, typer.Option(min=1, help=f"Rounds; default {RUNS}, quick {QUICK_RUNS}.")] = None,
    quick: Annotated[bool, typer.Option(help="Small sizes and few rounds: whether it works, not how fast.")] = False,
    output: Annotated[Path, typer.Option(help="Folder for the table, every run, and the plot.")] = OUTPUT,
    show_list: Annotated[bool, typer.Option("--list", help="Tell the cases and end.")] = False,
) -> None:
    """Measure, and show a table. Exit code 1: a figure misses what it must reach (with --quick nothing is asked)."""
    if show_list:
        for one in CASES.values():
            typer.echo(f"{one.name:12}{one.summary}{' (only when named)' if one.explicit else ''}")
        return
    usual = [name for name, one in CASES.items() if not one.explicit]
    report = Report(output, runs or (QUICK_RUNS if quick else RUNS), quick)
    with Servers() as servers:
        for kind in chosen(database, DATABASES, USUAL):
            if kind != "sqlite" and (reason := servers.missing(kind)):
                report.notes.append(reason)
                continue
            bench = Bench(DATABASES[kind](servers), servers, quick)
            report.databases[kind] = bench.database.described()
            for name in chosen(cases, CASES, usual):
                measure(CASES[name], bench, only or [], report)
    typer.echo(report.markdown())
    typer.echo(f"written to {output}", err=True)
    raise typer.Exit(1 if report.is_missed and not quick else 0)


def measure(case: Case, bench: Bench, only: list[str], report: Report) -> None:
    """All groups of one case on one database."""
    for group in case.groups(bench):
        present, reasons = group.of(only).present()
        report.notes += reasons
        if present.comparisons:
            report.figures += present.figures(measured(present, report.runs, lambda line: typer.echo(line, err=True)))
            report.write()


def chosen(given: list[str] | None, known: Collection[str], default: list[str]) -> list[str]:
    """What was named, or the default. Raises BadParameter for what there is not."""
    if unknown := set(given or ()) - set(known):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose from {', '.join(known)}")
    return given or default


if __name__ == "__main__":
    typer.run(main)
