"""A database of each kind in turn, and a folder to run commands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.commands import Shell
from tests.faults.rows import MariaDBRows, MySQLRows, PostgreSQLRows, Rows, SQLiteRows


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A place for the command line."""
    return Shell(tmp_path)


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
        pytest.param("mysql", marks=[pytest.mark.mysql, pytest.mark.long]),
    ]
)
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Rows:
    """An empty database, of each kind in turn."""
    if request.param == "sqlite":
        return SQLiteRows(tmp_path / "target.db")
    if request.param == "mariadb":
        return MariaDBRows(request.getfixturevalue("mariadb_url"))
    if request.param == "mysql":
        return MySQLRows(request.getfixturevalue("mysql_url"))
    return PostgreSQLRows(request.getfixturevalue("postgresql_url"))
