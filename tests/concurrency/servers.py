"""The databases that have several writers at once."""

from __future__ import annotations

import pytest

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
MARIADB = pytest.param("mariadb", marks=pytest.mark.mariadb)
MYSQL = pytest.param("mysql", marks=pytest.mark.mysql)

on_servers = pytest.mark.parametrize(
    "rows",
    [POSTGRESQL, MARIADB, pytest.param("mysql", marks=[pytest.mark.mysql, pytest.mark.long])],
    indirect=True,
)
"""Run a test on the servers only; on MySQL among the long ones."""
on_every_server = pytest.mark.parametrize("rows", [POSTGRESQL, MARIADB, MYSQL], indirect=True)
"""The same for what takes moments."""
