"""Mail handed over to a real server: by TLS, by STARTTLS, with a login, and what a server may say to it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from bulkdelete.producers.mail import MailServer
from tests.smtp import PASSWORD, USER, Certificates, SmtpServer

RECIPIENTS = ["ops@example.com", "boss@example.com"]


def message(attachment: bytes | None = None) -> EmailMessage:
    found = EmailMessage(policy=SMTP)
    found["From"], found["To"], found["Subject"] = "bulkdelete@example.com", ", ".join(RECIPIENTS), "Completed: Prøve"
    found["Message-ID"] = "<1@example.com>"
    found.set_content("blåbær\n")
    found.add_alternative("<p>blåbær</p>", subtype="html")
    if attachment:
        found.add_attachment(attachment, maintype="text", subtype="csv", filename="failures.csv")
    return found


def send(server: SmtpServer, certificates: Certificates | None = None, **settings: Any) -> Any:
    cafile = str(certificates.authority) if certificates else None
    mail = MailServer(**{"host": "localhost", "port": server.port, "security": "none", "cafile": cafile, **settings})
    return mail.send(message(), "bulkdelete@example.com", RECIPIENTS)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("login", [False, True])
def test_it_arrives(certificates: Certificates, security: Any, login: bool) -> None:
    who = {"username": USER, "password": PASSWORD} if login else {}
    with SmtpServer(certificates, security, login) as server:
        receipt = send(server, certificates, security=security, **who)

    assert (receipt.delivered, receipt.refused, receipt.reason) == (RECIPIENTS, {}, None)
    (got,) = server.got
    assert got.recipients == RECIPIENTS
    assert got.sender == "bulkdelete@example.com"
    assert got.message["Subject"] == "Completed: Prøve"
    body = got.message.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "blåbær"
    assert (got.was_encrypted, got.login) == (security != "none", USER if login else None)


@pytest.mark.parametrize(("security", "speaks"), [("starttls", "none"), ("tls", "none"), ("none", "starttls required")])
def test_nothing_goes_out_where_the_server_speaks_otherwise(
    certificates: Certificates, security: Any, speaks: str
) -> None:
    with SmtpServer(certificates, speaks) as server:
        receipt = send(server, certificates, security=security, seconds=3.0)

    assert receipt.delivered == []
    assert str(server.port) in str(receipt.reason)
    assert server.got == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(certificates: Certificates, security: Any) -> None:
    with SmtpServer(certificates, security) as server:
        receipt = send(server, None, security=security)

    assert "certificate verify failed" in str(receipt.reason)
    assert server.got == []


def test_a_wrong_password_is_told_without_it(certificates: Certificates) -> None:
    with SmtpServer(certificates, "starttls", login=True) as server:
        receipt = send(server, certificates, security="starttls", username=USER, password="wrong-secret")

    assert "535" in str(receipt.reason) or "uthentication" in str(receipt.reason)
    assert "wrong-secret" not in str(receipt.reason)
    assert server.got == []


def test_refused_for_good_and_for_now_are_told_apart(certificates: Certificates) -> None:
    with SmtpServer(certificates) as server:
        server.answers = {"boss@example.com": "550 no such user"}
        first = send(server)
        server.answers = {"boss@example.com": "451 greylisted"}
        second = send(server)
        server.answers = dict.fromkeys(RECIPIENTS, "550 no such user")
        third = send(server)

    assert (first.delivered, first.refused) == (["ops@example.com"], {"boss@example.com": "550 no such user"})
    assert (second.delivered, second.refused) == (["ops@example.com"], {})
    assert second.reason == "boss@example.com: 451 greylisted"
    assert third.refused == dict.fromkeys(RECIPIENTS, "550 no such user")


def test_what_is_too_large_goes_without_its_attachment(certificates: Certificates) -> None:
    with SmtpServer(certificates, largest=20_000) as server:
        mail = MailServer("localhost", server.port, "none")
        receipt = mail.send(message(b"a,b\r\n" * 20_000), "bulkdelete@example.com", RECIPIENTS)

    assert receipt.delivered == RECIPIENTS
    (got,) = server.got
    assert list(got.message.iter_attachments()) == []
    body = got.message.get_body(("plain",))
    assert body is not None
    assert "too large for the mail server" in body.get_content()
    assert got.message["Message-ID"] == "<1@example.com>"


def test_a_server_that_is_away_is_a_reason_and_no_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        mail = MailServer("127.0.0.1", unused.getsockname()[1], "none", seconds=5)
        receipt = mail.send(message(), "bulkdelete@example.com", RECIPIENTS)
    unknown = MailServer("no-such-host.invalid", 25, "none", seconds=5)

    assert receipt.delivered == []
    assert receipt.reason
    assert unknown.send(message(), "bulkdelete@example.com", RECIPIENTS).reason


@pytest.mark.parametrize("answers", [b"", b"220 hello\r\n", b"220-hello\r\n" * 1000, b"\xff" * 1000, b"999 what?\r\n"])
def test_a_server_that_says_nothing_or_nonsense_costs_a_bounded_time(answers: bytes) -> None:
    with talking(answers) as port:
        began = time.monotonic()
        receipt = MailServer("127.0.0.1", port, "none", seconds=1).send(message(), "a@example.com", RECIPIENTS)

    assert receipt.delivered == []
    assert receipt.reason
    assert time.monotonic() - began < 10


@contextmanager
def talking(answers: bytes) -> Iterator[int]:
    """A server that says the same to everybody, slowly, and hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def talk() -> None:
            try:
                client, _ = server.accept()
                with client:
                    client.sendall(answers)
                    for _ in range(30):
                        time.sleep(0.1)
                        client.sendall(b"\r")
            except OSError:
                pass

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)
