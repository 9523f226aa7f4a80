"""Notification: that people are told how an operation ended, once, whatever is delivered again or killed.

Its id follows from the operation and the outcome. An attempt is recorded before it is made and after: what was not
recorded after may have arrived or not, and is made again under the same identity (a mail's Message-ID).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, TypedDict
from uuid import UUID, uuid5

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate, event

from bulkdelete.domain.notify import Outcome


def notification_id(operation_id: UUID, outcome: Outcome) -> UUID:
    """The identity of a notification's stream."""
    return uuid5(operation_id, f"notification/{outcome}")


class Delivery(TypedDict):
    """One way of telling: to whom it is still to be told, and how often that was tried."""

    recipients: list[str]
    """Mail: addresses. Webhooks and chats: their configured names."""
    attempts: int
    under_way: bool
    """Whether an attempt began of which nothing is recorded yet."""
    reason: str | None
    """Why the last attempt did not reach everybody."""
    given_up: list[str]
    """Who will not be told, unless somebody asks for it again."""
    asked_again: bool
    """Whether somebody asked for it: then it is one attempt, and no patience."""


@dataclass(frozen=True)
class Receipt:
    """What came of one attempt. Who is in neither list is tried again."""

    delivered: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Recipient → why it will never be reached."""
    reason: str | None = None
    """Why the others were not reached."""


class Notification(BaseAggregate[UUID]):
    """What is told of one operation's outcome, and to whom."""

    TOPIC: ClassVar[str] = "notification"

    class Event(AggregateEvent):
        """Anything that can happen to a notification."""

        def apply(self, aggregate: Notification) -> None:
            """Change the notification as the event says; never decides, never fails."""

    class Requested(AggregateCreated):
        """An operation ended, and somebody wants to know."""

        TOPIC: ClassVar[str] = "notification.requested"
        operation_id: str
        outcome: str
        message_id: str
        """Of the mail, without angle brackets: the same at every attempt."""
        recipients: dict[str, list[str]]
        """Channel (`mail`, `webhook`, `chat`) → to whom."""

    class AttemptBegun(Event):
        """It is being told: whoever dies now leaves it unknown whether it arrived."""

        TOPIC: ClassVar[str] = "notification.attempt_begun"
        operation_id: str
        channel: str
        attempt: int

        def apply(self, aggregate: Notification) -> None:
            delivery = aggregate.deliveries[self.channel]
            delivery["attempts"], delivery["under_way"] = self.attempt, True

    class Delivered(Event):
        """It was taken by a mail server, a webhook or a chat."""

        TOPIC: ClassVar[str] = "notification.delivered"
        operation_id: str
        channel: str
        recipients: list[str]

        def apply(self, aggregate: Notification) -> None:
            aggregate.settle_recipients(self.channel, self.recipients)
            aggregate.delivered += len(self.recipients)

    class AttemptFailed(Event):
        """Some recipients were not reached; it is tried again later."""

        TOPIC: ClassVar[str] = "notification.attempt_failed"
        operation_id: str
        channel: str
        recipients: list[str]
        attempt: int
        reason: str

        def apply(self, aggregate: Notification) -> None:
            delivery = aggregate.deliveries[self.channel]
            delivery["under_way"], delivery["reason"] = False, self.reason

    class Undeliverable(Event):
        """Some recipients will not be told."""

        TOPIC: ClassVar[str] = "notification.undeliverable"
        operation_id: str
        channel: str
        recipients: list[str]
        reason: str

        def apply(self, aggregate: Notification) -> None:
            aggregate.settle_recipients(self.channel, self.recipients)
            aggregate.undeliverable += len(self.recipients)
            aggregate.deliveries[self.channel]["given_up"] += self.recipients

    class AskedAgain(Event):
        """Recipients that were given up are to be told after all."""

        TOPIC: ClassVar[str] = "notification.asked_again"
        operation_id: str
        channel: str
        recipients: list[str]
        requested_by: str

        def apply(self, aggregate: Notification) -> None:
            delivery = aggregate.deliveries[self.channel]
            delivery["recipients"] = [*delivery["recipients"], *self.recipients]
            delivery["given_up"], delivery["asked_again"] = [], True
            aggregate.undeliverable -= len(self.recipients)
            aggregate.is_settled = False

    class Settled(Event):
        """Everybody was told, or will not be."""

        TOPIC: ClassVar[str] = "notification.settled"
        operation_id: str
        delivered: int
        undeliverable: int

        def apply(self, aggregate: Notification) -> None:
            aggregate.is_settled = True

    @event(Requested)
    def __init__(self, operation_id: str, outcome: str, message_id: str, recipients: dict[str, list[str]]) -> None:
        self.operation_id = operation_id
        self.outcome = outcome
        self.message_id = message_id
        self.deliveries: dict[str, Delivery] = {
            channel: Delivery(
                recipients=list(some), attempts=0, under_way=False, reason=None, given_up=[], asked_again=False
            )
            for channel, some in recipients.items()
        }
        self.delivered = 0
        self.undeliverable = 0
        self.is_settled = False

    @classmethod
    def request(
        cls, operation_id: UUID, outcome: Outcome, message_id: str, recipients: dict[str, list[str]]
    ) -> Notification:
        """Begin a notification; `recipients` by channel, none of them empty."""
        return cls._create(
            cls.Requested, id=notification_id(operation_id, outcome), operation_id=str(operation_id),
            outcome=str(outcome), message_id=message_id, recipients=recipients,
        )  # fmt: skip

    def begin(self, channel: str, known_attempts: int) -> bool:
        """Begin an attempt; False where somebody else began one since, or nobody is left to tell."""
        delivery = self.deliveries[channel]
        if not delivery["recipients"] or delivery["attempts"] != known_attempts:
            return False
        self.tell(self.AttemptBegun, channel=channel, attempt=known_attempts + 1)
        return True

    def record(self, channel: str, receipt: Receipt, most_attempts: int) -> None:
        """Record what came of an attempt; after so many of them it is given up."""
        delivery = self.deliveries[channel]
        waiting = delivery["recipients"]
        if reached := [one for one in waiting if one in receipt.delivered]:
            self.tell(self.Delivered, channel=channel, recipients=reached)
        for reason in dict.fromkeys(receipt.refused.values()):
            refused = [one for one in waiting if receipt.refused.get(one) == reason]
            self.give_up(channel, refused, reason)
        left = delivery["recipients"]
        reason = receipt.reason or "it was not taken"
        if left and (delivery["asked_again"] or delivery["attempts"] >= most_attempts):
            self.give_up(channel, left, f"given up after {delivery['attempts']} attempts: {reason}")
        elif left:
            self.tell(self.AttemptFailed, channel=channel, recipients=left, attempt=delivery["attempts"], reason=reason)
        self.settle()

    def give_up(self, channel: str, recipients: list[str], reason: str) -> None:
        """Record that recipients will not be told."""
        if some := [one for one in recipients if one in self.deliveries[channel]["recipients"]]:
            self.tell(self.Undeliverable, channel=channel, recipients=some, reason=reason)

    def ask_again(self, requested_by: str) -> None:
        """Take up again whom it was given up to tell, under the same identity; where nobody was, nothing changes."""
        for channel, delivery in self.deliveries.items():
            if given_up := list(delivery["given_up"]):
                self.tell(self.AskedAgain, channel=channel, recipients=given_up, requested_by=requested_by)

    def settle(self) -> None:
        """Close it where nobody is left to tell."""
        if not self.is_settled and not any(one["recipients"] for one in self.deliveries.values()):
            self.tell(self.Settled, delivered=self.delivered, undeliverable=self.undeliverable)

    def tell(self, kind: type[Any], **fields: Any) -> None:
        """Record an event of this operation's."""
        self.trigger_event(kind, operation_id=self.operation_id, **fields)

    def settle_recipients(self, channel: str, recipients: list[str]) -> None:
        """These need not be told any more."""
        delivery = self.deliveries[channel]
        delivery["recipients"] = [one for one in delivery["recipients"] if one not in recipients]
        delivery["under_way"] = False


def outcome_of(status: str, failed: int) -> Outcome | None:
    """What a status and its count of failed records come to; None where nobody is told of it."""
    match status:
        case "succeeded":
            return Outcome.COMPLETED_WITH_FAILURES if failed else Outcome.COMPLETED
        case "failed":
            return Outcome.FAILED
        case _:
            return None
