"""Which operations there are, from the event store alone; ids may be shortened, as with git."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.domain.operation import Operation

SECTION = 1000
MOST_SHOWN = 10


def submitted(application: BulkDeletes) -> Iterator[UUID]:
    """The ids of all operations, in the order they were submitted."""
    start: int | None = None
    while section := application.notification_log.select(
        start, SECTION, topics=[Operation.Submitted.TOPIC], inclusive_of_start=start is None
    ):
        for notification in section:
            assert isinstance(notification.originator_id, UUID)
            yield notification.originator_id
        start = section[-1].id


def identify(application: BulkDeletes, prefix: str | None) -> UUID:
    """The operation whose id begins so; the last one where none is named. Raises OperationNotFoundError."""
    found = [one for one in submitted(application) if prefix is None or str(one).startswith(prefix.lower())]
    if not found:
        what = "no operation was submitted" if prefix is None else f'no operation begins with "{prefix}"'
        raise OperationNotFoundError(what, "ID")
    if prefix is not None and len(found) > 1:
        shown = ", ".join(str(one) for one in found[:MOST_SHOWN])
        raise OperationNotFoundError(f'"{prefix}" may mean {len(found)} operations: {shown}', "ID")
    return found[-1]
