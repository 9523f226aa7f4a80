"""Patterns as databases write them: `LIKE` where that can say it, else a regular expression."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bulkdelete.domain.query.patterns import CharacterClass, Literally, Piece

ESCAPE = "\\"


def is_plain(pieces: Iterable[Piece]) -> bool:
    """Whether `LIKE` can say it: there is no class of characters."""
    return not any(isinstance(one, CharacterClass) for one in pieces)


def like_text(pieces: Iterable[Piece]) -> str:
    """For `LIKE … ESCAPE '\\'`."""
    text = ""
    for one in pieces:
        if isinstance(one, Literally):
            text += "".join(ESCAPE + char if char in "%_\\" else char for char in one.text)
        elif not isinstance(one, CharacterClass):
            text += one
    return text


def regular_expression(pieces: Iterable[Piece], char: Callable[[str], str], atomic: bool = False) -> str:
    """The inside of a regular expression over a whole text; `char` spells one character.

    `atomic`: what is found once is not looked for again, so that no text takes long.
    """
    runs = [""]
    for one in pieces:
        match one:
            case "%":
                runs.append("")
            case "_":
                runs[-1] += "."
            case Literally(text=literal):
                runs[-1] += "".join(map(char, literal))
            case CharacterClass(ranges=ranges, negated=negated):
                inside = "".join(char(a) if a == b else f"{char(a)}-{char(b)}" for a, b in ranges)
                runs[-1] += f"[{'^' if negated else ''}{inside}]"
    first, *rest = runs
    if not rest:
        return first
    *middle, last = [one for at, one in enumerate(rest) if one or at == len(rest) - 1]
    inner = "".join(f"(?>.*?{one})" if atomic else f".*{one}" for one in middle)
    return f"{first}{inner}.*{last}"


def by_code_point(char: str) -> str:
    """A character as `\\uXXXX` or `\\UXXXXXXXX`: of Python and PostgreSQL."""
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def by_pcre(char: str) -> str:
    """A character as PCRE spells it."""
    return f"\\x{{{ord(char):x}}}"
