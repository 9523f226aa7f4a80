"""`python -m benchmarks`: every figure, or some; ratios against a baseline of the same run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from benchmarks import kafka, memory, postgresql, sqlite
from benchmarks.figures import Figure, show
from tests.servers import finding

ROWS = 2_000_000
FIGURES = ("postgresql", "sqlite", "kafka", "memory")


def main(
    only: Annotated[list[str] | None, typer.Argument(help=f"Some of {', '.join(FIGURES)}; default: all.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Pairs of runs; their median counts.")] = 3,
    rows: Annotated[int, typer.Option(min=1_000, help="Records in PostgreSQL's table; others scale along.")] = ROWS,
) -> None:
    """Measure, and show a table. Exit code 1: a figure misses its target."""
    if unknown := set(only or ()) - set(FIGURES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose from {', '.join(FIGURES)}")
    measured: list[Figure] = []
    for name in only or FIGURES:
        typer.echo(f"measuring {name} …", err=True)
        measured += MEASURE[name](rows, runs)
    show(measured)
    raise typer.Exit(0 if all(one.is_reached for one in measured) else 1)


def on_postgresql(rows: int, runs: int) -> list[Figure]:
    """On a server from wherever the tests find one."""
    with finding.postgresql() as server:
        return [postgresql.measure(server.url, rows, runs)]


def on_kafka(_rows: int, runs: int) -> list[Figure]:
    """On a broker from wherever the tests find one."""
    with finding.kafka() as broker:
        return [kafka.measure(broker.address, max(runs, 5))]


MEASURE: dict[str, Callable[[int, int], list[Figure]]] = {
    "postgresql": on_postgresql,
    "sqlite": lambda rows, runs: [sqlite.measure(rows // 2, runs)],
    "kafka": on_kafka,
    "memory": lambda rows, _runs: [memory.measure(rows // 20), memory.measure(rows)],
}

if __name__ == "__main__":
    typer.run(main)
