"""The careful way to delete a batch: what may be kept back is split off, what fails is found, the rest goes.

The records and all they take along are listed first (`closure`). What a restricting relationship keeps is set
aside set-based; the rest is deleted children first under a savepoint; what still fails is tried once more as it
is, since a new snapshot often passes, and then found by bisecting.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from bulkdelete.records.aside import Aside
from bulkdelete.records.catalogue import Relationship
from bulkdelete.records.causes import Reason, Restrictions, reason_of
from bulkdelete.records.closure import Closure, Everyone
from bulkdelete.records.dialect import AnySelect
from bulkdelete.records.failing import Failing
from bulkdelete.records.fault import Fault, TransactionLostError
from bulkdelete.records.growth import grow
from bulkdelete.records.holding import held_by_others, hold_links
from bulkdelete.records.ledger import Ledger
from bulkdelete.records.removal import Removal
from bulkdelete.records.result import BatchResult
from bulkdelete.records.rings import without_rings
from bulkdelete.records.scope import Run
from bulkdelete.records.staying import ChangedError, KeptError

SINGLY, DENSE = 8, 16
"""So few are tried one by one, once so many were found to fail."""


@dataclass
class Careful:
    """One batch, in the transaction it belongs to."""

    connection: sa.Connection
    run: Run
    query_index: int
    ledger: Ledger
    restrictions: Restrictions
    seconds: float
    again: bool = False
    """These records failed before: a failure is no news, a success settles the earlier one."""
    patient: bool = True
    """Whether a conflict is left to the next attempt: a trigger may raise one every time."""
    given_up: Fault | None = None
    """Why these records are not even tried: each attempt at them ended the transaction."""
    started: float = field(default_factory=time.monotonic)
    untried: bool = False
    found: dict[Reason, list[int]] = field(default_factory=dict)
    """Roots that were found by bisecting, by reason; set aside together, since each statement costs a round trip."""

    def __post_init__(self) -> None:
        self.scope = self.run.scope
        self.dialect = self.scope.dialect
        self.dialect.prefer_indexes(self.connection, all(one.indexed for one in self.scope.catalogue.relationships))
        self.where = self.run.where(self.query_index, self.scope.entity(self.query_index))
        self.closure = Closure(self.connection, self.scope, self.scope.entity(self.query_index))
        looks_at = self.scope.looks_at(self.query_index)
        self.removal = Removal(self.connection, self.closure, self.where, looks_at)
        self.failing = Failing(self.closure)
        self.changed = 0
        self.aside = Aside(self.connection, self.run.id, self.query_index, self.ledger, self.closure, self.again)

    def delete(self, found: AnySelect, result: BatchResult) -> int:
        """Delete the records whose keys `found` selects; returns how many it found."""
        selected = self.select(found)
        if not selected:
            return 0
        if self.given_up is not None:
            self.find(self.ords(), reason_of(self.given_up, self.closure.entity.name, self.scope.catalogue))
            self.fail_found()
        grow(self.closure, self.refuse_held)
        self.closure.mark_asked(self.where)
        self.split_restricted()
        hold_links(self.closure, self.refuse_held)
        self.try_twice()
        self.fail_found()
        self.settle(result)
        result.vanished += self.changed
        return selected

    def select(self, found: AnySelect) -> int:
        """List and hold the records; those that somebody else holds are set aside."""
        try:
            with self.dialect.savepoint(self.connection):
                return self.closure.select(self.dialect.lock_rows(found))
        except sa.exc.DBAPIError as error:
            if self.fault(error).kind != "locked":
                raise
            error_of_lock = error
        self.closure.select(found)
        name, roots = self.closure.entity.name, self.closure.roots
        free = self.dialect.lock_rows(found, skip_locked=True)
        reached = sa.select(roots.c.ord, *self.closure.keys(name))
        self.refuse_held(error_of_lock, name, lambda: held_by_others(self.closure, free, reached))
        return self.closure.count

    def refuse_held(self, error: sa.exc.DBAPIError, name: str, held: Callable[[], list[int]]) -> None:
        """Set roots aside that reach a record which somebody else holds; they are tried again at the end."""
        fault = self.fault(error)
        if fault.kind != "locked":
            raise error
        # Asked only now: where the connection is gone there is nobody to ask.
        if ords := held():
            reason = reason_of(fault, self.closure.entity.name, self.scope.catalogue)
            if who := self.dialect.holders(self.connection, self.scope.catalogue.entities[name]):
                reason = replace(reason, text=f"{reason.text} ({who})")
            # Of a record below a cascade, or one that loses a link, it is another entity's record that is held.
            other = None if name == self.closure.entity.name else name
            self.failing.mark_each(ords)
            self.fail(replace(reason, blocking_entity=other, is_loose=True))

    def ords(self) -> list[int]:
        """The roots that are still to be deleted."""
        return list(self.connection.execute(sa.select(self.closure.roots.c.ord).distinct().order_by("ord")).scalars())

    def fault(self, error: sa.exc.DBAPIError) -> Fault:
        """What an error means; one that ended the transaction, or concerns all of it, is not ours to handle."""
        fault = self.dialect.fault(error)
        if fault.kind == "away" or (fault.kind == "conflict" and self.patient):
            raise error
        if not self.dialect.is_alive(self.connection):
            raise TransactionLostError(fault) from error
        return fault

    def split_restricted(self) -> None:
        """Set aside, set-based, every root that a restricting relationship keeps."""
        links = self.closure.restricting()
        # A root that stays may keep another one, where a record that goes along restricts.
        may_chain = any(one.child in self.closure.tables for one in links)
        while sum(map(self.split_off, links)) and may_chain:
            pass

    def split_off(self, relationship: Relationship) -> bool:
        """Set aside what one relationship keeps; whether there was any."""
        blocked = self.closure.blocked_by(relationship)
        if not self.connection.execute(sa.select(blocked.exists())).scalar():
            return False
        self.failing.mark(blocked)
        self.fail(self.restrictions.reason(self.connection, relationship, self.attempt_on_one), relationship)
        return True

    def attempt_on_one(self) -> sa.Delete:
        """The deletion of a failing root."""
        first, entity = self.failing.first(), self.closure.entity
        return sa.delete(entity.table).where(self.closure.holds(entity.name, (first, first)))

    def fail(self, reason: Reason, relationship: Relationship | None = None) -> None:
        """The failing roots stay, for this reason; `relationship` is what other records keep them by."""
        self.aside.add(self.failing, reason, relationship)
        self.closure.left -= self.failing.drop()

    def try_twice(self) -> None:
        """Delete all roots; what fails once may pass with a new snapshot; then find what really fails."""
        if not self.closure.left:
            return
        try:
            self.removal.attempt((1, self.closure.count))
        except sa.exc.DBAPIError as error:
            self.fault(error)
            self.bisect(self.ords())
            if not self.untried:
                self.found = without_rings(self.closure, self.found, self.goes)
        except (KeptError, ChangedError) as kept:
            self.give_up(kept)
            self.fail_found()
            self.try_twice()

    def drop(self, ords: list[int]) -> None:
        """These roots stay, and are not told."""
        self.failing.mark_each(ords)
        self.closure.left -= self.failing.drop()

    def give_up(self, kept: KeptError | ChangedError) -> None:
        """These roots stay: something keeps them, or what they were joined with changed, and they match no more."""
        changed = set(kept.ords)
        if isinstance(kept, KeptError):
            # What went before in this batch may have cleared a link that the predicate asks about.
            changed.intersection_update(self.removal.matching_no_more((min(changed), max(changed))))
            if left := [one for one in kept.ords if one not in changed]:
                self.find(left, kept.reason)
        if changed:
            self.changed += len(changed)
            self.drop(sorted(changed))

    def find(self, ords: list[int], reason: Reason) -> None:
        """These roots stay; they are told once the search is over."""
        self.found.setdefault(reason, []).extend(ords)

    def fail_found(self) -> None:
        """Set aside what was found."""
        for reason, ords in self.found.items():
            self.failing.mark_each(ords)
            self.fail(reason)
        self.found.clear()

    def bisect(self, ords: list[int]) -> None:
        """Delete these roots but for those that cannot be; each of which is found and set aside."""
        count = sum(map(len, self.found.values()))
        if time.monotonic() - self.started > self.seconds and (count or self.aside.kept):
            self.drop(ords)
            self.untried = True
            return
        if 1 < len(ords) <= SINGLY and count >= DENSE:
            # Where many fail, halving costs three attempts a failure; one by one costs one.
            for one in ords:
                self.bisect([one])
            return
        try:
            self.removal.attempt((ords[0], ords[-1]))
        except (KeptError, ChangedError) as kept:
            self.give_up(kept)
            if rest := [one for one in ords if one not in set(kept.ords)]:
                self.bisect(rest)
        except sa.exc.DBAPIError as error:
            fault = self.fault(error)
            if len(ords) == 1:
                self.find(ords, reason_of(fault, self.closure.entity.name, self.scope.catalogue))
                return
            half = len(ords) // 2
            self.bisect(ords[:half])
            self.bisect(ords[half:])

    def goes(self, ords: Everyone) -> bool:
        """Delete these roots as one; whether that passed."""
        try:
            self.removal.attempt(ords)
        except sa.exc.DBAPIError as error:
            self.fault(error)
            return False
        except (KeptError, ChangedError):
            return False
        return True

    def settle(self, result: BatchResult) -> None:
        """What is left in the closure is gone: its ids, and the failures, into the result."""
        result.gone += [(name, not asked, ids) for name, asked, ids in self.closure.gone()]
        result.unlinked = self.removal.unlinked
        # Noted before, by this batch or, of a record that somebody moved here since, by another worker's.
        is_own = self.again or self.removal.takes_its_own()
        if is_own or not self.dialect.alone:
            noted = self.ledger.settle(self.connection, self.run.id, self.query_index, self.closure, not is_own)
            self.aside.settle(noted)
        result.failures += self.aside.causes()
        result.cleared += self.aside.cleared
