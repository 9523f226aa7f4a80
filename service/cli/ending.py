"""How a run ended: the exit code, and why records were kept."""

from __future__ import annotations

from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import BulkDeleteError
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.service.state import State

DONE, SOME_FAILED, REFUSED, CANCELED, INTERRUPTED = 0, 1, 2, 3, 130


def reasons(application: BulkDeletes, state: State, operation_id: UUID) -> list[str]:
    """Why records were kept, a line a cause; nothing where the views cannot be read."""
    try:
        with open_views(ViewFiles.beside(state.views), application) as views:
            _, rows = views.sql(
                'SELECT count(*), entity, error_description, "constraint", blocking_entity FROM failures '
                f"WHERE operation_id = '{operation_id}' GROUP BY ALL ORDER BY 1 DESC LIMIT 10"
            )
            return [told(*row) for row in rows]
    except BulkDeleteError:
        return []


def told(count: int, entity: str, text: str, constraint: str | None, blocking: str | None) -> str:
    """One cause in a line."""
    if blocking and constraint:
        return f"{count:,} × {entity}: {blocking} still refers to it ({constraint})"
    return f"{count:,} × {entity}: {text}"


def exit_code(operation: Operation) -> int:
    """What the shell is told."""
    match Status(operation.status):
        case Status.SUCCEEDED:
            return SOME_FAILED if any(query["failed"] for query in operation.queries) else DONE
        case Status.FAILED:
            return REFUSED
        case Status.CANCELED:
            return CANCELED
        case _:
            return INTERRUPTED
