"""Which database is meant, and which catalogue holds for it."""

from __future__ import annotations

import os
from pathlib import Path

from bulkdelete.domain.errors import InvalidJobError


def database_url(text: str | None) -> str | None:
    """An address as it is, a configured name as its address. Raises InvalidJobError for an unknown name."""
    if text is None or "://" in text:
        return text
    configured = os.environ.get(f"BULKDELETE_DATABASES__{text.upper()}")
    if configured is None:
        raise InvalidJobError(
            f"{text!r} is neither an address nor configured: set BULKDELETE_DATABASES__{text.upper()}", "database"
        )
    return configured


def catalogue_file(given: Path | None, database: str | None) -> Path | None:
    """The catalogue that is given, else the one that is configured for a configured database."""
    if given is not None or database is None or "://" in database:
        return given
    configured = os.environ.get(f"BULKDELETE_CATALOGUES__{database.upper()}")
    return Path(configured) if configured else None
