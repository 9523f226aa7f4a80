"""Mail: one message to a mail server, within a bounded time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

import aiosmtplib

from bulkdelete.domain.notification import Receipt

Security = Literal["none", "starttls", "tls"]
PORTS: dict[Security, int] = {"none": 25, "starttls": 587, "tls": 465}
TOO_LARGE = {552, 523}
LONGEST_REASON = 500


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over, and how to be let in."""

    host: str
    port: int | None = None
    """None: 25, 587 (STARTTLS) or 465 (TLS)."""
    security: Security = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    cafile: str | None = None
    """Whom we trust; None: whom the system trusts."""
    seconds: float = 20.0
    """How long one message may take, from connecting to the server's word that it has it."""

    @property
    def shown(self) -> str:
        """The server as reasons name it."""
        return f"{self.host}:{self.port or PORTS[self.security]}"

    def tls(self) -> ssl.SSLContext | None:
        """The TLS settings; None where none is spoken."""
        return None if self.security == "none" else ssl.create_default_context(cafile=self.cafile)

    def send(self, message: EmailMessage, sender: str, recipients: Sequence[str]) -> Receipt:
        """Hand a message over; blocks. Where nothing comes back in time it may have been taken or not."""
        try:
            return asyncio.run(self.within_time(message, sender, recipients))
        except TimeoutError:
            return Receipt(reason=f"{self.shown} did not take it within {self.seconds:g} s")
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return Receipt(reason=f"{self.shown}: {told(error)}")

    def greet(self) -> str:
        """Connect and log in, and say what the server calls itself. Raises OSError where that cannot be done."""
        try:
            return asyncio.run(self.greeted())
        except TimeoutError:
            raise OSError(f"no answer within {self.seconds:g} s") from None
        except (aiosmtplib.SMTPException, ValueError) as error:
            raise OSError(told(error)) from None

    async def greeted(self) -> str:
        """Connect, log in, leave. Raises TimeoutError, SMTPException, OSError."""
        async with asyncio.timeout(self.seconds), self.connected():
            return f"reached, by {self.security}" + (f", as {self.username}" if self.username else "")

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection, which is gone afterwards: the loop ends then, and would leave it open."""
        client = aiosmtplib.SMTP(
            hostname=self.host, port=self.port or PORTS[self.security], timeout=self.seconds,
            use_tls=self.security == "tls", start_tls=self.security == "starttls", tls_context=self.tls(),
            username=self.username, password=self.password,
        )  # fmt: skip
        transport: asyncio.BaseTransport | None = None
        try:
            async with client:
                transport = client.transport
                yield client
        finally:
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
            for _ in range(3):
                await asyncio.sleep(0)

    async def within_time(self, message: EmailMessage, sender: str, recipients: Sequence[str]) -> Receipt:
        """Connect, log in, hand over. Raises TimeoutError, SMTPException, OSError."""
        async with asyncio.timeout(self.seconds):
            async with self.connected() as client:
                try:
                    return await hand_over(client, message, sender, recipients)
                except aiosmtplib.SMTPResponseException as error:
                    if error.code not in TOO_LARGE or not any(message.iter_attachments()):
                        raise
                await client.rset()
                return await hand_over(client, without_attachments(message), sender, recipients)


async def hand_over(client: aiosmtplib.SMTP, message: EmailMessage, sender: str, recipients: Sequence[str]) -> Receipt:
    """Hand a message over to those recipients that the server accepts."""
    try:
        not_taken, _ = await client.send_message(message, sender=sender, recipients=list(recipients))
        words = {one: (answer.code, answer.message) for one, answer in not_taken.items()}
    except aiosmtplib.SMTPRecipientsRefused as error:
        words = {one.recipient: (one.code, one.message) for one in error.recipients}
    said = {one: " ".join(f"{code} {text}".split())[:LONGEST_REASON] for one, (code, text) in words.items()}
    refused = {one: said[one] for one, (code, _) in words.items() if code >= 500}
    later = [f"{one}: {said[one]}" for one in words if one not in refused]
    return Receipt([one for one in recipients if one not in words], refused, "; ".join(later)[:LONGEST_REASON] or None)


def without_attachments(message: EmailMessage) -> EmailMessage:
    """The same message for a server to which it is too large."""
    body = message.get_body(("plain", "html"))
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    smaller = EmailMessage(policy=message.policy)
    for name, value in message.items():
        if not name.lower().startswith(("content-", "mime-")):
            smaller[name] = value
    said = "(The list of failures was too large for the mail server.)"
    smaller.set_content(f"{(text or body or message).get_content()}\n{said}\n")
    if html is not None:
        smaller.add_alternative(html.get_content(), subtype="html")
    return smaller


def told(error: BaseException) -> str:
    """An error on one line of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:LONGEST_REASON]
