"""The failures of one operation, from the event store alone: for whoever has no views, or must not wait for them.

They go through the same tables as everybody's views, made aside for the time they are asked: memory stays flat
however many there are.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.batch import Batch, batch_id
from bulkdelete.domain.errors import UnavailableError
from bulkdelete.domain.operation import Operation
from bulkdelete.projections.database import MEMORY_LIMIT
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.log import stream_reader
from bulkdelete.projections.named import statements
from bulkdelete.projections.projector import Projector
from bulkdelete.projections.reads import Reads
from bulkdelete.projections.rebuild import none_are_missing
from bulkdelete.projections.recorded import RecordedEvent
from bulkdelete.projections.source import OpenStore

FATES = frozenset({Batch.RecordFailed.TOPIC, Batch.FailureCleared.TOPIC})
LAST_VERSION = 2**62


def failure_events(application: BulkDeletes, operation_id: UUID) -> Iterator[RecordedEvent]:
    """The events of an operation, with those batches whole in which records failed or failures were settled."""
    read = stream_reader(application)
    for event in read(operation_id, 0, LAST_VERSION):
        if event.topic == Operation.BatchDeleted.TOPIC and (event.data["failed"] or event.data["cleared"]):
            yield from read(batch_id(operation_id, event.data["unit"], event.data["batch"]), 0, LAST_VERSION)
        yield event


def told_causes(application: BulkDeletes, operation_id: UUID, most: int) -> tuple[set[str], bool]:
    """What an operation's failures may be named by: numbers, constraints, blocking entities; and whether that is all.

    At most so many events are looked at.
    """
    known: set[str] = set()
    for looked, event in enumerate(failure_events(application, operation_id)):
        if looked == most:
            return known, False
        if event.topic == Batch.RecordFailed.TOPIC:
            names = (event.data[name] for name in ("error_number", "constraint", "blocking_entity"))
            known |= {name for name in names if name}
    return known, True


@contextmanager
def failures_of(application: BulkDeletes, operation_id: UUID, memory_limit: str = MEMORY_LIMIT) -> Iterator[Reads]:
    """Views that hold the failures of one operation, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="bulkdelete-failures-", ignore_cleanup_errors=True) as aside:
        files = ViewFiles(Path(aside) / "views.duckdb", Path(aside) / "views")
        projector = Projector(files, none_are_missing, memory_limit, fates=FATES)
        try:
            projector.record(failure_events(application, operation_id))
            yield Reads(projector.connection, OpenStore(application))
        finally:
            projector.close()


class FailedRecords:
    """The records that failed in an operation that has ended, in an order that is the same for every runner.

    The log of an operation that has ended does not change, so a record keeps its rank. Any thread may ask.
    """

    def __init__(self, application: BulkDeletes, operation_id: UUID, causes: Sequence[str] = ()) -> None:
        self.stack = ExitStack()
        self.lock = threading.Lock()
        self.is_closed = False
        self.sql = statements("failed.sql")
        self.reads = self.stack.enter_context(failures_of(application, operation_id))
        try:
            asked = {"operation_id": operation_id, "causes": list(causes)}
            self.reads.connection.execute(self.sql["list"], asked)
        except BaseException:
            self.close()
            raise

    def count(self, query_index: int) -> int:
        """How many records of a query failed."""
        ((count,),) = self.rows("count", query_index=query_index)
        return int(count)

    def some(self, query_index: int, first: int, most: int) -> list[str]:
        """The keys from a rank on, at most so many: as text, composite ones as JSON lists."""
        found = self.rows("some", query_index=query_index, first=first, until=first + most)
        return [record for (record,) in found]

    def rows(self, name: str, **parameters: int) -> list[tuple[Any, ...]]:
        """The rows of a named statement."""
        with self.lock:
            if self.is_closed:
                raise UnavailableError("the list of failed records was let go of in the meantime")
            return self.reads.connection.execute(self.sql[name], parameters).fetchall()

    def close(self) -> None:
        """Forget them; whoever asks later gets an UnavailableError."""
        with self.lock:
            self.is_closed = True
            self.stack.close()
