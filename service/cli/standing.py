"""Where operations stand, in a few words each."""

from __future__ import annotations

from collections.abc import Sequence

from bulkdelete.projections.answers import Halt, OperationLine, OperationStatus
from bulkdelete.service.cli.output import escaped, messages


def words(status: str) -> str:
    """A status as people read it."""
    return status.replace("_", " ").capitalize()


def rate(one: OperationStatus | OperationLine) -> str:
    """Records a second."""
    if not one.duration_seconds or not one.matched:
        return ""
    speed = one.matched / one.duration_seconds
    return f"{speed / 1000:,.0f} k/s" if speed >= 10_000 else f"{speed:,.0f}/s"


def left(one: OperationStatus | OperationLine) -> str:
    """The time left, while it runs."""
    if one.status != "in_progress" or not one.matched or not one.duration_seconds:
        return ""
    seconds = one.more * one.duration_seconds / one.matched
    return f"{seconds / 60:,.0f} min" if seconds >= 120 else f"{seconds:,.0f} s"


def row_of(one: OperationLine, untold: Sequence[str] = ()) -> tuple[str, ...]:
    """An operation as a row for people; at its end, who could not be told of it."""
    more = f" (and {len(untold) - 1} more)" if len(untold) > 1 else ""
    counts = (f"{one.deleted:,}", f"{one.failed:,}")
    return (
        str(one.operation_id)[:8],
        one.name,
        words(one.status),
        *counts,
        rate(one),
        left(one),
        one.waiting_for or (f"{untold[0]}{more}" if untold else ""),
    )


def tell_halt(halt: Halt | None) -> None:
    """That everything is halted, by whom and why."""
    if halt is None:
        return
    who = f"{halt.requested_by} at {halt.halted_at:%Y-%m-%d %H:%M:%S} UTC: {halt.reason}"
    messages().print(f"[red]Everything is halted[/] by {escaped(who)}   (bulkdelete unhalt lets it go on)")
