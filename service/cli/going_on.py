"""An operation that goes on: with the catalogue and the ledger that it began with."""

from __future__ import annotations

from pathlib import Path

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import GovernedJob
from bulkdelete.domain.operation import Operation
from bulkdelete.service.cataloguefile import read_catalogue
from bulkdelete.service.ledgers import ledger_place


def refuse_another_catalogue(operation: Operation, given: Path | None) -> None:
    """Raise InvalidJobError where another catalogue is given: an operation goes on with its own copy."""
    if given is not None and read_catalogue(given) != GovernedJob.read(operation.job).catalogue:
        raise InvalidJobError(
            f"{given} is not the catalogue that the operation began with; it goes on with its own copy: "
            "leave --catalogue out",
            "--catalogue",
        )


def ledger_that_stays(operation: Operation, given: str | None) -> str | None:
    """Where the ledger is, where the settings would put it elsewhere: there nothing is known of what was deleted.

    Raises InvalidJobError where an option says so outright.
    """
    began, configured = operation.job.get("ledger"), ledger_place(None, None)
    where = repr(began) if began else "the default place"
    if given is not None and given != began:
        raise InvalidJobError(
            f"the operation began with its ledger in {where}, not in {given!r}, and goes on there: leave --ledger out",
            "--ledger",
        )
    if configured is None or configured == began:
        return None
    return f"Its ledger stays in {where}, where it began; {configured!r} is for new operations."
