"""Messages as they come: raw, so that nothing in them can do anything before we look."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any


async def parse(record: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """FastStream's message without headers: it would stumble over bytes that are no text, and obey `reply_to`."""
    if isinstance(record, list | tuple):
        message = await original(tuple(bare(one) for one in record))
    else:
        message = await original(bare(record))
    message.raw_message = record
    return message


def bare(record: Any) -> Any:
    """The record without headers."""
    found = copy.copy(record)
    found.headers = ()
    return found


def undecoded(message: Any) -> Any:
    """The body as it is. FastStream's own decoder would read the JSON, however deep it is nested."""
    return message.body


def text_of(headers: Iterable[tuple[str, bytes | None]]) -> Mapping[str, str]:
    """Headers as text; what is no text is shown escaped."""
    return {name: (value or b"").decode("utf-8", "backslashreplace") for name, value in headers}
