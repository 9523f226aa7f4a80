"""Operations and their events in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from bulkdelete.domain.instants import spoken
from bulkdelete.projections.answers import Halt, OperationStatus, Step
from bulkdelete.projections.verify import Verification
from bulkdelete.service.wording import WALKS

STATUS = {
    "succeeded": "green", "failed": "red", "canceled": "yellow", "retrying": "yellow", "paused": "yellow",
    "pausing": "yellow", "canceling": "yellow", "in_progress": "cyan",
}  # fmt: skip


def words(status: str) -> str:
    """A status as people read it."""
    return status.replace("_", " ").capitalize()


def done(status: OperationStatus) -> int:
    """Records whose turn has come."""
    return sum(query.matched for query in status.queries)


def rate(status: OperationStatus) -> str:
    """Records a second."""
    if not status.duration_seconds or not done(status):
        return ""
    speed = done(status) / status.duration_seconds
    return f"{speed / 1000:,.0f} k/s" if speed >= 10_000 else f"{speed:,.0f}/s"


def left(status: OperationStatus) -> str:
    """The time left, while it runs."""
    if status.status != "in_progress" or not done(status) or not status.duration_seconds:
        return ""
    more = sum(max(0, query.estimated - query.matched) for query in status.queries)
    seconds = more * status.duration_seconds / done(status)
    return f"{seconds / 60:,.0f} min" if seconds >= 120 else f"{seconds:,.0f} s"


def tell_halt(console: Console, halt: Halt | None) -> None:
    """That everything is halted, by whom and why."""
    if halt is not None:
        who = f"{halt.requested_by} at {halt.halted_at:%Y-%m-%d %H:%M:%S} UTC: {halt.reason}"
        console.print(f"[red]Everything is halted[/] by {escape(who)}   (bulkdelete unhalt lets it go on)")


def tell_status(console: Console, status: OperationStatus) -> None:
    """How far an operation is."""
    colour = STATUS.get(status.status, "default")
    console.print(f"[bold]{escape(status.name)}[/]   {status.operation_id}   [{colour}]{words(status.status)}[/]")
    asked = f"by {status.requested_by} on {status.database}, submitted {status.submitted_at:%Y-%m-%d %H:%M:%S} UTC"
    console.print("  " + escape(asked))
    width = max(len(query.entity) for query in status.queries)
    for at, query in enumerate(status.queries):
        counts = f"{query.matched:>11,} / {max(query.estimated, query.matched):,}"
        counts += f"   {query.deleted:,} deleted · {query.failed:,} failed"
        counts += f" · {query.vanished:,} vanished" if query.vanished else ""
        counts += f"   {WALKS[query.strategy]}" if query.strategy in WALKS else ""
        console.print(f"  {at + 1}  {escape(query.entity.ljust(width))}  {counts}")
        if query.remaining:
            console.print(f"     {escape(query.remaining)}", style="dim")
    for what, counted in (("more by cascade", status.cascaded), ("unlinked", status.unlinked)):
        if counted:
            each = ", ".join(f"{number:,} {entity}" for entity, number in counted.items())
            console.print(f"  {what}: {escape(each)}")
    if status.started_at:
        console.print(f"  {status.duration_seconds:,.1f} s   {rate(status)}   {left(status)}".rstrip(), style="dim")
    if status.rate:
        console.print(f"  at most {status.rate:,g} records/s", style="dim")
    if status.waiting_for:
        console.print(f"  waiting for: {escape(status.waiting_for)}", style="yellow")
    if status.reason:
        console.print(f"  {escape((status.field + ': ' if status.field else '') + status.reason)}", style="red")


def row_of(one: OperationStatus) -> tuple[str, ...]:
    """An operation as a row for people."""
    counts = (f"{one.deleted:,}", f"{one.failed:,}")
    return (
        str(one.operation_id)[:8],
        one.name,
        words(one.status),
        *counts,
        rate(one),
        left(one),
        one.waiting_for or "",
    )


def tell_step(step: Step) -> str:
    """What an event says, beside its name."""
    data = step.data
    match step.type:
        case "Submitted":
            asked = plural(len(data["job"]["queries"]), "query", "queries")
            under = ", under a catalogue" if "catalogue" in data["job"] else ""
            under += f", ledger in {data['job']['ledger']}" if "ledger" in data["job"] else ""
            return f"by {data['requested_by']}: {asked} on {data['database']}{under}"
        case "Started":
            return f"cut-off {data['cut_off']}" + (f", epoch {data['epoch']}" if data["epoch"] > 1 else "")
        case "Planned":
            kind = "the failed once more" if data["retry"] else f"pass {data['number']}"
            how = WALKS.get(data["walk"].get("kind", ""), "")
            plan = f"about {data['estimated']:,} records {how}, {plural(data['units'], 'unit')}"
            return f"query {data['query_index'] + 1}, {kind}: {plan}"
        case "BatchDeleted":
            return batch_words(data)
        case "RecordsDeleted" | "RecordFailed" | "FailureCleared":
            return f"{data['records']['count']:,} of {data['entity']}" + (
                f": {data['error_description']}" if "error_description" in data else ""
            )
        case "PostponeRequested" | "Postponed":
            return f"{said(data)} until {spoken(data['until'], data['time_zone'])}".strip()
        case "Throttled":
            return f"{said(data)} " + (f"at most {data['rate']:,g} records/s" if data["rate"] else "no bound")
        case "CommandRefused":
            return f"{data['command']} {said(data)}"
        case "Completed":
            return f"{data['deleted']:,} deleted, {data['failed']:,} failed"
        case _:
            return said(data)


def batch_words(data: Mapping[str, Any]) -> str:
    """What a batch did."""
    text = f"query {data['query_index'] + 1}, batch {data['unit']}/{data['batch']}: "
    text += f"{data['deleted']:,} records in {data['duration'] * 1000:,.0f} ms"
    for name in ("failed", "cleared", "vanished"):
        text += f", {data[name]:,} {name}" if data[name] else ""
    for name, how in (("cascaded", "by cascade"), ("unlinked", "unlinked")):
        for entity, number in data[name].items():
            text += f", {number:,} {entity} {how}"
    return text


def said(data: Mapping[str, Any]) -> str:
    """Who asked, and why."""
    who = f"by {data['requested_by']}" if "requested_by" in data else ""
    where = f"{data['field']}: " if data.get("field") else ""
    return " ".join(part for part in (who, where + str(data.get("reason", ""))) if part)


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 unit`, `2 units`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def tell_verification(console: Console, found: Verification) -> None:
    """Whether the views are right, for people."""
    rows = ", ".join(f"{count:,} {table}" for table, count in found.rows.items())
    console.print(f"{'Equal' if found.equal else 'Not equal'}: {rows}, against {found.events:,} events", markup=False)
    for one in found.differences:
        console.print(
            f"  {one.table}: {one.only_in_views:,} rows only in the views, {one.only_in_log:,} only in the log"
        )
        for example in one.examples:
            console.print(f"    {example}", markup=False)
