"""Why roots of a closure stay, though no statement failed."""

from __future__ import annotations

from bulkdelete.records.causes import Reason


class KeptError(Exception):
    """A trigger silently kept records, or a catalogue keeps them: these roots must stay whole."""

    def __init__(self, ords: list[int], reason: Reason) -> None:
        super().__init__(f"{len(ords)} records are kept: {reason.text}")
        self.ords = ords
        self.reason = reason


class ChangedError(Exception):
    """Related records changed since these roots were held: they match no more."""

    def __init__(self, ords: list[int]) -> None:
        super().__init__(f"{len(ords)} records match no more")
        self.ords = ords
