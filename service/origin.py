"""The database that an operation began on."""

from __future__ import annotations

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.operation import Operation
from bulkdelete.records.names import read_address, shown
from bulkdelete.records.target import Target
from bulkdelete.service.configuration import load
from bulkdelete.service.databases import database_url
from bulkdelete.service.limits import limits_of


def own_address(operation: Operation, address: str | None) -> str | None:
    """The address, if it is that of the database that an operation began on."""
    if address is None:
        return None
    own = database_url(operation.database) or ""
    return address if shown(read_address(address)) == shown(read_address(own)) else None


def target_of(operation: Operation, address: str | None = None, name: str | None = None) -> Target:
    """The database that an operation began on, by its address or its name. Raises InvalidJobError for another.

    `address`: with what the operation's own lacks, such as a password. `name`: under which its limits are set.
    """
    own = database_url(operation.database) or ""
    began = operation.database if own == operation.database else shown(read_address(own))
    named = name or (operation.database if "://" not in operation.database else None)
    target = Target(address or own, operation.job.get("ledger"), limits=limits_of(load(), named))
    if target.shown != began:
        target.close()
        raise InvalidJobError(f"the operation began on {began}, not on {target.shown}", "database")
    return target
