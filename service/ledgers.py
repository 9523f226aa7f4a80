"""Where operations keep their ledger, as an option or the environment says."""

from __future__ import annotations

import os

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.ledger_place import LedgerPlace


def ledger_place(given: str | None, database: str | None) -> str | None:
    """Where the ledger is: as it is given, else as it is configured for a configured database, else for all.

    Raises InvalidJobError naming what says it.
    """
    said = [("--ledger", given)]
    if database is not None and "://" not in database:
        said.append((variable := f"BULKDELETE_LEDGERS__{database.upper()}", os.environ.get(variable)))
    said.append(("BULKDELETE_LEDGER", os.environ.get("BULKDELETE_LEDGER")))
    for source, text in said:
        if text:
            try:
                return str(LedgerPlace.read(text))
            except ValueError as error:
                raise InvalidJobError(f"{error}; got {text!r:.120}", source) from None
    return None
