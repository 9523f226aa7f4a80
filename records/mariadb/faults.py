"""What the errors of MariaDB and MySQL mean."""

from __future__ import annotations

import re

import pymysql
import sqlalchemy as sa

from bulkdelete.records.fault import Fault, FaultKind

LOCKED = {1205, 3572}
"""Lock wait timeout, also of metadata locks and NOWAIT."""
SLOW = {1969, 3024, 1317}
REFERENCE = {1216, 1217, 1451, 1452}
CONFLICT = {1213, 1020, 1412, 1305}
AWAY = {
    1021, 1040, 1041, 1042, 1043, 1044, 1045, 1046, 1049, 1053, 1077, 1078, 1079, 1080, 1114, 1129, 1130, 1152, 1158,
    1159, 1160, 1161, 1184, 1203, 1226, 1290, 1792, 1836, 1927, 3168, 4031,
}  # fmt: skip
"""The server stops, is full, only reads, or does not let us in (now)."""
NO_DATABASE_RIGHT = 1044
OF_THE_CLIENT = range(2000, 2100)
"""Errors that the driver found: the connection is gone, or was never made."""
NAME = r"`((?:[^`]|``)*)`"
FOREIGN_KEY = re.compile(rf"\({NAME}\.{NAME}, CONSTRAINT {NAME} FOREIGN KEY")
"""Of errors 1451 and 1452: database, table and constraint stand in the text only."""


def fault_of(error: BaseException) -> Fault:
    """By the server's number; of a foreign key the table and the constraint from the text."""
    origin = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if not isinstance(origin, pymysql.MySQLError):
        return Fault("record", type(origin).__name__, str(origin))
    number = origin.args[0] if origin.args and isinstance(origin.args[0], int) else 0
    text = str(origin.args[1]) if len(origin.args) > 1 else str(origin)
    kind = kind_of(number)
    if number == NO_DATABASE_RIGHT and isinstance(error, sa.exc.DBAPIError) and error.statement is not None:
        kind = "record"  # we are let in, but not to that database
    if kind == "away":
        return Fault(kind, str(number or 2006), text or "the connection is gone")
    found = FOREIGN_KEY.search(text)
    _, table, constraint = (one.replace("``", "`") for one in found.groups()) if found else (None, None, None)
    return Fault(kind, str(number), text, constraint, table, of_reference=number in REFERENCE)


def kind_of(number: int) -> FaultKind:
    """The kind of an error number; 0 is the driver's, on a connection that is closed."""
    if number == 0 or number in AWAY or number in OF_THE_CLIENT:
        return "away"
    if number in LOCKED:
        return "locked"
    if number in SLOW:
        return "slow"
    return "conflict" if number in CONFLICT else "record"
