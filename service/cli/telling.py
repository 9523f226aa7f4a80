"""Operations and their events in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bulkdelete.domain.wall_time import spoken
from bulkdelete.projections.answers import OperationStatus, Step
from bulkdelete.service.cli.output import escaped
from bulkdelete.service.cli.standing import left, rate, words
from bulkdelete.service.walk_wording import WALKS

if TYPE_CHECKING:
    from rich.console import Console

    from bulkdelete.projections.verify import Verification

STATUS = {
    "succeeded": "green", "failed": "red", "canceled": "yellow", "retrying": "yellow", "paused": "yellow",
    "pausing": "yellow", "canceling": "yellow", "in_progress": "cyan",
}  # fmt: skip


def tell_status(console: Console, status: OperationStatus, untold: Sequence[str] = ()) -> None:
    """How far an operation is."""
    colour = STATUS.get(status.status, "default")
    console.print(f"[bold]{escaped(status.name)}[/]   {status.operation_id}   [{colour}]{words(status.status)}[/]")
    asked = f"by {status.requested_by} on {status.database}, submitted {status.submitted_at:%Y-%m-%d %H:%M:%S} UTC"
    console.print("  " + escaped(asked))
    if status.retry_of:
        console.print(f"  retries the failures of {status.retry_of}")
    width = max(len(query.entity) for query in status.queries)
    for at, query in enumerate(status.queries):
        counts = f"{query.matched:>11,} / {max(query.estimated, query.matched):,}"
        counts += f"   {query.deleted:,} deleted · {query.failed:,} failed"
        counts += f" · {query.vanished:,} vanished" if query.vanished else ""
        counts += f"   {WALKS[query.strategy]}" if query.strategy in WALKS else ""
        console.print(f"  {at + 1}  {escaped(query.entity.ljust(width))}  {counts}")
        if query.remaining:
            console.print(f"     {escaped(query.remaining)}", style="dim")
    for what, counted in (("more by cascade", status.cascaded), ("unlinked", status.unlinked)):
        if counted:
            each = ", ".join(f"{number:,} {entity}" for entity, number in counted.items())
            console.print(f"  {what}: {escaped(each)}")
    if status.started_at:
        console.print(f"  {status.duration_seconds:,.1f} s   {rate(status)}   {left(status)}".rstrip(), style="dim")
    if status.rate:
        console.print(f"  at most {status.rate:,g} records/s", style="dim")
    if status.waiting_for:
        console.print(f"  waiting for: {escaped(status.waiting_for)}", style="yellow")
    if status.reason:
        console.print(f"  {escaped((status.field + ': ' if status.field else '') + status.reason)}", style="red")
    for one in untold:
        console.print(f"  {escaped(one)}", style="yellow")


def tell_step(step: Step) -> str:
    """What an event says, beside its name."""
    data = step.data
    match step.type:
        case "Submitted":
            asked = plural(len(data["job"]["queries"]), "query", "queries")
            under = ", under a catalogue" if "catalogue" in data["job"] else ""
            under += f", ledger in {data['job']['ledger']}" if "ledger" in data["job"] else ""
            return f"by {data['requested_by']}: {asked} on {data['database']}{under}{retried(data['job'])}"
        case "FailuresRetried":
            why = f", for {', '.join(data['causes'])}" if data["causes"] else ""
            return f"by {data['requested_by']}: as operation {data['retry_id']}{why}"
        case "Requested" | "AttemptBegun" | "Delivered" | "AttemptFailed" | "Undeliverable" | "AskedAgain" | "Settled":
            return notice_words(step.type, data)
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


def notice_words(kind: str, data: Mapping[str, Any]) -> str:
    """What became of telling people."""
    if kind == "Requested":
        return ", ".join(f"{name}: {', '.join(some)}" for name, some in data["recipients"].items())
    if kind == "Settled":
        return f"{data['delivered']:,} told, {data['undeliverable']:,} not"
    if kind == "AttemptBegun":
        return f"{data['channel']}, attempt {data['attempt']}"
    why = f": {data['reason']}" if "reason" in data else ""
    why += f", by {data['requested_by']}" if "requested_by" in data else ""
    return f"{data['channel']}: {', '.join(data['recipients'])}{why}"


def retried(job: Mapping[str, Any]) -> str:
    """Whose failures a job retries."""
    if "retry_of" not in job:
        return ""
    causes = job["retry_of"]["causes"]
    why = f" for {', '.join(causes)}" if causes else ""
    return f", the failures of {job['retry_of']['operation_id']}{why}"


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
