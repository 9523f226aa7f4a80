"""Which databases a test runs on, where it is not all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
MARIADB = pytest.param("mariadb", marks=pytest.mark.mariadb)
MYSQL = pytest.param("mysql", marks=pytest.mark.mysql)
MARIADB_AND_MYSQL = [MARIADB, MYSQL]
EVERY = ["sqlite", POSTGRESQL, MARIADB, MYSQL]

WHOLE_ON_MYSQL = {
    "test_cascades", "test_injection", "test_mariadb_concurrent", "test_mariadb_keys", "test_mariadb_schema",
    "test_mysql", "test_restricting", "test_triggers", "test_truth",
}  # fmt: skip
"""Files of which every case is usually run on MySQL, too: values, keys, restrictions, cascades, bisecting, locks.

Of each other test the first case is, and the rest among the long ones: MySQL is spoken to as MariaDB is, where all run.
"""


def later_cases_on_mysql(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """What is left to the long tests."""
    begun: set[str] = set()
    for one in items:
        if one.get_closest_marker("mysql") is None or one.path.stem in WHOLE_ON_MYSQL:
            continue
        test = one.nodeid.partition("[")[0]
        if test in begun:
            yield one
        begun.add(test)
