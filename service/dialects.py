"""Whose SQL is spoken at an address."""

from __future__ import annotations

SCHEMES = {"postgresql": "postgresql", "postgres": "postgresql", "mariadb": "mariadb", "mysql": "mariadb",
           "sqlite": "sqlite"}  # fmt: skip


def dialect_of_address(address: str | None) -> str | None:
    """The dialect that SQL for this database is written in; None where there is no address, or another kind."""
    if address is None:
        return None
    return SCHEMES.get(address.partition("://")[0].partition("+")[0].lower())
