"""What a way to delete a batch needs of the transaction that the batch belongs to."""

from __future__ import annotations

from typing import Protocol

import sqlalchemy as sa

from bulkdelete.records.careful import Careful
from bulkdelete.records.dialect import Dialect, Span
from bulkdelete.records.effort import Effort, Place
from bulkdelete.records.ledger import Ledger
from bulkdelete.records.predicates import Truth
from bulkdelete.records.result import BatchResult
from bulkdelete.records.scope import Run


class Batches(Protocol):
    """What every batch needs, in the transaction that it belongs to."""

    dialect: Dialect
    ledger: Ledger

    def begin(self, connection: sa.Connection, run: Run, place: Place) -> None:
        """Claim the batch."""
        ...

    def where(self, run: Run, place: Place, span: Span, aside_exists: bool) -> Truth:
        """The full predicate, without the records known to fail."""
        ...

    def care(self, connection: sa.Connection, run: Run, place: Place, effort: Effort, again: bool = False) -> Careful:
        """The careful way."""
        ...

    def finish(self, connection: sa.Connection, run: Run, place: Place, result: BatchResult) -> None:
        """Write the outcome into the ledger row."""
        ...
