"""Where views come from: an event store, which a question opens only where the views are behind it.

What reads events takes longer to load than most questions take to answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bulkdelete.domain.application import BulkDeletes


class EventSource(Protocol):
    """An event store that may not be open yet."""

    def end(self) -> int:
        """The position of the last event, 0 where there is none."""

    def application(self) -> BulkDeletes:
        """The event store, open. Raises UnavailableError."""


@dataclass(frozen=True)
class OpenStore:
    """An event store that is open anyway."""

    opened: BulkDeletes

    def end(self) -> int:
        """The position of the last event, 0 where there is none."""
        from bulkdelete.projections.log import end_of_log  # noqa: PLC0415

        return end_of_log(self.opened)

    def application(self) -> BulkDeletes:
        """The event store."""
        return self.opened


def source_of(application: BulkDeletes | None) -> EventSource | None:
    """An open event store as a source; None of none."""
    return None if application is None else OpenStore(application)
