"""People are told how operations ended: once, whatever is delivered again or killed, and nobody waits for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from uuid import UUID

from bulkdelete.consumers.channels import Channel, Notice
from bulkdelete.consumers.report import report_of
from bulkdelete.consumers.timing import MAIL, Timing
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import BulkDeleteError, UnavailableError
from bulkdelete.domain.job import GovernedJob
from bulkdelete.domain.notification import Notification, Receipt, notification_id, outcome_of
from bulkdelete.domain.notify import Outcome
from bulkdelete.domain.operation import Operation

log = logging.getLogger("bulkdelete.notification")

RECORDING = (0.1, 0.5, 2.0, 5.0)
"""Seconds between attempts to record what came of a delivery: unrecorded it would be made again."""


Holding = Callable[[UUID], AbstractContextManager[bool]]
"""Holds a notification against other processes; False where another one holds it."""

OnAttempt = Callable[[Notification, str, Receipt], None]


@dataclass
class Notifier:
    """Tells how operations ended. Any number of processes may do so."""

    application: BulkDeletes
    channels: Mapping[str, Channel]
    message_domain: str = "bulkdelete.invalid"
    timing: Timing = field(default_factory=Timing)
    most_bytes: int = 1024 * 1024
    """Of the attached table of failures; 0: none is attached."""
    place: str = ""
    """What the commands in a mail are told besides."""
    holding: Holding | None = None
    """Where it tells for sure whether another process is at it: then an attempt that broke off is repeated at once."""

    on_attempt: OnAttempt | None = None
    """Called with what came of each attempt; None: it is logged."""

    def follow(self, operation_id: UUID) -> UUID | None:
        """An operation may have ended: request that people are told, once; the notification, where there is one."""
        operation = self.application.find(operation_id)
        outcome = self.outcome(operation)
        if operation is None or outcome is None:
            return None
        identity = notification_id(operation_id, outcome)
        if self.application.notification(identity) is not None:
            return identity
        notify = GovernedJob.read(operation.job).notify
        recipients = {name: one.recipients(notify, outcome) for name, one in self.channels.items()}
        wanted = {name: some for name, some in recipients.items() if some}
        is_old = self.timing.is_old(operation.ended(operation.modified_on) or operation.modified_on)
        if is_old:
            # Of what the job asks for it is recorded that nobody was there; the rest is for fresh news only.
            wanted = {name: some for name, some in wanted.items() if name == MAIL}
        if not wanted:
            return None
        self.request(operation_id, outcome, wanted, is_old)
        return identity

    def outcome(self, operation: Operation | None) -> Outcome | None:
        """How it ended, where people are told of that."""
        if operation is None:
            return None
        return outcome_of(operation.status, sum(one["failed"] for one in operation.queries))

    def request(self, operation_id: UUID, outcome: Outcome, wanted: dict[str, list[str]], is_old: bool) -> None:
        """Record that people are to be told, unless that is recorded."""
        identity = notification_id(operation_id, outcome)

        def decide() -> Notification:
            found = self.application.notification(identity)
            if found is not None:
                return found
            new = Notification.request(operation_id, outcome, f"{identity}@{self.message_domain}", wanted)
            if is_old:
                for channel, some in wanted.items():
                    new.give_up(channel, some, "the operation had ended long before anybody was there to tell")
                new.settle()
            return new

        self.application.until_recorded(decide)

    def tick(self, pending: Iterable[UUID]) -> list[UUID]:
        """Which of these notifications have something to deliver now."""
        waiting = dict.fromkeys(pending)
        self.timing.keep(waiting)
        return [one for one in waiting if self.timing.is_worth_a_look(one) and self.has_due(one)]

    def has_due(self, identity: UUID) -> bool:
        """Whether something of a notification is due; if not, it is not looked at again at once."""
        held = self.holding is not None
        found = self.timing.due_channels(self.application.notification(identity), False, held)
        if not found:
            self.timing.look_later(identity)
        return bool(found)

    def deliver(self, identity: UUID, at_once: bool = False) -> Notification | None:
        """Deliver what is due of a notification; how it stands then. Raises UnavailableError."""
        with (self.holding or free)(identity) as ours:
            notification = self.application.notification(identity)
            if ours:
                held = self.holding is not None
                for channel in self.timing.due_channels(notification, at_once, held):
                    self.attempt(identity, channel)
            return self.application.notification(identity)

    def ask_again(self, identity: UUID, requested_by: str) -> None:
        """Have those told after all whom it was given up to tell, where there is such a notification."""
        if self.application.notification(identity) is not None:
            self.change(identity, lambda found: found.ask_again(requested_by))

    def attempt(self, identity: UUID, channel: str) -> None:
        """One attempt: recorded before it is made, and after."""
        began = self.begin(identity, channel)
        if began is None:
            return
        try:
            receipt = self.channels[channel].deliver(self.notice(began), began.deliveries[channel]["recipients"])
        except UnavailableError:
            raise
        except Exception as error:
            # A message that cannot be made is no reason to stop the others; it is tried again, and seen.
            log.exception("A notification could not be made", extra={"action": "notification_failed"})
            receipt = Receipt(reason=f"{type(error).__name__}: {error!s:.300}")
        self.record(identity, channel, receipt)

    def begin(self, identity: UUID, channel: str) -> Notification | None:
        """Record that an attempt begins; None where somebody else was faster."""
        known = self.application.notification(identity)
        if known is None:
            return None
        attempts = known.deliveries[channel]["attempts"]
        ours = False

        def begin(found: Notification) -> None:
            nonlocal ours
            ours = found.begin(channel, attempts)

        found = self.change(identity, begin)
        return found if ours else None

    def change(self, identity: UUID, change: Callable[[Notification], None]) -> Notification:
        """Change a notification that there is, and record it; on what others recorded meanwhile it is done anew."""

        def decide() -> Notification:
            found = self.application.notification(identity)
            assert found is not None, "a stream never goes away"
            change(found)
            return found

        return self.application.until_recorded(decide)

    def notice(self, notification: Notification) -> Notice:
        """What is told, made from the event store alone."""
        operation = self.application.operation(UUID(notification.operation_id))
        report = report_of(self.application, operation, Outcome(notification.outcome), self.most_bytes, self.place)
        job = GovernedJob.read(operation.job)
        return Notice(notification.id, notification.message_id, notification.created_on, job.notify, report)

    def record(self, identity: UUID, channel: str, receipt: Receipt) -> None:
        """Record what came of an attempt, patiently: unrecorded it is made again."""
        for pause in (*RECORDING, None):
            try:
                found = self.change(
                    identity, lambda found: found.record(channel, receipt, self.timing.patience.attempts)
                )
                break
            except UnavailableError:
                if pause is None:
                    raise
                time.sleep(pause)
        (self.on_attempt or tell)(found, channel, receipt)

    def quietly(self, identity: UUID) -> None:
        """Deliver; what goes wrong is logged, and tried again."""
        try:
            self.deliver(identity)
        except BulkDeleteError as error:
            extra = {"action": "notification_waits", "notification": str(identity)}
            log.warning("A notification waits: %s", error, extra=extra)


def free(identity: UUID) -> AbstractContextManager[bool]:
    """Nothing tells whether another process is at it: the event store alone decides."""
    return nullcontext(True)


def tell(notification: Notification, channel: str, receipt: Receipt) -> None:
    """Log what came of an attempt."""
    extra = {
        "action": "notified", "operation": notification.operation_id, "outcome": notification.outcome,
        "channel": channel, "attempts": notification.deliveries[channel]["attempts"],
    }  # fmt: skip
    for recipient in receipt.delivered:
        log.info("Told %s by %s", recipient, channel, extra=extra)
    reasons = [
        *(f"{who}: {why}" for who, why in receipt.refused.items()),
        *([receipt.reason] if receipt.reason else []),
    ]
    if reasons:
        given_up = not notification.deliveries[channel]["recipients"]
        action = "undeliverable" if given_up else "notification_waits"
        log.warning("Not told by %s: %s", channel, "; ".join(reasons)[:500], extra={**extra, "action": action})
