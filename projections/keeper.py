"""ViewKeeper: keeps views up to date, as the one process that may write them, and publishes snapshots.

Call `step` again and again (embedded: it reads the event store), or `take` and `reject` with what Kafka brings, and
in the end `close`. Any number of keepers may stand by: the lock says which one writes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

import duckdb
from filelock import FileLock, Timeout

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import UnavailableError, ViewsError
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.log import end_of_log, read_log, stream_reader
from bulkdelete.projections.projector import Projector, RejectedMessage
from bulkdelete.projections.recorded import LOG, RecordedEvent
from bulkdelete.projections.snapshot import publish, remove

logger = logging.getLogger(__name__)

KEEPER_MEMORY = "48MB"
"""A keeper lives beside everything else that a process does."""
SECONDS_OF_A_STEP = 1.0
SECONDS_BETWEEN_SWEEPS = 60.0
SHARE_OF_TIME = 10
"""A snapshot that takes long to write is written the more seldom: at most a tenth of the time goes there."""


class ViewKeeper:
    """Keeps one set of views up to date."""

    def __init__(
        self,
        files: ViewFiles,
        application: BulkDeletes,
        memory_limit: str = KEEPER_MEMORY,
        seconds_between_snapshots: float = 1.0,
    ) -> None:
        files.folder.mkdir(parents=True, exist_ok=True)
        self.files = files
        self.application = application
        self.memory_limit = memory_limit
        self.pause = seconds_between_snapshots
        self.lock = FileLock(files.lock, thread_local=False)
        self.projector: Projector | None = None
        self.is_behind = False
        self.is_far_behind = False
        self.follows_log = False
        self.next_snapshot = 0.0
        self.next_sweep = 0.0
        self.quiet_until = 0
        """New views are not published before they hold the log as it was when they were begun."""

    def __enter__(self) -> ViewKeeper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def acquire(self, timeout: float = 0.0) -> bool:
        """Become the one that writes, if nobody else is."""
        if self.projector is not None:
            return True
        try:
            self.lock.acquire(timeout=timeout)
        except Timeout:
            return False
        try:
            self.projector = opened(self.files, self.application, self.memory_limit)
        except BaseException:
            self.lock.release()
            raise
        if not self.projector.positions():
            self.quiet_until = end_of_log(self.application)
        self.is_behind = True
        return True

    @property
    def writer(self) -> Projector:
        """The projector. Raises UnavailableError where another process writes."""
        if not self.acquire() or self.projector is None:
            raise UnavailableError(f"another process writes the views {self.files.snapshot}")
        return self.projector

    def step(self) -> bool:
        """Take what happened since, for about a second; whether there is more to take.

        Nobody sees what is not published: between two snapshots it does nothing, unless it is far behind.
        """
        if not self.acquire() or not (self.is_due or self.is_far_behind):
            return False
        self.follows_log = True
        until = time.monotonic() + SECONDS_OF_A_STEP
        self.is_far_behind = False
        for section in read_log(self.application, self.writer.positions().get(LOG, 0)):
            self.record(section)
            if time.monotonic() > until:
                self.is_far_behind = True
                break
        if self.writer.positions().get(LOG, 0) >= self.quiet_until:
            self.publish_if_due()
        return self.is_far_behind

    def catch_up(self) -> bool:
        """Take everything that happened. False where another process writes."""
        if self.acquire():
            self.is_far_behind = True
            while self.step():
                pass
        return self.projector is not None

    def take(self, events: Iterable[RecordedEvent]) -> int:
        """Take events that Kafka brought; how many were new."""
        new = self.record(events)
        self.publish_if_due()
        return new

    def reject(self, messages: Sequence[RejectedMessage]) -> int:
        """Take rejections; how many were new."""
        new = self.writer.reject(messages)
        self.is_behind = self.is_behind or bool(messages)
        self.publish_if_due()
        return new

    def record(self, events: Iterable[RecordedEvent]) -> int:
        """Write events."""
        with self.explained():
            new = self.writer.record(events)
        self.is_behind = True
        return new

    @property
    def is_due(self) -> bool:
        """Whether the last snapshot is so long ago that another one may be published."""
        return time.monotonic() >= self.next_snapshot

    def publish_if_due(self) -> None:
        """Publish a snapshot where something moved and the last one is some time ago."""
        if self.is_behind and self.is_due:
            self.publish()

    def publish(self) -> None:
        """Publish a snapshot, and remove files that nobody reads any more."""
        began = time.monotonic()
        with self.explained():
            publish(self.writer.connection, self.files)
            if began >= self.next_sweep:
                self.writer.parts.sweep()
                self.next_sweep = began + SECONDS_BETWEEN_SWEEPS
        self.is_behind = False
        ended = time.monotonic()
        self.next_snapshot = ended + max(self.pause, SHARE_OF_TIME * (ended - began))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """What DuckDB cannot do is a ViewsError; the next attempt opens the file anew."""
        try:
            yield
        except duckdb.Error as error:
            self.release()
            raise ViewsError(f"the views {self.files.snapshot} cannot be written: {error!s:.300}") from error

    def close(self) -> None:
        """Take what is left in the log, where that is what it follows; publish; let another process write."""
        if self.projector is None:
            return
        try:
            if self.follows_log:
                self.catch_up()
            if self.is_behind:
                self.publish()
        finally:
            self.release()

    def release(self) -> None:
        """Let go of the file, and let another process write."""
        if self.projector is not None:
            self.projector.close()
            self.projector = None
            self.lock.release()


def opened(files: ViewFiles, application: BulkDeletes, memory_limit: str) -> Projector:
    """The projector of the live file; where that cannot be read, of a new one."""
    missing = stream_reader(application)
    try:
        return Projector(files, missing, memory_limit)
    except (duckdb.Error, ViewsError) as error:
        if "Conflicting lock" in str(error):
            raise UnavailableError(f"{files.live} is open in another program: {error!s:.200}") from None
        logger.warning(
            "The views %s cannot be read and are made anew: %.300s", files.snapshot, error, extra={"action": "rebuilt"}
        )
    remove(files.live)
    return Projector(files, missing, memory_limit)
