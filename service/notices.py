"""Notices on one machine: whoever ran an operation to its end tells of it, and of earlier ends that still wait."""

from __future__ import annotations

import logging
import os
import shlex
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from eventsourcing.persistence import PersistenceError

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import BulkDeleteError
from bulkdelete.domain.notification import Notification
from bulkdelete.domain.operation import Operation
from bulkdelete.service.state import State

if TYPE_CHECKING:
    from bulkdelete.consumers.notification import Notifier
    from bulkdelete.service.settings import Settings

log = logging.getLogger("bulkdelete.notification")

CONFIGURED = ("BULKDELETE_WEBHOOKS", "BULKDELETE_CHATS")
MAIL_SERVER = "BULKDELETE_SMTP__HOST"
LOOK = 1.0
"""Seconds between two looks at what ended and what is due."""
MOST_FAILED = 2
"""Notifications in a row that could not be delivered, after which the others wait for another time."""


@dataclass(frozen=True)
class Notices:
    """What tells of ends in one state folder."""

    state: State
    application: BulkDeletes
    alone: bool = True
    """Whether nobody tells but who holds the state's locks: no service does."""

    def notifier(self) -> Notifier:
        """The notifier that the settings describe. Raises SettingsError."""
        # Only where somebody is to be told: templates and mail take a while to load.
        from bulkdelete.service.configuration import load  # noqa: PLC0415
        from bulkdelete.service.notifying import notifier_of  # noqa: PLC0415

        place = "" if self.state.is_default else f" --state {shlex.quote(str(self.state.folder.absolute()))}"
        holding = self.state.holding if self.alone else None
        # What came of it is told in words, by whoever runs this.
        return notifier_of(load(), self.application, place, holding, lambda *_: None)

    def tell(self, operation: Operation) -> Iterator[str]:
        """Tell how an operation ended, where somebody wants to know, and what is still to be told of earlier ones.

        Yields what came of it, a line each; nothing that goes wrong here is an error of the run.
        """
        if not operation.is_final or not (operation.job.get("notify") or is_configured()):
            return
        try:
            notifier = self.notifier()
            identity = notifier.follow(operation.id)
            told = notifier.deliver(identity, at_once=True) if identity is not None else None
            if told is not None:
                yield from outcome(told)
            if told is None or told.is_settled:
                self.tell_earlier(notifier)
        except BulkDeleteError as error:
            yield f"Nobody could be told: {error}"

    def tell_earlier(self, notifier: Notifier, at_once: bool = False) -> list[Notification]:
        """Deliver what is still to be told; given up for now where the servers are away. What it looked at."""
        from bulkdelete.producers.clock import PendingNotifications  # noqa: PLC0415

        looked, failed = [], 0
        pending = PendingNotifications(self.application).refresh()
        for identity in pending if at_once else notifier.tick(pending):
            if (found := notifier.deliver(identity, at_once)) is not None:
                looked.append(found)
                failed = 0 if found.is_settled else failed + 1
            if failed == MOST_FAILED:
                break
        return looked


def is_configured(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody is told of every operation's end."""
    return any(name.upper().startswith(CONFIGURED) and value for name, value in environment.items())


def has_mail_server(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether it is said where mail is handed over."""
    return any(name.upper() == MAIL_SERVER and value for name, value in environment.items())


def outcome(notification: Notification) -> Iterator[str]:
    """What came of a notification, in words."""
    if notification.delivered:
        people = "recipient was" if notification.delivered == 1 else "recipients were"
        yield f"{notification.delivered:,} {people} told."
    if notification.undeliverable:
        look = f"bulkdelete notifications {notification.operation_id[:8]}"
        yield f"{notification.undeliverable:,} could not be told: {look}"
    for channel, delivery in notification.deliveries.items():
        if delivery["recipients"]:
            who = ", ".join(delivery["recipients"])
            reason = delivery["reason"] or "another process is at it"
            yield (
                f"Not told yet by {channel} ({who}): {reason}. "
                f"Try again: bulkdelete notifications {notification.operation_id[:8]} --send"
            )


@contextmanager
def telling(settings: Settings, application: BulkDeletes, state: State, stopping: threading.Event) -> Iterator[None]:
    """Tell ends as they come, in a thread of its own: no deletion waits for it."""
    from bulkdelete.service.notifying import notifier_of  # noqa: PLC0415

    place = "" if state.is_default else f" --state {shlex.quote(str(state.folder.absolute()))}"
    notifier = notifier_of(settings, application, place, state.holding)
    thread = threading.Thread(target=keep_telling, args=(notifier, stopping), name="notices", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=settings.notifications.timeout_seconds + 5)


def keep_telling(notifier: Notifier, stopping: threading.Event) -> None:
    """Tell the ends there are, and those that come, until it is time to stop."""
    from bulkdelete.producers.clock import EndedOperations, PendingNotifications  # noqa: PLC0415

    ended, pending = EndedOperations(notifier.application), PendingNotifications(notifier.application)
    waiting: list[UUID] = []
    while not stopping.wait(LOOK):
        try:
            waiting += ended.fresh()
            while waiting and not stopping.is_set():
                notifier.follow(waiting[-1])
                waiting.pop()
            for identity in notifier.tick(pending.refresh()):
                if stopping.is_set():
                    return
                notifier.quietly(identity)
        except (BulkDeleteError, PersistenceError) as error:
            log.warning("The notices go on: %s", error, extra={"action": "notices_wait"})
