"""Patterns of LIKE: SQL's, with an escape, and Dataverse's, with brackets."""

from __future__ import annotations

import re

ESCAPE = "!"
"""What patterns are written with."""


def dataverse_pattern(pattern: str, escape: str | None) -> str:
    """SQL's pattern as Dataverse's. Raises ValueError where the escape stands before nothing that it can escape."""
    found, at = [], 0
    while at < len(pattern):
        one = pattern[at]
        if escape is not None and one == escape:
            at += 1
            if at == len(pattern):
                raise ValueError("the pattern ends with its escape")
            one = pattern[at]
            if one not in {"%", "_", escape}:
                raise ValueError(f"the escape stands before {one!r}; it escapes %, _ and itself")
            found.append(f"[{one}]" if one in "%_[" else one)
        else:
            found.append("[[]" if one == "[" else one)
        at += 1
    return "".join(found)


def sql_pattern(pattern: str) -> tuple[str, bool] | None:
    """Dataverse's pattern as SQL's, and whether it needs the escape; None where SQL cannot say it."""
    escaped = False

    def piece(found: re.Match[str]) -> str:
        nonlocal escaped
        text = found.group()
        if text == ESCAPE:
            escaped = True
            return ESCAPE * 2
        if text in {"[%]", "[_]"}:
            escaped = True
            return ESCAPE + text[1]
        return "[" if text == "[[]" else text

    plain = re.sub(r"\[[^\]]*\]|\[|!", piece, pattern)
    escape = ESCAPE if escaped else None
    if "\\" in plain and not escaped:
        # Where nothing escapes, databases disagree on what a backslash does.
        plain, escape, escaped = plain.replace(ESCAPE, ESCAPE * 2), ESCAPE, True
    return (plain, escaped) if dataverse_pattern(plain, escape) == pattern else None
