"""The ways in which people and programs are told: mail, webhooks, chats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from typing import Any, Protocol
from uuid import UUID

from bulkdelete.consumers.letter import Letters
from bulkdelete.consumers.report import Report
from bulkdelete.domain.notification import Receipt
from bulkdelete.domain.notify import EVERY_END, Notify, Outcome, is_wanted
from bulkdelete.producers.chat import Chat
from bulkdelete.producers.events import SOURCE, TYPE_PREFIX
from bulkdelete.producers.mail import MailServer
from bulkdelete.producers.webhook import GoneForGoodError, Webhook


@dataclass(frozen=True)
class Notice:
    """One notification as a channel needs it: its identity, when it was requested, and what it tells."""

    id: UUID
    message_id: str
    at: datetime
    notify: Notify | None
    report: Report


class Channel(Protocol):
    """One way of telling."""

    def recipients(self, notify: Notify | None, outcome: Outcome) -> list[str]:
        """Who is told of this outcome. `notify`: what the job says."""
        ...

    def deliver(self, notice: Notice, recipients: Sequence[str]) -> Receipt:
        """Tell them, within a bounded time; blocks."""
        ...


@dataclass(frozen=True)
class MailChannel:
    """Mail to those whom the job names."""

    letters: Letters
    server: MailServer | None
    """None: nobody said where mail is handed over."""

    def recipients(self, notify: Notify | None, outcome: Outcome) -> list[str]:
        """To and Cc of the job."""
        return [] if notify is None else notify.recipients(outcome)

    def deliver(self, notice: Notice, recipients: Sequence[str]) -> Receipt:
        """Hand one mail over; its headers name everybody, whoever of them is still to get it."""
        if self.server is None:
            return Receipt(reason="no mail server is configured: set BULKDELETE_SMTP__HOST")
        notify = notice.notify or Notify(to=tuple(recipients))
        message = self.letters.write(notice.report, notice.message_id, notice.at, notify.to, notify.cc)
        return self.server.send(message, parseaddr(self.letters.sender)[1], recipients)


@dataclass(frozen=True)
class Named:
    """Something that an operator configured under a name, and the outcomes it is told of."""

    send: Callable[[Notice], str | None]
    """Why it was not taken, or None. Raises GoneForGoodError."""
    on: tuple[Outcome, ...] = EVERY_END


@dataclass(frozen=True)
class NamedChannel:
    """Webhooks or chats: every operation's end is told there, whatever its job says."""

    named: Mapping[str, Named] = field(default_factory=dict)

    def recipients(self, notify: Notify | None, outcome: Outcome) -> list[str]:
        """The names of those that want this outcome."""
        return [name for name, one in self.named.items() if is_wanted(outcome, one.on)]

    def deliver(self, notice: Notice, recipients: Sequence[str]) -> Receipt:
        """Tell each of them."""
        delivered, refused, reasons = [], {}, []
        for name in recipients:
            known = self.named.get(name)
            try:
                reason = "is not configured here" if known is None else known.send(notice)
            except GoneForGoodError as error:
                refused[name] = str(error)
                continue
            if reason is None:
                delivered.append(name)
            else:
                reasons.append(f"{name}: {reason}")
        return Receipt(delivered, refused, "; ".join(reasons) or None)


def webhook(one: Webhook, on: tuple[Outcome, ...] = EVERY_END) -> Named:
    """A webhook, under whatever name."""

    def send(notice: Notice) -> str | None:
        return one.send(str(notice.id), cloud_event(notice))

    return Named(send, on)


def chat(one: Chat, on: tuple[Outcome, ...] = EVERY_END) -> Named:
    """A chat, under whatever name."""

    def send(notice: Notice) -> str | None:
        report = notice.report
        title = f"{report.title}: {report.facts['name']}"
        return one.send(title, chat_text(report), report.outcome is not Outcome.COMPLETED)

    return Named(send, on)


def chat_text(report: Report) -> str:
    """The report in a few lines."""
    facts = report.facts
    lines = [f"{facts['deleted']:,} deleted, {facts['failed']:,} failed on {facts['database']}"]
    if facts["reason"]:
        lines.append(f"{facts['field']}: {facts['reason']}" if facts["field"] else facts["reason"])
    for cause in report.causes[:3]:
        blocked = f", blocked by {cause.blocking_entity}" if cause.blocking_entity else ""
        lines.append(f"{cause.count:,} × {cause.entity}{blocked}: {' '.join(cause.error_description.split()):.200}")
    lines.append(report.command("failures" if report.causes else "history"))
    return "\n".join(lines)


def cloud_event(notice: Notice) -> dict[str, Any]:
    """What a webhook gets: a CloudEvent in structured mode."""
    facts = notice.report.facts
    ended = "failed" if notice.report.outcome is Outcome.FAILED else "completed"
    return {
        "specversion": "1.0",
        "id": str(notice.id),
        "source": SOURCE,
        "type": f"{TYPE_PREFIX}operation.{ended}",
        "subject": facts["operation_id"],
        "time": facts["ended_at"],
        "datacontenttype": "application/json",
        "data": notice.report.data(),
    }
