"""How a schedule stands, for whoever asks: from the schedule itself, or from the views."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from bulkdelete.domain.wall_time import DEFAULT_ZONE, rfc3339

if TYPE_CHECKING:
    from bulkdelete.domain.scheduling.schedule import Schedule


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """How a schedule stands. Instants are in UTC."""

    schedule_id: UUID
    name: str
    next_run: datetime | None
    recurrence: str | None
    time_zone: str
    enabled: bool
    last_operation_id: UUID | None
    last_occurrence: datetime | None
    starts: str
    """The time on the wall from which its recurrence counts, without an offset."""
    database: str
    requested_by: str
    revision: int

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """How it stands now."""
        job, last = schedule.job, schedule.last_operation_id
        return cls(
            schedule_id=schedule.id, name=job["name"], next_run=instant(schedule.next_run),
            recurrence=job.get("recurrence"), time_zone=job.get("time_zone") or DEFAULT_ZONE,
            enabled=schedule.enabled, last_operation_id=UUID(last) if last else None,
            last_occurrence=instant(schedule.last_occurrence), starts=schedule.starts, database=schedule.database,
            requested_by=schedule.requested_by, revision=schedule.revision,
        )  # fmt: skip

    @property
    def order(self) -> tuple[bool, str, str, str]:
        """What is due first comes first; then by name."""
        due = rfc3339(self.next_run) if self.next_run else ""
        return self.next_run is None, due, self.name, str(self.schedule_id)

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON values; instants are RFC 3339 in UTC."""
        return {name: as_text(getattr(self, name)) for name in self.__slots__}


def instant(text: str | None) -> datetime | None:
    """An instant that events tell."""
    return datetime.fromisoformat(text) if text else None


def as_text(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value) if isinstance(value, UUID) else value
