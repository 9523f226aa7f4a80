"""How fast earlier runs were, as this machine's views tell it."""

from __future__ import annotations

from bulkdelete.domain.errors import BulkDeleteError
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.service.state import State

LEAST = 5_000
"""Records of a run whose rate tells something: smaller ones mostly start and end."""


def earlier_rates(state: State, database: str) -> dict[str, float]:
    """Entity → records a second, by the last runs on the database; nothing where the views cannot be read."""
    try:
        with open_views(ViewFiles.beside(state.views), None) as views:
            return views.rates(database, LEAST)
    except BulkDeleteError:
        return {}
