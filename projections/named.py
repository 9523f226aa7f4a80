"""Named SQL statements, read from the `.sql` files beside this module."""

from __future__ import annotations

import re
from pathlib import Path

HEADER = re.compile(r"^-- (.+) --$", re.MULTILINE)


def statements(file: str) -> dict[str, str]:
    """The statements of a file, by the name in the header above each."""
    _, *pieces = HEADER.split(Path(__file__).resolve().with_name(file).read_text("utf-8"))
    return {name: body.strip() for name, body in zip(pieces[::2], pieces[1::2], strict=True)}


def literal(text: str) -> str:
    """A text as SQL spells it: views cannot take parameters."""
    return "'" + text.replace("'", "''") + "'"
