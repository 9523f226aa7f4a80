"""A world for notifications: operations that end, a postbox that answers as it is told, and a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from bulkdelete.consumers.channels import Notice
from bulkdelete.consumers.notification import Notifier
from bulkdelete.consumers.timing import Patience, Timing
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.job import Job
from bulkdelete.domain.notification import Notification, Receipt, notification_id
from bulkdelete.domain.notify import Notify, Outcome, is_wanted
from bulkdelete.domain.outcomes import FenceClosed, FenceOpened, WorkRefused
from bulkdelete.domain.query_builder import Query
from bulkdelete.producers.clock import PendingNotifications

Answer = Callable[[Sequence[str]], Receipt]


class KilledError(BaseException):
    """The process dies here."""


def taken(recipients: Sequence[str]) -> Receipt:
    return Receipt(list(recipients))


def away(recipients: Sequence[str]) -> Receipt:
    return Receipt(reason="the server is away")


@dataclass
class Postbox:
    """A channel that keeps what it gets, and answers as it is told; for good after the last answer."""

    answers: list[Answer] = field(default_factory=lambda: [taken])
    got: list[tuple[str, list[str]]] = field(default_factory=list)

    def recipients(self, notify: Notify | None, outcome: Outcome) -> list[str]:
        return notify.recipients(outcome) if notify and is_wanted(outcome, notify.on) else []

    def deliver(self, notice: Notice, recipients: Sequence[str]) -> Receipt:
        self.got.append((notice.message_id, list(recipients)))
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(recipients)


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class World:
    application: BulkDeletes
    mail: Postbox = field(default_factory=Postbox)
    clock: Clock = field(default_factory=Clock)

    def notifier(self, **patience: Any) -> Notifier:
        timing = Timing(Patience(**patience), self.clock)
        return Notifier(self.application, {"mail": self.mail}, "example.com", timing)

    def ended(self, how: str = "completed", **notify: Any) -> UUID:
        """An operation that has ended."""
        operation_id = uuid4()
        words = {"to": ["ops@example.com", "boss@example.com"], **notify}
        job = Job.read(
            {
                "name": "Logs",
                "queries": [Query("log").all_records()],
                "notify": words if notify != {"to": None} else None,
            }
        )
        command = SubmitBulkDelete(command_id=uuid4(), operation_id=operation_id, requested_by="ops", job=job)
        self.application.submit(command, "crm")
        if how == "failed":
            self.application.record(WorkRefused(operation_id=operation_id, epoch=1, reason="no such entity"))
            return operation_id
        opened = FenceOpened(operation_id=operation_id, epoch=1, cut_off=datetime.now(UTC), order=[0])
        self.application.record(opened)
        if how == "completed":
            self.application.record(FenceClosed(operation_id=operation_id, epoch=1, state="ended"))
        return operation_id

    def pass_time(self, notifier: Notifier, seconds: float, step: float = 1.0) -> None:
        """Let the time pass, and the notifier look now and then."""
        pending = PendingNotifications(self.application)
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            self.clock.seconds += step
            for one in notifier.tick(pending.refresh()):
                notifier.deliver(one)

    def found(self, operation_id: UUID, outcome: Outcome = Outcome.COMPLETED) -> Notification:
        found = self.application.notification(notification_id(operation_id, outcome))
        assert found is not None
        return found
