"""Patterns of `Like` as Dataverse writes them: `%`, `_`, and classes of characters in brackets (spec §6.3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bulkdelete.domain.query.operators import Operator

ONE = re.compile(r"%|_|\[(?P<negated>\^?)(?P<inside>[^\]]*)\]|\[|[^%_\[]+", re.DOTALL)
RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)


@dataclass(frozen=True)
class CharacterClass:
    """One character, out of these ranges or (negated) of none of them; by code point, both ends included."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool


@dataclass(frozen=True)
class Literally:
    """These very characters."""

    text: str


Piece = Literal["%", "_"] | CharacterClass | Literally


def pieces_of(pattern: str) -> tuple[Piece, ...]:
    """A pattern in pieces. Raises ValueError, which says what is accepted, for a bracket that ends nowhere."""
    return tuple(piece(found) for found in ONE.finditer(pattern))


def piece(found: re.Match[str]) -> Piece:
    """One piece; a class of a single character is that character."""
    text = found.group()
    if text in ("%", "_"):
        return "%" if text == "%" else "_"
    if found["inside"] is None:
        if text != "[":
            return Literally(text)
        raise ValueError("a bracket that is closed, such as [a-c], or [[] for the bracket itself")
    inside, negated = found["inside"], bool(found["negated"])
    if not inside and negated:
        inside, negated = "^", False
    if not inside:
        raise ValueError("at least one character between brackets")
    ranges = tuple((one[1], one[2]) if one[1] else (one[3], one[3]) for one in RANGE.finditer(inside))
    if any(first > last for first, last in ranges):
        raise ValueError(f"a range from the lower to the higher character, which [{inside}] is not")
    if not negated and len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return Literally(ranges[0][0])
    return CharacterClass(ranges, negated)


def has_wildcards(text: str) -> bool:
    """Whether a text means something else as a pattern."""
    return any(one in text for one in "%_[")


def pattern_for(operator: Operator, text: str) -> tuple[Piece, ...]:
    """The pieces that an operator looks for. `Contains` takes its text literally, the others as a pattern.

    Raises ValueError as `pieces_of` does.
    """
    match operator:
        case Operator.LIKE | Operator.NOT_LIKE:
            return pieces_of(text)
        case Operator.BEGINS_WITH | Operator.DOES_NOT_BEGIN_WITH:
            return (*pieces_of(text), "%")
        case Operator.ENDS_WITH | Operator.DOES_NOT_END_WITH:
            return ("%", *pieces_of(text))
        case _:
            return ("%", *([Literally(text)] if text else []), "%")


NEGATED = {
    Operator.NOT_LIKE, Operator.DOES_NOT_BEGIN_WITH, Operator.DOES_NOT_END_WITH, Operator.DOES_NOT_CONTAIN,
}  # fmt: skip
"""The operators that are true where the pattern is not."""
