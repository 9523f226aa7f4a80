"""Why a record could not be deleted, in the database's own words."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import sqlalchemy as sa

from bulkdelete.domain.failures import Cause, PackedIds
from bulkdelete.domain.record_ids import KeyKind
from bulkdelete.records.blockers import Kept
from bulkdelete.records.catalogue import Catalogue, Relationship
from bulkdelete.records.dialect import Dialect
from bulkdelete.records.fault import Fault
from bulkdelete.records.result import LONGEST_TEXT

RETRYABLE = {"locked", "conflict", "slow"}


@dataclass(frozen=True)
class Reason:
    """One cause, without its records."""

    number: str
    text: str
    constraint: str | None = None
    blocking_entity: str | None = None
    retryable: bool = False

    @property
    def mark(self) -> str:
        """Tells apart, in our own table, what records were told to be kept back by."""
        return f"{zlib.crc32(f'{self.number}|{self.constraint}|{self.blocking_entity}'.encode()):08x}"

    def cause(self, entity: str, kind: KeyKind, kept: Kept) -> Cause:
        """The cause with the records it held back."""
        return Cause(
            entity=entity, error_number=self.number, error_description=self.text[:LONGEST_TEXT],
            constraint=self.constraint, blocking_entity=self.blocking_entity, retryable=self.retryable,
            records=PackedIds.of(kept.all_ids(kind)),
            blocking_counts=kept.counts if kept.is_blocked else [],
            blocking_samples=kept.samples if kept.is_blocked else [],
        )  # fmt: skip


DECLARED = "restricted_by_catalogue"
KEPT = Reason("skipped_by_trigger", "the database reported no error and kept the record: a trigger does that")


def reason_of(fault: Fault, entity: str, catalogue: Catalogue) -> Reason:
    """What an error says, with the entity that really restricts where it names one of its relationships."""
    known = [one for one in catalogue.relationships if one.name == fault.constraint]
    tables = {one.table.name: name for name, one in catalogue.entities.items()}
    blocking = known[0].child if known else tables.get(fault.table or "")
    # What other records cause may be over when those have gone.
    retryable = fault.kind in RETRYABLE or bool(known)
    return Reason(
        fault.number, fault.text, fault.constraint, blocking if known or blocking != entity else None, retryable
    )


def reason_of_declared(relationship: Relationship) -> Reason:
    """Why a relationship keeps a record of which the database knows nothing, or something else."""
    columns = ", ".join(relationship.child_columns)
    text = f"the catalogue says that records of {relationship.child} restrict what they refer to ({columns})"
    return Reason(DECLARED, text, relationship.name, relationship.child, retryable=True)


def reason_of_restriction(
    connection: sa.Connection, dialect: Dialect, relationship: Relationship, attempt: sa.Delete
) -> Reason:
    """What the database says where this relationship keeps a record: it is asked, by an attempt on one such record."""
    if relationship.declared:
        return reason_of_declared(relationship)
    number, text = dialect.restricted(relationship)
    try:
        with dialect.savepoint(connection):
            connection.execute(attempt)
            raise Undone
    except Undone:
        pass
    except sa.exc.DBAPIError as error:
        fault = dialect.fault(error)
        if fault.kind == "away" or not dialect.is_alive(connection):
            raise
        # Where somebody holds the blocking record the database has no word on it yet.
        if fault.kind == "record" and fault.constraint in {None, relationship.name}:
            number, text = fault.number, fault.text
    return Reason(number, text, relationship.name, relationship.child, retryable=True)


class Undone(Exception):  # noqa: N818
    """Rolls an attempt back that passed."""
