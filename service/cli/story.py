"""What `run` tells: before, when it goes on, and at the end."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from bulkdelete.domain.declarations import NOTHING
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.summary import summary
from bulkdelete.domain.wall_time import rfc3339, spoken
from bulkdelete.records.dialect import Dialect
from bulkdelete.records.extent import Costs
from bulkdelete.records.preview import Preview
from bulkdelete.service.state import State
from bulkdelete.service.wording import consequences, describe, describe_walk, expectations, told_of_catalogue

SHORT = 8
LARGE = 100_000
"""Deleted records of an entity from which on the room they leave is worth a word."""


def tell_preview(console: Console, job: Job, preview: Preview, costs: Costs) -> None:
    """What the job will do."""
    console.print(f"[bold]Job  {escape(job.name)}[/]   cut-off {preview.at:%Y-%m-%d %H:%M:%S} UTC")
    if job.declared != NOTHING:
        console.print(f"Catalogue  {told_of_catalogue(job.declared)}", style="dim")
    if job.starts_at:
        console.print(f"Starts  {spoken(rfc3339(job.starts_at), str(job.zone))}", style="dim")
    if job.rate:
        console.print(f"Rate  at most {job.rate:,g} records/s", style="dim")
    width = max(len(query.entity_name) for query in job.queries)
    for index in preview.scope.order():
        entity = preview.scope.entity(index)
        walk = preview.walks[index]
        tree = preview.scope.tree(index)
        console.print(f"  {index + 1}  {escape(entity.name.ljust(width))}  {escape(describe(tree))}")
        console.print(f"     {' ' * width}  {describe_walk(walk)}", style="dim")
        created_on = preview.scope.created_on(index)
        known = f"created before the cut-off ({created_on.name})" if created_on else "no created-on attribute"
        console.print(f"     {' ' * width}  {escape(known)}", style="dim")
        for line in consequences(preview.scope.catalogue, entity.name, preview.blocked[index]):
            console.print(f"     {' ' * width}  {escape(line)}", style="dim")
    for at, line in enumerate(expectations(preview.forecast, costs)):
        console.print(f"{'' if at else 'Expect':<8}{escape(line)}", style="dim", highlight=False)
    for caution in preview.cautions:
        console.print(f"[yellow]Caution[/]  {escape(caution.text)}")


def tell_resumed(console: Console, before: dict[str, Any], proven: int) -> None:
    """Where an interrupted operation stands."""
    recorded = before["deleted"]
    text = f"Going on: {before['operation_id'][:SHORT]} had recorded {recorded:,}"
    if proven:
        text += f"; the database proves {recorded + proven:,} (committed, and not yet recorded)"
    console.print(text + ".")


def tell_end(console: Console, operation: Operation, state: State, reasons: list[str], advice: list[str]) -> None:
    """How it ended, and what to do next."""
    told = summary(operation)
    short = told["operation_id"][:SHORT]
    cascaded = sum(told["cascaded"].values())
    counts = f"{told['deleted']:,} deleted · {told['failed']:,} failed"
    counts += f" · {cascaded:,} more by cascade" if cascaded else ""
    counts += f" · {sum(told['unlinked'].values()):,} unlinked" if told["unlinked"] else ""
    match told["status"]:
        case "succeeded":
            how = "[yellow]Completed with failures[/]" if told["failed"] else "[green]Completed[/]"
            console.print(f"\n{how} in {told['duration_seconds']:.1f} s.   {counts}")
        case "failed":
            where = f"{told['field']}: " if told["field"] else ""
            console.print(f"\n[red]Failed[/]: {escape(where + (told['reason'] or ''))}   {counts}")
        case "canceled":
            console.print(f"\nCanceled.   {counts}")
        case "paused":
            console.print(f"\nPaused.   {counts}   Go on with: bulkdelete run --resume {short}{flag(state)}")
        case _:
            console.print(f"\nStopped after the batch in hand.   {counts}, accounted for.")
            console.print(f"Go on with: bulkdelete run --resume {short}{flag(state)}")
            return
    for reason in reasons:
        console.print(f"  {escape(reason)}")
    for index, why in told["remaining"].items():
        console.print(f"  query {int(index) + 1}: {escape(why)}")
    steps = [f"bulkdelete history {short}{flag(state)}      every step, from the event log"]
    if told["failed"]:
        steps.insert(0, f"bulkdelete failures {short}{flag(state)}     why, record by record")
    console.print("[dim]What next[/]   " + "\n            ".join(steps))
    if advice:
        console.print("[dim]Room[/]        " + escape("   ".join(advice)) + "      gives the room of what is gone back")


def room_advice(operation: Operation, dialect: Dialect) -> list[str]:
    """What gives the room of many deleted records back."""
    gone = dict(operation.cascaded)
    for query in operation.queries:
        gone[query["entity"]] = gone.get(query["entity"], 0) + query["deleted"]
    large = [entity for entity, records in gone.items() if records >= LARGE]
    return list(dict.fromkeys(dialect.give_back(dialect.quoted(entity)) for entity in large))


def flag(state: State) -> str:
    """The option that names the state, where it is not the default."""
    return "" if state.is_default else f" --state {state.folder}"
