"""The state folder of one machine: the event store, the views, and a lock per operation."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import BulkDeleteError, OperationBusyError
from bulkdelete.projections.keeper import ViewKeeper
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.service.locks import PROBED, held, is_held
from bulkdelete.service.opening import PREFIX, opened
from bulkdelete.service.whereabouts import default_state

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """Where one machine keeps what it knows."""

    folder: Path

    @property
    def views(self) -> Path:
        """The snapshot of the views, for any DuckDB client."""
        return self.folder / "views.duckdb"

    @property
    def events(self) -> Path:
        """The event store."""
        return self.folder / "events.db"

    def application(self) -> BulkDeletes:
        """Open the event store."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(self.events.absolute()),
            "SQLITE_LOCK_TIMEOUT": "30",
            "SQLITE_POOL_SIZE": "8",
            "AGGREGATE_CACHE_MAXSIZE": "16",
        }
        return opened({f"{PREFIX}{name}": value for name, value in settings.items()}, f"in {self.folder}")

    @property
    def is_default(self) -> bool:
        """Whether nobody has to name it."""
        return self.folder == default_state()

    @contextmanager
    def keeping_views(self, application: BulkDeletes) -> Iterator[None]:
        """Keep the views up to date beside a run, in a thread of its own; caught up when the run ends."""
        stopping = threading.Event()
        keeper = threading.Thread(
            target=keep_views, args=(ViewFiles.beside(self.views), application, stopping), name="views", daemon=True
        )
        keeper.start()
        try:
            yield
        finally:
            stopping.set()
            keeper.join(timeout=120)

    @contextmanager
    def driving(self, operation_id: UUID) -> Iterator[None]:
        """Be the one process that drives the operation. Raises OperationBusyError where another one is."""
        with held(self.folder, operation_id, PROBED) as ours:
            if not ours:
                raise OperationBusyError(f"another process drives operation {operation_id}")
            yield

    def holding(self, identity: UUID) -> AbstractContextManager[bool]:
        """Hold an operation or a notification against other processes; False where another one holds it."""
        return held(self.folder, identity)

    def is_driven(self, operation_id: UUID) -> bool:
        """Whether a process drives the operation."""
        return is_held(self.folder, operation_id)


def keep_views(files: ViewFiles, application: BulkDeletes, stopping: threading.Event) -> None:
    """Follow the event store until told to stop, and to its end; trouble with views never stops a run."""
    try:
        with ViewKeeper(files, application) as keeper:
            while not stopping.wait(0.2):
                keeper.step()
            while keeper.step():
                pass
    except (BulkDeleteError, OSError):
        logger.exception("the views could not be kept; they catch up when they are asked", extra={"action": "views"})
