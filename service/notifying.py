"""The notifier that settings describe."""

from __future__ import annotations

import socket
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path

from bulkdelete.consumers.channels import MailChannel, NamedChannel, chat, webhook
from bulkdelete.consumers.letter import Letters
from bulkdelete.consumers.notification import Holding, Notifier, OnAttempt
from bulkdelete.consumers.samples import check_templates
from bulkdelete.consumers.timing import CHAT, MAIL, WEBHOOK, Patience, Timing
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.producers.chat import Chat, is_known
from bulkdelete.producers.mail import MailServer
from bulkdelete.producers.webhook import Webhook
from bulkdelete.service.notification_settings import (
    ChatSettings,
    NotificationSettings,
    SmtpSettings,
    WebhookSettings,
    outcomes,
)
from bulkdelete.service.problems import Problem, SettingsError
from bulkdelete.service.settings import Settings


def notifier_of(
    settings: Settings,
    application: BulkDeletes,
    place: str = "",
    holding: Holding | None = None,
    on_attempt: OnAttempt | None = None,
) -> Notifier:
    """What tells people how operations ended. Raises SettingsError."""
    told = settings.notifications
    sender = settings.smtp.sender or f"bulkdelete@{socket.getfqdn() or 'localhost'}"
    seconds = told.timeout_seconds
    mail = MailChannel(Letters(sender, told.templates), server_of(settings.smtp, seconds))
    webhooks = {name: webhook(webhook_of(one, seconds), outcomes(one.on)) for name, one in settings.webhooks.items()}
    chats = {
        name: chat(Chat(one.url.get_secret_value(), seconds), outcomes(one.on)) for name, one in settings.chats.items()
    }
    return Notifier(
        application, {MAIL: mail, WEBHOOK: NamedChannel(webhooks), CHAT: NamedChannel(chats)},
        message_domain=parseaddr(sender)[1].rpartition("@")[2] or "localhost", timing=Timing(patience_of(told)),
        most_bytes=told.attachment_kib * 1024, place=place, holding=holding,
        on_attempt=on_attempt,
    )  # fmt: skip


def webhook_of(settings: WebhookSettings, seconds: float) -> Webhook:
    """One webhook."""
    secret = settings.secret.get_secret_value() if settings.secret else None
    return Webhook(settings.url.get_secret_value(), secret, seconds)


def patience_of(settings: NotificationSettings) -> Patience:
    """How often, and how long, an attempt is repeated."""
    return Patience(
        settings.attempts, settings.first_pause_seconds, settings.longest_pause_seconds, settings.timeout_seconds,
        timedelta(hours=settings.most_age_hours),
    )  # fmt: skip


def server_of(settings: SmtpSettings, seconds: float) -> MailServer | None:
    """The mail server; None where none is set. Raises SettingsError."""
    if settings.host is None:
        return None
    password = settings.password.get_secret_value() if settings.password else None
    if password is None and settings.password_file:
        try:
            password = settings.password_file.read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            raise SettingsError([Problem("smtp.password_file", str(settings.password_file), reason)]) from None
    if (settings.username is None) != (password is None):
        raise SettingsError([Problem("smtp", None, "a username goes with a password, both or none")])
    cafile = str(settings.cafile) if settings.cafile else None
    server = MailServer(settings.host, settings.port, settings.security, settings.username, password, cafile, seconds)
    try:
        server.tls()
    except OSError as error:
        raise SettingsError([Problem("smtp.cafile", cafile, f"cannot be read: {error.strerror or error}")]) from None
    return server


def look_at_mail(settings: SmtpSettings, seconds: float) -> str:
    """Connect to the mail server and log in; nothing is sent. Raises OSError, SettingsError."""
    server = server_of(settings, seconds)
    return "" if server is None else server.greet()


def look_at_templates(folder: Path) -> str:
    """Try each template with a sample. Raises OSError where one cannot be used."""
    if not folder.is_dir():
        raise OSError(f"{folder} is no folder")
    if wrong := check_templates(folder):
        raise OSError(wrong)
    own = sorted(one.name for one in folder.iterdir() if one.suffix in {".txt", ".html"})
    return f"can be used: {', '.join(own) or 'none of them replaces ours'}"


def look_at_chat(settings: ChatSettings) -> str:
    """Whether there is such an address; nothing is said there. Raises OSError."""
    if not is_known(settings.url.get_secret_value()):
        raise OSError("Apprise does not know such an address")
    return "is an address that Apprise speaks to"
