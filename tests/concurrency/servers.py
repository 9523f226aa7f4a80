"""The databases that have several writers at once."""

from __future__ import annotations

import pytest

on_servers = pytest.mark.parametrize(
    "rows",
    [pytest.param("postgresql", marks=pytest.mark.postgresql), pytest.param("mariadb", marks=pytest.mark.mariadb)],
    indirect=True,
)
"""Run a test on the servers only."""
