"""Kinds of columns, and values for keys of each kind: ordinary ones, and those that break careless code."""

from __future__ import annotations

import random
from collections.abc import Callable
from uuid import UUID

from tests.properties.case import Column, Value

PAST, FUTURE = "2020-01-31T12:00:00+00:00", "2999-01-31T12:00:00+00:00"
TEXTS = [
    "a", "A", "b", "a ", " a", "", "it's", 'quo"ted', "ünï", "u\u0308ni", "日本", "😀", "a\nb", "t\tb", "\\", "\\n",
    "%", "_", "%s", ":x", "1", "01", "1.0", "-1", "NULL", "null", "[]", '["a"]', '{"a": 1}', "'; --", "x" * 40,
]  # fmt: skip
INTEGERS = [*range(-3, 40), 2**31 - 1, -(2**31)]
BIGINTS = [-(2**63), 2**63 - 1, -(2**53) - 1, 2**53 + 1, *range(-3, 30)]


def uuid(generator: random.Random) -> str:
    """A random uuid; some are the least and the greatest. MariaDB takes only those of a known variant and version."""
    number = generator.choice([0, 2**128 - 1]) if generator.random() < 0.1 else generator.getrandbits(128)
    return str(UUID(int=number, version=4))


KINDS: dict[str, Callable[[random.Random], Value]] = {
    "integer": lambda generator: generator.choice(INTEGERS),
    "bigint": lambda generator: generator.choice(BIGINTS),
    "uuid": uuid,
    "text": lambda generator: generator.choice(TEXTS),
    "instant": lambda generator: generator.choice([PAST, PAST, PAST, FUTURE]),
    # What only MariaDB has:
    "unsigned": lambda generator: generator.choice([2**64 - 1, 2**63, *range(30)]),
    "char36": uuid,
    "binary16": lambda generator: UUID(uuid(generator)).hex,
}
"""A random value of each kind."""

KEYS = ("integer", "integer", "bigint", "uuid", "text", "text")
"""The kinds that a key may be of in every database."""


def shown(column: Column, value: Value) -> str:
    """A value of a key as the audit gives it."""
    assert value is not None, column
    return str(value)
