"""`bulkdelete apply DIR`: the schedules, equal to a folder of job files."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from bulkdelete.domain.errors import InvalidJobError, RefusedError
from bulkdelete.service.applying import Action, Change, Plan, SchedulePlace, carry_out, plan
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.cli.place import AsJson, StateFolder
from bulkdelete.service.cli.schedule import Database, at_hand
from bulkdelete.service.principal import principal

SOME_REFUSED = 2
Kafka = Annotated[str | None, typer.Option("--kafka", metavar="HOST:PORT", help="The schedules of a service on Kafka.")]
SIGNS = {
    Action.CREATE: ("+", "green"), Action.CHANGE: ("~", "yellow"), Action.DELETE: ("-", "red"),
    Action.UNCHANGED: (" ", "dim"), Action.LEFT: ("?", "dim"),
}  # fmt: skip
WORDS = {
    Action.CREATE: "to create", Action.CHANGE: "to change", Action.DELETE: "to delete", Action.UNCHANGED: "unchanged",
    Action.LEFT: "in no file",
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(apply)


def apply(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Job files, YAML or JSON, each with a recurrence.")],
    state: StateFolder = None,
    database: Database = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete the schedules that are in no file.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, and change nothing.")] = False,
    kafka: Kafka = None,
    json: AsJson = False,
) -> None:
    """Make the schedules equal to a folder of job files: the plan first. Applied again it changes nothing.

    Example: bulkdelete apply schedules/ --yes --prune      and  bulkdelete apply schedules/ --kafka localhost:9092
    """
    wanted = Wanted(folder, prune, yes, dry_run)
    refused: dict[UUID, RefusedError] = {}
    if kafka is None:
        with at_hand(state, database, make=True) as place:
            found = wanted.apply(place)
    else:
        # Only here: the libraries of Kafka take a second to load.
        from bulkdelete.service.cli.kafka_options import client_of  # noqa: PLC0415
        from bulkdelete.service.kafka.schedules import ServedSchedules  # noqa: PLC0415

        with client_of(kafka) as client:
            served = ServedSchedules(client, principal(), database)
            found = wanted.apply(served)
            refused = served.settle() if served.commands else {}
    if json:
        print_json(as_data(found, refused, bool(found.to_do) and not dry_run))
    if refused:
        tell_refused(messages(), found, refused)
        raise typer.Exit(SOME_REFUSED)
    if found.to_do and not dry_run:
        messages().print("Done.")


@dataclass(frozen=True)
class Wanted:
    """What the command is told."""

    folder: Path
    prune: bool
    yes: bool
    dry_run: bool

    def apply(self, place: SchedulePlace) -> Plan:
        """Show the plan, ask, and do it; the plan. Raises InvalidJobError."""
        found = plan(self.folder, place, self.prune)
        tell_plan(messages(), found)
        if found.to_do and not self.dry_run:
            ask(found, self.yes)
            for one in found.to_do:
                carry_out(one, place)
        return found


def as_data(found: Plan, refused: dict[UUID, RefusedError], is_applied: bool) -> dict[str, Any]:
    """What was done as one JSON object."""
    changes = [
        one.to_json() | ({"refused": str(refused[one.schedule_id])} if one.schedule_id in refused else {})
        for one in found.changes
    ]
    return {"applied": is_applied, "changes": changes}


def tell_refused(console: Console, found: Plan, refused: dict[UUID, RefusedError]) -> None:
    """What a service did not do, and why."""
    for one in found.changes:
        if one.schedule_id in refused:
            where = one.file or one.name
            console.print(f"refused: {where}: {refused[one.schedule_id]}", style="red", markup=False)


def tell_plan(console: Console, found: Plan) -> None:
    """What would change, and what would not."""
    for one in found.changes:
        sign, style = SIGNS[one.action]
        console.print(f"{sign} {line_of(one)}", style=style, markup=False)
    counts = {action: sum(one.action is action for one in found.changes) for action in Action}
    told = [f"{count:,} {WORDS[action]}" for action, count in counts.items() if count]
    console.print(", ".join(told) + ("" if found.to_do else ": nothing to do") if told else "No job file, no schedule.")
    if counts[Action.LEFT]:
        console.print("What is in no file stays; --prune deletes it.", style="dim")


def line_of(one: Change) -> str:
    """A change in a line."""
    where = f"   {one.file}" if one.file else f"   {str(one.schedule_id)[:8]}"
    what = f": {'; '.join(one.differences)}" if one.differences else ""
    return f"{one.name}{where}{what}"


def ask(found: Plan, yes: bool) -> None:
    """Make sure that it is meant. Raises InvalidJobError without a terminal and `--yes`."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidJobError("there is no terminal to ask on; say --yes to change without being asked", "--yes")
    if not typer.confirm(f"Change {len(found.to_do):,} schedules?", err=True):
        raise InvalidJobError("not confirmed; nothing was changed")
