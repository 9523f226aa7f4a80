"""What people see: messages on stderr, results on stdout, colour only on a terminal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def messages() -> Console:
    """Where messages for people go."""
    # Only here: it takes a while to load, and what a program asks has no messages.
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=True, highlight=False, soft_wrap=True)


def escaped(text: str) -> str:
    """A text that a console prints as it is, also where it looks like markup."""
    # Only here: for the same reason.
    from rich.markup import escape  # noqa: PLC0415

    return escape(text)


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
