"""Which databases a test runs on, where it is not all of them."""

from __future__ import annotations

import pytest

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
MARIADB = pytest.param("mariadb", marks=pytest.mark.mariadb)
MYSQL = pytest.param("mysql", marks=pytest.mark.mysql)
MARIADB_AND_MYSQL = [MARIADB, MYSQL]
EVERY = ["sqlite", POSTGRESQL, MARIADB, MYSQL]
