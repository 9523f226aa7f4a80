"""An event store that is opened when it is needed: where it ends is asked of its file."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bulkdelete.service.whereabouts import Whereabouts

if TYPE_CHECKING:
    from bulkdelete.domain.application import BulkDeletes

END = "SELECT max(rowid) FROM stored_events"
"""As the library asks for it."""
PATIENCE = 15.0


@dataclass
class StoredEvents:
    """The event store at a place, for `with`."""

    place: Whereabouts
    _opened: BulkDeletes | None = field(default=None, init=False)
    _stack: ExitStack = field(default_factory=ExitStack, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def end(self) -> int:
        """The position of the last event, 0 where there is none. Raises UnavailableError."""
        # What cannot be asked of the file is asked of the library, which also says why.
        with suppress(sqlite3.Error):
            if self._opened is None and (path := self.place.file) is not None and path.is_file():
                with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
                    return connection.execute(END).fetchone()[0] or 0
        # Only here: what reads events takes a while to load.
        from bulkdelete.projections.log import end_of_log  # noqa: PLC0415

        return end_of_log(self.application())

    def application(self) -> BulkDeletes:
        """The event store, open. Raises UnavailableError, SettingsError."""
        if self._opened is None:
            from bulkdelete.service.event_store import open_event_store  # noqa: PLC0415
            from bulkdelete.service.urls import Url  # noqa: PLC0415

            self._opened = self._stack.enter_context(open_event_store(Url(self.place.events)))
        return self._opened
