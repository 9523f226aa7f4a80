"""When a notification is attempted, and attempted again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bulkdelete.domain.notification import Delivery, Notification

MAIL, WEBHOOK, CHAT = "mail", "webhook", "chat"
"""The channels, as events name them."""
LOOK = 30.0
"""Seconds after which a notification is looked at again, whatever was expected of it."""


@dataclass(frozen=True)
class Patience:
    """How often, and how long, an attempt is repeated."""

    attempts: int = 50
    first_pause: float = 5.0
    longest_pause: float = 3600.0
    """Seconds; each pause is twice the one before."""
    seconds: float = 20.0
    """How long one attempt may take at one recipient, or at one mail server."""
    most_age: timedelta = timedelta(hours=72)
    """An end that is older when it is first seen is not told: whoever waited for it has looked by now."""

    def pause(self, attempts: int) -> float:
        """Seconds after so many attempts."""
        return min(self.longest_pause, self.first_pause * 2.0 ** min(attempts - 1, 30))


@dataclass
class Seen:
    """A delivery as this process first saw it."""

    attempts: int
    under_way: bool
    at: float


@dataclass
class Timing:
    """Tells what is due. Clocks that are set back or forth can neither hold it up for long nor hurry it."""

    patience: Patience = Patience()
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    seen: dict[tuple[UUID, str], Seen] = field(default_factory=dict)
    looks: dict[UUID, float] = field(default_factory=dict)
    """When a notification is looked at again: thousands may wait for a mail server."""

    def is_old(self, ended: datetime) -> bool:
        """Whether nobody waits any more to be told of an end."""
        return self.now() - ended > self.patience.most_age

    def keep(self, waiting: Collection[UUID]) -> None:
        """Forget all other notifications."""
        for key in [key for key in list(self.seen) if key[0] not in waiting]:
            self.seen.pop(key, None)
        for gone in set(self.looks) - set(waiting):
            self.looks.pop(gone, None)

    def is_worth_a_look(self, identity: UUID) -> bool:
        """Whether something of a notification may be due."""
        now = self.clock()
        return self.looks.get(identity, now) <= now

    def look_later(self, identity: UUID) -> None:
        """Nothing of it is due now."""
        self.looks[identity] = self.clock() + min(LOOK, self.patience.first_pause / 4)

    def due_channels(self, notification: Notification | None, at_once: bool, held: bool) -> list[str]:
        """The channels whose time has come.

        `at_once`: without waiting for a pause to end. `held`: no other process can be at it.
        """
        if notification is None or notification.is_settled:
            return []
        return [
            channel
            for channel, delivery in notification.deliveries.items()
            if delivery["recipients"] and self.is_due(notification, channel, delivery, at_once, held)
        ]

    def is_due(self, notification: Notification, channel: str, delivery: Delivery, at_once: bool, held: bool) -> bool:
        """Whether it is to be attempted now."""
        key, state = (notification.id, channel), (delivery["attempts"], delivery["under_way"])
        found = self.seen.get(key)
        if found is None or (found.attempts, found.under_way) != state:
            found = self.seen[key] = Seen(*state, self.clock())
        waited = self.clock() - found.at
        if delivery["under_way"]:
            # Somebody is at it, or died at it: nobody takes longer than this.
            one_by_one = 1 if channel == MAIL else len(delivery["recipients"])
            return held or waited >= 2 * self.patience.seconds * one_by_one
        if not delivery["attempts"] or at_once:
            return True
        since = (self.now() - notification.modified_on).total_seconds()
        return max(waited, since) >= self.patience.pause(delivery["attempts"])
