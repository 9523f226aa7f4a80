"""The rows of `notifications`: one a recipient of each notification, and what each event changes in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import duckdb

from bulkdelete.domain.errors import ViewsError
from bulkdelete.domain.notification import Notification
from bulkdelete.projections.database import columns
from bulkdelete.projections.operations import utc
from bulkdelete.projections.recorded import RecordedEvent

TOPICS = f"{Notification.TOPIC}."
"""What the topic of each event begins with."""


@dataclass
class NotificationRow:
    """How far one recipient is told. Instants are UTC without saying so, as DuckDB takes them."""

    notification_id: UUID
    operation_id: UUID
    outcome: str
    channel: str
    recipient: str
    requested_at: datetime
    updated_at: datetime
    message_id: str
    status: str = "waiting"
    """`waiting`, `delivered` or `undeliverable`."""
    attempts: int = 0
    reason: str | None = None


COLUMNS = tuple(one.name for one in dataclasses.fields(NotificationRow))


def requested(event: RecordedEvent) -> list[NotificationRow]:
    """The rows of a notification that was just requested."""
    at = utc(event.timestamp)
    return [
        NotificationRow(
            event.stream_id, event.operation_id, event.data["outcome"], channel, recipient, at, at,
            event.data["message_id"],
        )
        for channel, some in event.data["recipients"].items()
        for recipient in some
    ]  # fmt: skip


def change(rows: Iterable[NotificationRow], event: RecordedEvent) -> None:
    """Change a notification's rows as the event says."""
    data = event.data
    if event.topic == Notification.Settled.TOPIC:
        return
    for row in rows:
        if row.channel != data["channel"] or row.recipient not in data.get("recipients", [row.recipient]):
            continue
        match event.topic:
            case Notification.AttemptBegun.TOPIC if row.status == "waiting":
                row.attempts = data["attempt"]
            case Notification.AttemptBegun.TOPIC:
                continue
            case Notification.AttemptFailed.TOPIC:
                row.reason = data["reason"]
            case Notification.Delivered.TOPIC:
                row.status, row.reason = "delivered", None
            case Notification.AskedAgain.TOPIC:
                row.status = "waiting"
            case Notification.Undeliverable.TOPIC:
                row.status, row.reason = "undeliverable", data["reason"]
            case topic:
                raise ViewsError(f"the views do not know the event {topic!r}; they need a newer bulkdelete")
        row.updated_at = utc(event.timestamp)


def write_notifications(
    connection: duckdb.DuckDBPyConnection,
    sql: dict[str, str],
    read: Callable[[str, dict[str, Any]], list[dict[str, Any]]],
    events: Sequence[RecordedEvent],
) -> None:
    """Change the rows as these events say, in the transaction that is open. `read` gives rows by their columns."""
    if not events:
        return
    which = {"notification_ids": list({event.stream_id for event in events})}
    rows: dict[UUID, list[NotificationRow]] = {one: [] for one in which["notification_ids"]}
    for found in read(sql["notifications"], which):
        rows[found["notification_id"]].append(NotificationRow(**found))
    for event in events:
        if event.topic == Notification.Requested.TOPIC:
            rows[event.stream_id] = requested(event)
        else:
            change(rows[event.stream_id], event)
    connection.execute(sql["forget notifications"], which)
    flat = [row for some in rows.values() for row in some]
    connection.execute(sql["put notifications"], columns(flat, COLUMNS))
