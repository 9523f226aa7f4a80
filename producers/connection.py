"""Where Kafka is and how to be let in."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from aiokafka.errors import CommitFailedError
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

MECHANISMS: dict[str, type[SASLPlaintext] | type[SASLScram256] | type[SASLScram512]] = {
    "PLAIN": SASLPlaintext,
    "SCRAM-SHA-256": SASLScram256,
    "SCRAM-SHA-512": SASLScram512,
}
LARGEST_RECORD = 1024 * 1024
"""Bytes a topic takes: more than any message of ours, which are bounded to 768 KiB."""
TOGETHER = 768 * 1024
"""Bytes of messages to one partition that may go in one request: what a save recorded, whole, is read at once."""
SETTLING = 5.0
"""Seconds that a start may take to end once nobody wants it any more."""
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


class Security(TypedDict, total=False):
    """How to be let in: the fields of KafkaConnection, under Kafka's own names."""

    security_protocol: str | None
    sasl_mechanism: str
    username: str | None
    password: str | None
    cafile: Path | None
    certfile: Path | None
    keyfile: Path | None


@dataclass(frozen=True)
class KafkaConnection:
    """Kafka's own settings, under Kafka's own names."""

    servers: str
    security_protocol: str | None = None
    """None: SASL where a username is given, TLS where certificates are."""
    sasl_mechanism: str = "PLAIN"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    cafile: Path | None = None
    certfile: Path | None = None
    keyfile: Path | None = None

    def __post_init__(self) -> None:
        if self.security_protocol not in (*PROTOCOLS, None):
            raise ValueError(f"security_protocol {self.security_protocol!r}; accepted: {', '.join(PROTOCOLS)}")
        if self.sasl_mechanism not in MECHANISMS:
            raise ValueError(f"sasl_mechanism {self.sasl_mechanism!r}; accepted: {', '.join(MECHANISMS)}")
        if self.is_sasl != (self.username is not None) or (self.username is None) != (self.password is None):
            raise ValueError(f"{self.protocol} goes with a username and a password, both or none")

    @property
    def protocol(self) -> str:
        """Kafka's name for how one connects."""
        if self.security_protocol is not None:
            return self.security_protocol
        tls = "SSL" if self.cafile or self.certfile else "PLAINTEXT"
        return tls if self.username is None else f"SASL_{tls}"

    @property
    def is_sasl(self) -> bool:
        """Whether one says who one is by name and password."""
        return self.protocol.startswith("SASL")

    @property
    def bootstrap(self) -> list[str]:
        """The servers one by one."""
        return [server.strip() for server in self.servers.split(",")]

    def tls(self) -> ssl.SSLContext | None:
        """The TLS settings; None where none is spoken."""
        if not self.protocol.endswith("SSL"):
            return None
        context = ssl.create_default_context(cafile=self.cafile)
        if self.certfile:
            context.load_cert_chain(self.certfile, self.keyfile)
        return context

    def security(self) -> BaseSecurity:
        """The settings as FastStream takes them."""
        if not self.is_sasl:
            return BaseSecurity(ssl_context=self.tls())
        return MECHANISMS[self.sasl_mechanism](self.username or "", self.password or "", ssl_context=self.tls())

    def arguments(self) -> dict[str, Any]:
        """The settings as aiokafka's clients take them."""
        sasl = {
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.protocol,
            "ssl_context": self.tls(),
            **(sasl if self.is_sasl else {}),
        }


def as_expected(record: logging.LogRecord) -> bool:
    """Tell a rebalance in one line: the message in hand is delivered again, to whoever has its partition now."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, asyncio.CancelledError):
        return False  # a stop that waited long enough
    if isinstance(error, CommitFailedError):
        record.msg, record.args, record.exc_info = "The message in hand went to another process", (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


async def started(start: Coroutine[Any, Any, Any]) -> None:
    """Let a client of Kafka start, whole also when cancelled: aiokafka would leave open the connection it asks first.

    A cancellation is held up for it, SETTLING seconds at most.
    """
    starting = asyncio.ensure_future(start)
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        done, pending = await asyncio.wait([starting], timeout=SETTLING)
        for one in pending:
            one.cancel()
        for one in done:
            one.exception()
        raise


def publishing_broker(connection: KafkaConnection, **more: Any) -> KafkaBroker:
    """FastStream's broker with a producer that waits for all acknowledgements and never doubles a message."""
    logger = logging.getLogger("bulkdelete.faststream")
    # FastStream would write two lines a message.
    logger.setLevel(logging.WARNING)
    logger.filters[:] = [as_expected]
    return KafkaBroker(
        connection.bootstrap, client_id="bulkdelete", acks="all", enable_idempotence=True,
        max_request_size=LARGEST_RECORD, max_batch_size=TOGETHER, security=connection.security(), logger=logger,
        log_level=logging.DEBUG, **more,
    )  # fmt: skip
