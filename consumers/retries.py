"""The records that a retry is limited to: found in the event store once, and kept while its batches are deleted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

import duckdb

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import UnavailableError
from bulkdelete.domain.job import RetryOf
from bulkdelete.projections.failed import FailedRecords

MOST_KEPT = 4
"""Retries whose records are kept at once; those of others are found again."""


@dataclass
class RetriedRecords:
    """The records of the retries that this process works on."""

    application: BulkDeletes
    kept: OrderedDict[UUID, FailedRecords] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, operation_id: UUID, limit: RetryOf) -> FailedRecords:
        """The records of one retry. Raises UnavailableError where they cannot be listed now."""
        with self.lock:
            found = self.kept.get(operation_id)
            if found is None:
                try:
                    found = FailedRecords(self.application, limit.operation_id, limit.causes)
                except (duckdb.Error, OSError) as error:
                    raise UnavailableError(f"the failed records cannot be listed: {error!s:.300}") from error
                self.kept[operation_id] = found
            self.kept.move_to_end(operation_id)
            while len(self.kept) > MOST_KEPT:
                self.kept.popitem(last=False)[1].close()
            return found

    def forget(self, operation_id: UUID) -> None:
        """The retry has ended."""
        with self.lock:
            found = self.kept.pop(operation_id, None)
            if found is not None:
                found.close()

    def close(self) -> None:
        """Forget them all."""
        for operation_id in list(self.kept):
            self.forget(operation_id)
