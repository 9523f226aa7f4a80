"""Why a record could not be deleted, in the database's own words."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

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
    is_loose: bool = field(default=False, compare=False)
    """Whether we did not hold the records when we noted them: somebody else does."""

    @property
    def mark(self) -> str:
        """Tells apart, in our own table, what records were told to be kept back by."""
        # What number a database gives for a relationship is known only once it was asked.
        number = "" if self.constraint and self.blocking_entity else self.number
        return f"{zlib.crc32(f'{number}|{self.constraint}|{self.blocking_entity}'.encode()):08x}"

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
    # What other records cause may be over when those have gone: also what the database could not change in them.
    retryable = fault.kind in RETRYABLE or blocking is not None or fault.of_reference
    return Reason(
        fault.number, fault.text, fault.constraint, blocking if known or blocking != entity else None, retryable
    )


def reason_of_declared(relationship: Relationship) -> Reason:
    """Why a relationship keeps a record of which the database knows nothing, or something else."""
    columns = ", ".join(relationship.child_columns)
    text = f"the catalogue says that records of {relationship.child} restrict what they refer to ({columns})"
    return Reason(DECLARED, text, relationship.name, relationship.child, retryable=True)


@dataclass
class Restrictions:
    """What the database says where a relationship keeps a record; it is asked once, by an attempt on one of them."""

    dialect: Dialect
    known: dict[Relationship, Reason] = field(default_factory=dict)

    def reason(self, connection: sa.Connection, one: Relationship, attempt: Callable[[], sa.Delete]) -> Reason:
        """Why a relationship keeps records, one of which the attempt is about."""
        if one.declared:
            return reason_of_declared(one)
        if one not in self.known:
            fault = self.asked(connection, attempt())
            if fault is None or fault.kind != "record" or fault.constraint not in {None, one.name}:
                # Where somebody holds the blocking record the database has no word on it yet.
                return Reason(*self.dialect.restricted(one), one.name, one.child, retryable=True)
            self.known[one] = Reason(fault.number, fault.text, one.name, one.child, retryable=True)
        return self.known[one]

    def asked(self, connection: sa.Connection, attempt: sa.Delete) -> Fault | None:
        """What an attempt meets, which is undone in any case."""
        try:
            with self.dialect.savepoint(connection):
                connection.execute(attempt)
                raise Undone
        except Undone:
            return None
        except sa.exc.DBAPIError as error:
            fault = self.dialect.fault(error)
            if fault.kind == "away" or not self.dialect.is_alive(connection):
                raise
            return fault


class Undone(Exception):  # noqa: N818
    """Rolls an attempt back that passed."""
