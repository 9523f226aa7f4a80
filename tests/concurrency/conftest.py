"""A database of each kind in turn, and a folder to run commands in: those of the fault tests."""

from __future__ import annotations

from tests.faults.conftest import rows, shell

__all__ = ["rows", "shell"]
