"""A real SMTP server in this process: it keeps what it gets."""

from __future__ import annotations

import asyncio
import ssl
import sys
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme


def load_public() -> None:
    """aiosmtpd needs a module `public`: not our folder of that name, which stands before it on the tests' path."""
    where = [one for one in sys.path if Path(one).name == "site-packages"]
    spec = PathFinder.find_spec("public", where)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["public"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["public"])


load_public()

from aiosmtpd.controller import Controller  # noqa: E402
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session  # noqa: E402

USER, PASSWORD = "bulkdelete", "mail-secret"


@dataclass(frozen=True)
class Certificates:
    """The certificate of `localhost`, and who vouches for it."""

    authority: Path
    server: Path
    key: Path

    @classmethod
    def make(cls, folder: Path) -> Certificates:
        authority = trustme.CA()
        own = authority.issue_cert("localhost", "127.0.0.1")
        found = cls(folder / "ca.pem", folder / "server.pem", folder / "key.pem")
        authority.cert_pem.write_to_path(found.authority)
        own.private_key_pem.write_to_path(found.key)
        for blob in own.cert_chain_pems:
            blob.write_to_path(found.server, append=True)
        return found

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.key)
        return context


@dataclass(frozen=True)
class Got:
    """One mail as it came."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    was_encrypted: bool
    login: str | None


@dataclass
class SmtpServer:
    """Serves while it is entered; entered again, it is the same server on the same port."""

    certificates: Certificates | None = None
    security: str = "none"
    """`none`, `starttls`, `starttls required`, `tls`."""
    login: bool = False
    largest: int = 32 * 1024 * 1024
    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """Recipient → what the server says to it instead of yes."""
    pause: float = 0.0
    """Seconds between a mail and the word that it is taken."""
    controller: Controller | None = None

    def __enter__(self) -> Self:
        context = self.certificates.context() if self.certificates else None
        more: dict[str, Any] = {"data_size_limit": self.largest, "enable_SMTPUTF8": False}
        if self.security.startswith("starttls"):
            more |= {"tls_context": context, "require_starttls": self.security.endswith("required")}
        if self.login:
            more |= {
                "authenticator": self.authenticate,
                "auth_required": True,
                "auth_require_tls": self.security == "starttls",
            }
        implicit = context if self.security == "tls" else None
        self.controller = Listening(self, hostname="127.0.0.1", port=self.port, ssl_context=implicit, **more)
        self.controller.start()
        self.port = self.controller.port
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self.controller is not None
        asyncio.run_coroutine_threadsafe(quiet(), self.controller.loop).result(10)
        self.controller.stop()

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False, auth_data=data if right else None)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := self.answers.get(address)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.pause)
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        login = session.auth_data.login.decode() if session.auth_data else None
        encrypted = session.ssl is not None or self.security == "tls"
        self.got.append(Got(str(envelope.mail_from), list(envelope.rcpt_tos), message, encrypted, login))
        return "250 OK"

    def ids(self) -> list[str]:
        """The Message-ID of every mail, in the order they came."""
        return [str(one.message["Message-ID"]) for one in self.got]


async def quiet() -> None:
    """Let conversations come to their end: aiosmtpd leaves open what is not."""
    for _ in range(200):
        if len(asyncio.all_tasks()) == 1:
            break
        await asyncio.sleep(0.01)
    for _ in range(3):
        await asyncio.sleep(0)


class Listening(Controller):
    """aiosmtpd's controller on whatever port is free."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
