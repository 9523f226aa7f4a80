"""The entities that generated queries are about, and the values that their attributes are held against."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Value

ATTRIBUTES: dict[str, dict[str, str]] = {
    "item": {
        "id": "key", "n": "whole", "m": "decimal", "s": "text", "b": "truth", "d": "day", "w": "wall", "z": "instant",
        "c": "choices", "up": "tree", "own": "person",
    },
    "part": {"id": "key", "item": "whole", "n": "whole", "s": "text", "d": "day", "w": "wall", "z": "instant"},
    "person": {"id": "tree", "boss": "tree", "n": "whole", "s": "text"},
}  # fmt: skip
"""Entity → attribute → kind. `tree`: refers to, or is the key of, an entity that refers to itself."""

RELATED: dict[str, list[tuple[str, str, str]]] = {
    "item": [("part", "id", "item"), ("item", "id", "up"), ("item", "up", "id"), ("person", "own", "id")],
    "part": [("item", "item", "id"), ("part", "n", "n")],
    "person": [("item", "id", "own"), ("person", "boss", "id")],
}
"""Entity → what it is linked with: the other entity, its own attribute, the other's."""

WORDS = ["", "a", "A", "abc", "ABC", "a%c", "a_c", "a[c", "b\\c", "ä", "Ä", "z'z", "日本", "a b", " a", "1", "x-y"]
PATTERNS = [
    "a%", "%c", "_", "a_c", "a[_]c", "a[%]c", "a[[]c", "b\\c", "%", "", "%b%", "Ä", "A%", "z'%", "[%]", "[a-c]%",
    "[^a]%", "%[-]%", "a[^b-d]", "[a-]%",
]  # fmt: skip
NUMBERS: list[Value] = [Decimal("-1.5"), 0, Decimal("0.1"), Decimal("2.5"), 100]
DAYS = [
    "1999-12-31", "2023-01-01", "2023-12-31", "2024-01-01", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-30",
    "2024-03-31", "2024-04-01", "2024-10-26", "2024-10-27", "2024-10-28", "2024-12-31",
]  # fmt: skip
TIMES = [
    "2024-03-31T00:30:00Z", "2024-03-31T01:00:00Z", "2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z",
    "2024-02-29T23:30:00Z", "2024-03-15T12:00:00+01:00", "2023-12-31T23:00:00Z", "2024-03-15T11:59:59.999999Z",
]  # fmt: skip

VALUES: dict[str, Callable[[random.Random], Value]] = {
    "key": lambda chance: chance.randint(0, 20),
    "tree": lambda chance: chance.randint(0, 12),
    "person": lambda chance: chance.randint(0, 8),
    "whole": lambda chance: chance.randint(-2, 6),
    "decimal": lambda chance: chance.choice(NUMBERS),
    "text": lambda chance: chance.choice(WORDS),
    "truth": lambda chance: chance.random() < 0.5,
    "day": lambda chance: chance.choice(DAYS),
    "wall": lambda chance: chance.choice([*DAYS, *TIMES]),
    "instant": lambda chance: chance.choice([*DAYS, *TIMES]),
}
"""Kind → a random value, as a query spells it."""

EQUALITY = [Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN, Operator.NOT_IN, Operator.NULL, Operator.NOT_NULL]
ORDER = [
    Operator.GREATER_THAN, Operator.GREATER_EQUAL, Operator.LESS_THAN, Operator.LESS_EQUAL, Operator.BETWEEN,
    Operator.NOT_BETWEEN,
]  # fmt: skip
TEXTS = [one for one in Operator if one.form.family == "text"]
TIMED = [one for one in Operator if one.form.family in {"day", "span", "fiscal"}]
HOURS = [one for one in TIMED if one.endswith(("Hours", "Minutes"))]
USERS = [Operator.EQUAL_USER_ID, Operator.NOT_EQUAL_USER_ID, Operator.EQUAL_USER_TEAMS,
         Operator.EQUAL_USER_OR_USER_TEAMS, Operator.EQUAL_BUSINESS_ID, Operator.NOT_EQUAL_BUSINESS_ID,
         Operator.EQUAL_USER_LANGUAGE]  # fmt: skip
HIERARCHY = [one for one in Operator if one.form.family == "hierarchy"]
REPORTS = [Operator.EQUAL_USER_OR_USER_HIERARCHY, Operator.EQUAL_USER_OR_USER_HIERARCHY_AND_TEAMS]

OPERATORS: dict[str, list[Operator]] = {
    "key": [*EQUALITY, *ORDER],
    "tree": [*EQUALITY, *HIERARCHY],
    "person": [*EQUALITY, *USERS, *REPORTS, *HIERARCHY],
    "whole": [*EQUALITY, *ORDER, Operator.EQUAL_USER_LANGUAGE],
    "decimal": [*EQUALITY, *ORDER],
    "text": [*EQUALITY, *ORDER, *TEXTS],
    "truth": [Operator.EQUAL, Operator.NOT_EQUAL, Operator.NULL, Operator.NOT_NULL],
    "day": [*EQUALITY, *ORDER, *(one for one in TIMED if one not in HOURS)],
    "wall": [*EQUALITY, *ORDER, *TIMED],
    "instant": [*EQUALITY, *ORDER, *TIMED],
    "choices": [Operator.CONTAIN_VALUES, Operator.DOES_NOT_CONTAIN_VALUES, Operator.NULL, Operator.NOT_NULL],
}
"""Kind → the operators that can be asked of it."""


def values_for(chance: random.Random, operator: Operator, kind: str) -> tuple[Value, ...]:
    """Random values, as many and of the kind that the operator takes."""
    form = operator.form
    count = chance.randint(1, 3) if form.most is None else form.least
    match form.takes:
        case "nothing":
            return ()
        case "text":
            return (chance.choice([*WORDS, *PATTERNS] if "Contain" in operator else PATTERNS),)
        case "day":
            return (chance.choice(DAYS),)
        case "count":
            return (chance.choice([1, 1, 2, 3, 7, 13, 30]),)
        case "choice":
            return tuple(chance.randint(1, 12) for _ in range(count))
        case "period":
            return (chance.randint(1, 13),)
        case "year":
            return (chance.choice([2023, 2024]),)
        case "period and year":
            return (chance.randint(1, 13), chance.choice([2023, 2024]))
        case _:
            return tuple(VALUES[kind](chance) for _ in range(count))
