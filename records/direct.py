"""The direct way to delete a batch: one statement packs the ids into the ledger, one deletes; the counts must agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.record_ids import RecordIds
from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import Dialect
from bulkdelete.records.effort import TooManyError
from bulkdelete.records.ledger import Ledger
from bulkdelete.records.predicates import Truth


class DisagreementError(Exception):
    """The database deleted another number of records than it listed: a trigger, or a record moved."""


@dataclass
class Direct:
    """One batch of an entity to which no other record refers, in the transaction it belongs to."""

    connection: sa.Connection
    dialect: Dialect
    ledger: Ledger
    most: int
    """Records in one batch beyond which it is not attempted."""

    def delete(self, entity: Entity, where: Truth, row: dict[str, str | int]) -> RecordIds:
        """Delete what matches, after the database wrote the ledger row with the ids.

        Raises DisagreementError, TooManyError, PackError.

        Both statements see the same snapshot, or the transaction holds what was listed, or the only write lock.
        """
        ledger = self.ledger.ledger
        counted = sa.select(
            *(sa.literal(value) for value in row.values()),
            sa.func.count(),
            self.dialect.packed(entity.key_kind, entity.key_columns),
        ).select_from(entity.table).where(where)  # fmt: skip
        written = sa.insert(ledger).from_select([*row, "count", "ids"], self.dialect.hold_listed(counted))
        count, packed = self.written(written, row)
        if count > self.most:
            raise TooManyError
        if count:
            deleted = self.connection.execute(sa.delete(entity.table).where(where)).rowcount
            if deleted != count:
                raise DisagreementError(f"{deleted} records were deleted, {count} were listed")
        return self.dialect.unpacked(entity.key_kind, packed, count)

    def written(self, insert: sa.Insert, row: dict[str, str | int]) -> tuple[int, Any]:
        """Write the ledger row; the count and the packed ids that the database put into it."""
        ledger = self.ledger.ledger
        both = ledger.c.count, ledger.c.ids
        if self.connection.dialect.insert_returning:
            count, packed = self.connection.execute(insert.returning(*both)).one()
            return count, packed
        self.connection.execute(insert)
        key = [column == row[column.name] for column in ledger.primary_key.columns]
        count, packed = self.connection.execute(sa.select(*both).where(*key)).one()
        return count, packed
