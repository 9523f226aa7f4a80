"""What a database's error means, whichever database it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["away", "conflict", "locked", "slow", "record"]


@dataclass(frozen=True)
class Fault:
    """What a database's error means.

    away: the connection or the server is gone · conflict: the transaction may pass when it is run again (deadlock,
    serialisation) · locked: somebody holds a record · slow: a time limit was hit · record: the statement cannot pass.
    """

    kind: FaultKind
    number: str
    text: str
    constraint: str | None = None
    table: str | None = None
    of_reference: bool = False
    """Whether another record's reference is what the statement cannot pass: it may be gone later."""


class TransactionLostError(Exception):
    """The database ended the transaction: the batch begins anew."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault
