"""The states of an operation and every legal way between them (Dataverse's codes, spec §3.3)."""

from __future__ import annotations

from enum import StrEnum

from bulkdelete.domain.errors import TransitionError


class Status(StrEnum):
    """Where an operation stands."""

    WAITING = "waiting"
    RETRYING = "retrying"
    PAUSED = "paused"
    IN_PROGRESS = "in_progress"
    PAUSING = "pausing"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return self in {Status.SUCCEEDED, Status.FAILED, Status.CANCELED}

    @property
    def is_running(self) -> bool:
        """Whether records are being deleted, or would be if what is away came back."""
        return self in {Status.IN_PROGRESS, Status.RETRYING}


CODES: dict[Status, tuple[int, int]] = {
    Status.WAITING: (0, 0),
    Status.RETRYING: (1, 11),
    Status.PAUSED: (1, 12),
    Status.IN_PROGRESS: (2, 20),
    Status.PAUSING: (2, 21),
    Status.CANCELING: (2, 22),
    Status.SUCCEEDED: (3, 30),
    Status.FAILED: (3, 31),
    Status.CANCELED: (3, 32),
}
"""Dataverse's `statecode` and `statuscode`."""

TRANSITIONS: dict[tuple[Status, Status], str] = {
    (Status.WAITING, Status.IN_PROGRESS): "the fence is open",
    (Status.WAITING, Status.RETRYING): "the target database is away",
    (Status.WAITING, Status.CANCELING): "canceled before it began",
    (Status.WAITING, Status.FAILED): "the job does not fit the database",
    (Status.IN_PROGRESS, Status.RETRYING): "something it needs is away",
    (Status.IN_PROGRESS, Status.PAUSING): "somebody asked for a pause",
    (Status.IN_PROGRESS, Status.CANCELING): "somebody canceled",
    (Status.IN_PROGRESS, Status.SUCCEEDED): "nothing is left, or every remainder has its reason",
    (Status.IN_PROGRESS, Status.FAILED): "it can never go on",
    (Status.RETRYING, Status.IN_PROGRESS): "what was away is back",
    (Status.RETRYING, Status.PAUSING): "somebody asked for a pause",
    (Status.RETRYING, Status.CANCELING): "somebody canceled",
    (Status.RETRYING, Status.SUCCEEDED): "only closing was left when what was away came back",
    (Status.RETRYING, Status.FAILED): "it can never go on",
    (Status.PAUSING, Status.PAUSED): "the fence is closed and every batch recorded",
    (Status.PAUSING, Status.CANCELING): "somebody canceled instead",
    (Status.PAUSED, Status.WAITING): "somebody resumed it",
    (Status.PAUSED, Status.CANCELING): "somebody canceled",
    (Status.CANCELING, Status.CANCELED): "the fence is closed and every batch recorded",
}
"""Every legal transition, and why it occurs."""


def check(now: Status, then: Status) -> None:
    """Raise TransitionError where the table does not know the way."""
    if (now, then) not in TRANSITIONS:
        sources = ", ".join(sorted({source for source, target in TRANSITIONS if target is then}))
        text = f"the operation is {now} and cannot become {then}; that is legal from: {sources}"
        raise TransitionError(text.replace("_", " "), "type")
