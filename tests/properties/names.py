"""Names of tables and columns: plain ones, and those that need quoting."""

from __future__ import annotations

import random

TABLES = [
    "e{}", "e{}", "e{}", "Account{}", "Order Line {}", "naïve{}", "Straße {}", "日本{}", 'quo"ted{}', "it's{}",
    "per%s{}", "dot.ted{}", "select {}", ":bind{}", "back`tick{}", "{}",
]  # fmt: skip
COLUMNS = ["{}", "{}", "{}", "{}", "Mixed{}", "two words {}", "ünï_{}", 'q"{}', "%({})s", "c.{}", "order {}", "?{}"]


def table_name(generator: random.Random, at: int) -> str:
    """The name of a table; `at` keeps names apart."""
    return generator.choice(TABLES).format(at)


def column_name(generator: random.Random, stem: str) -> str:
    """The name of a column; the stem keeps names apart."""
    return generator.choice(COLUMNS).format(stem)
