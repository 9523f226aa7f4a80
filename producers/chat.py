"""Chat channels: whatever Apprise speaks to, by its own addresses (slack://, msteams://, ntfys://, matrix://, …)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST_REASON = 300
SECRET = re.compile(r"[^/@:?&=]{6,}")


@dataclass(frozen=True)
class Chat:
    """One channel, by the address that Apprise gives it."""

    url: str = field(repr=False)
    seconds: float = 20.0

    def send(self, title: str, body: str, is_bad: bool) -> str | None:
        """Say something there; why it was not taken, or None. Blocks, for a bounded time."""
        # Only where there is a chat: the library takes a while to load.
        from apprise import Apprise, NotifyFormat, NotifyType  # noqa: PLC0415

        chat = Apprise()
        if not chat.add(self.url):
            return "Apprise does not know such an address"
        kind = NotifyType.WARNING if is_bad else NotifyType.SUCCESS
        result = chat.notify(body, title, kind, body_format=NotifyFormat.TEXT, timeout=self.seconds)
        if result:
            return None
        said = "; ".join(entry.message for entry in result.logs())
        return self.without_secrets(said)[:LONGEST_REASON] or "it was not taken"

    def without_secrets(self, text: str) -> str:
        """A text without the pieces of the address: most of them are tokens."""
        for piece in SECRET.findall(self.url.partition("://")[2]):
            text = text.replace(piece, "…")
        return " ".join(text.split())


def is_known(url: str) -> bool:
    """Whether Apprise speaks to such an address."""
    from apprise import Apprise  # noqa: PLC0415

    return bool(Apprise.instantiate(url, suppress_exceptions=True))
