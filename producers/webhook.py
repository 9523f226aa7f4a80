"""Webhooks: a CloudEvent in JSON, signed (HMAC-SHA256, with a timestamp) as Standard Webhooks says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

GONE = 410
MOST_ANSWER = 200


class GoneForGoodError(Exception):
    """Whoever answers there wants no more messages."""


@dataclass(frozen=True)
class Webhook:
    """One address that is told, and the secret that signs what it is told."""

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    seconds: float = 20.0
    clock: Callable[[], float] = time.time

    def send(self, message_id: str, event: Mapping[str, Any]) -> str | None:
        """Post an event; why it was not taken, or None. Blocks, for a bounded time. Raises GoneForGoodError."""
        # Only where there is a webhook: the library takes a while to load.
        import httpx  # noqa: PLC0415

        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"content-type": "application/cloudevents+json", **self.signed(message_id, body)}
        try:
            return asyncio.run(self.post(body, headers))
        except TimeoutError:
            return f"no answer within {self.seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return f"{type(error).__name__}: {' '.join(str(error).replace(self.url, '…').split())[:MOST_ANSWER]}"

    def signed(self, message_id: str, body: bytes) -> dict[str, str]:
        """The headers that let the receiver tell that it is from us, and not an old one sent again."""
        timestamp = str(int(self.clock()))
        headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
        if self.secret is None:
            return headers
        return {**headers, "webhook-signature": f"v1,{signature(self.secret, message_id, timestamp, body)}"}

    async def post(self, body: bytes, headers: dict[str, str]) -> str | None:
        """Post it; redirects are not followed. Raises TimeoutError, HTTPError, GoneForGoodError."""
        import httpx  # noqa: PLC0415

        async with (
            asyncio.timeout(self.seconds),
            httpx.AsyncClient(timeout=self.seconds, follow_redirects=False) as client,
            client.stream("POST", self.url, content=body, headers=headers) as answer,
        ):
            if answer.is_success:
                return None
            if answer.status_code == GONE:
                raise GoneForGoodError(f"answered {GONE}: it wants no more messages")
            return f"answered {answer.status_code} {answer.reason_phrase}"[:MOST_ANSWER]


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of `id.timestamp.body`, in base64. A secret `whsec_…` is base64 itself (standardwebhooks.com)."""
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
