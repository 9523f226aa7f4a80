"""What PostgreSQL's errors mean."""

from __future__ import annotations

import psycopg
import sqlalchemy as sa

from bulkdelete.records.fault import Fault

LOCKED = {"55P03"}
SLOW = {"57014"}
REFERENCE = {"23001", "23503"}
CONFLICT = {"40001", "40P01"}
AWAY_CLASSES = {"08", "53", "57", "58"}
AWAY = {"25006", "3D000", "28000", "28P01", "25P03"}


def fault_of(error: BaseException) -> Fault:
    """By SQLSTATE; table and constraint from the diagnostics, never from the text, which holds values."""
    origin = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if not isinstance(origin, psycopg.Error):
        return Fault("record", type(origin).__name__, str(origin))
    code, diagnostics = origin.sqlstate, origin.diag
    text = diagnostics.message_primary or str(origin)
    if code is None:
        return Fault("away", "08006", text)
    kind = "record"
    if code in LOCKED:
        kind = "locked"
    elif code in SLOW:
        kind = "slow"
    elif code in CONFLICT:
        kind = "conflict"
    elif code in AWAY or code[:2] in AWAY_CLASSES:
        # A trigger on a foreign server raises what says that *that* one is away: then our connection lives.
        kind = "away" if code[:2] != "08" or is_gone(error) else "record"
    names = diagnostics.constraint_name, diagnostics.table_name
    return Fault(kind, code, text, *names, of_reference=code in REFERENCE)  # type: ignore[arg-type]


def is_gone(error: BaseException) -> bool:
    """Whether the connection is gone, or was never made."""
    if not isinstance(error, sa.exc.DBAPIError):
        return True
    return error.connection_invalidated or error.statement is None
