"""Store: aggregates found, decided upon and saved; who was slower decides anew, and what is away is told as such."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import BaseAggregate
from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError

from bulkdelete.domain.errors import UnavailableError

T = TypeVar("T")
A = TypeVar("A", bound=BaseAggregate[UUID])

MOST_CLASHES = 50


class Store(Application[UUID]):
    """The event store, with optimistic concurrency."""

    def found(self, stream_id: UUID, kind: type[A]) -> A | None:
        """Something as it is, or None. Raises UnavailableError."""
        return self.translated(lambda: self.get(stream_id, kind))

    def get(self, stream_id: UUID, kind: type[A]) -> A | None:
        """Something as it is, or None; the store's own errors as they are."""
        try:
            found: Any = self.repository.get(stream_id)
        except AggregateNotFoundError:
            return None
        return found if isinstance(found, kind) else None

    def until_recorded(self, decide: Callable[[], A]) -> A:
        """Decide and save; where somebody else was faster, decide anew from what they recorded."""
        for _ in range(MOST_CLASHES):
            try:

                def attempt() -> A:
                    changed = decide()
                    self.save(changed)
                    return changed

                return self.translated(attempt)
            except IntegrityError:
                continue
        raise UnavailableError("the event store is too busy: it changed at every attempt")

    def translated(self, call: Callable[[], T]) -> T:
        """Call; the event store being away is an UnavailableError."""
        try:
            return call()
        except (OperationalError, InterfaceError) as error:
            raise UnavailableError(f"the event store is away: {error!s:.300}") from error
