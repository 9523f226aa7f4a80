"""The states of an operation and every legal way between them (Dataverse's codes, spec §3.3)."""

from __future__ import annotations

from enum import StrEnum

from bulkdelete.domain.errors import TransitionError


class Status(StrEnum):
    """Where an operation stands."""

    WAITING = "waiting"
    POSTPONED = "postponed"
    RETRYING = "retrying"
    PAUSED = "paused"
    HALTED = "halted"
    IN_PROGRESS = "in_progress"
    PAUSING = "pausing"
    POSTPONING = "postponing"
    HALTING = "halting"
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

    @property
    def is_resting(self) -> bool:
        """Whether nothing is done until somebody, or the clock, says so."""
        return self in {Status.PAUSED, Status.POSTPONED, Status.HALTED}

    @property
    def told(self) -> Status:
        """The status as people and programs are told it, in Dataverse's words; why and until when stands beside it."""
        return TOLD.get(self, self)


TOLD = {
    Status.POSTPONED: Status.WAITING,
    Status.HALTED: Status.PAUSED,
    Status.POSTPONING: Status.PAUSING,
    Status.HALTING: Status.PAUSING,
}

CODES: dict[Status, tuple[int, int]] = {
    Status.WAITING: (0, 0),
    Status.POSTPONED: (1, 10),
    Status.RETRYING: (1, 11),
    Status.PAUSED: (1, 12),
    Status.HALTED: (1, 12),
    Status.IN_PROGRESS: (2, 20),
    Status.PAUSING: (2, 21),
    Status.POSTPONING: (2, 21),
    Status.HALTING: (2, 21),
    Status.CANCELING: (2, 22),
    Status.SUCCEEDED: (3, 30),
    Status.FAILED: (3, 31),
    Status.CANCELED: (3, 32),
}
"""Dataverse's `statecode` and `statuscode`."""

TRANSITIONS: dict[tuple[Status, Status], str] = {
    (Status.WAITING, Status.IN_PROGRESS): "the fence is open",
    (Status.WAITING, Status.RETRYING): "the target database is away",
    (Status.WAITING, Status.POSTPONED): "it was submitted for a later time, or somebody postponed it",
    (Status.WAITING, Status.CANCELING): "canceled before it began",
    (Status.WAITING, Status.FAILED): "the job does not fit the database",
    (Status.POSTPONED, Status.WAITING): "its time has come, or somebody resumed it before",
    (Status.POSTPONED, Status.POSTPONED): "somebody postponed it to another time",
    (Status.POSTPONED, Status.CANCELING): "somebody canceled",
    (Status.IN_PROGRESS, Status.RETRYING): "something it needs is away",
    (Status.IN_PROGRESS, Status.PAUSING): "somebody asked for a pause",
    (Status.IN_PROGRESS, Status.POSTPONING): "somebody postponed it",
    (Status.IN_PROGRESS, Status.HALTING): "somebody halted everything",
    (Status.IN_PROGRESS, Status.CANCELING): "somebody canceled",
    (Status.IN_PROGRESS, Status.SUCCEEDED): "nothing is left, or every remainder has its reason",
    (Status.IN_PROGRESS, Status.FAILED): "it can never go on",
    (Status.RETRYING, Status.IN_PROGRESS): "what was away is back",
    (Status.RETRYING, Status.WAITING): "what was away is back, and others have their turn",
    (Status.RETRYING, Status.PAUSING): "somebody asked for a pause",
    (Status.RETRYING, Status.POSTPONING): "somebody postponed it",
    (Status.RETRYING, Status.HALTING): "somebody halted everything",
    (Status.RETRYING, Status.CANCELING): "somebody canceled",
    (Status.RETRYING, Status.SUCCEEDED): "only closing was left when what was away came back",
    (Status.RETRYING, Status.FAILED): "it can never go on",
    (Status.PAUSING, Status.PAUSED): "the fence is closed and every batch recorded",
    (Status.PAUSING, Status.POSTPONING): "somebody postponed it instead",
    (Status.PAUSING, Status.CANCELING): "somebody canceled instead",
    (Status.PAUSED, Status.WAITING): "somebody resumed it",
    (Status.PAUSED, Status.POSTPONED): "somebody said when it goes on",
    (Status.PAUSED, Status.CANCELING): "somebody canceled",
    (Status.POSTPONING, Status.POSTPONED): "the fence is closed and every batch recorded",
    (Status.POSTPONING, Status.POSTPONING): "somebody postponed it to another time",
    (Status.POSTPONING, Status.PAUSING): "somebody asked for a pause instead",
    (Status.POSTPONING, Status.CANCELING): "somebody canceled instead",
    (Status.HALTING, Status.HALTED): "the fence is closed and every batch recorded",
    (Status.HALTING, Status.PAUSING): "somebody asked for a pause: it stays when the halt is over",
    (Status.HALTING, Status.POSTPONING): "somebody postponed it",
    (Status.HALTING, Status.CANCELING): "somebody canceled instead",
    (Status.HALTED, Status.WAITING): "the halt is over",
    (Status.HALTED, Status.PAUSED): "somebody paused it: it stays when the halt is over",
    (Status.HALTED, Status.POSTPONED): "somebody postponed it",
    (Status.HALTED, Status.CANCELING): "somebody canceled",
    (Status.CANCELING, Status.CANCELED): "the fence is closed and every batch recorded",
}
"""Every legal transition, and why it occurs."""

CONTROLS: dict[str, set[Status]] = {
    "pause": {Status.PAUSING, Status.PAUSED},
    "resume": {Status.WAITING},
    "postpone": {Status.POSTPONING, Status.POSTPONED},
    "cancel": {Status.CANCELING},
}
"""What people ask for, and where it leads."""
BY_ITSELF = {
    (Status.PAUSING, Status.PAUSED), (Status.POSTPONING, Status.POSTPONED), (Status.HALTED, Status.WAITING),
    (Status.RETRYING, Status.WAITING),
}  # fmt: skip
"""Transitions that lead there without anybody asking."""


def asked(now: Status, control: str) -> Status:
    """Where a control leads from here. Raises TransitionError, which says what is possible from here."""
    for then in sorted(CONTROLS[control]):
        if (now, then) in TRANSITIONS and (now, then) not in BY_ITSELF:
            return then
    raise TransitionError(f"the operation is {words(now)} and cannot be {PAST[control]}; {possible(now)}", "type")


def possible(now: Status) -> str:
    """What may be asked of an operation that stands here, in words."""
    found = [name for name in CONTROLS if any((now, then) in TRANSITIONS and (now, then) not in BY_ITSELF
                                              for then in CONTROLS[name])]  # fmt: skip
    if can_throttle(now):
        found.append("throttle")
    return f"possible from there: {', '.join(found)}" if found else "nothing is possible from there"


def check_throttle(now: Status) -> None:
    """Raise TransitionError where another rate would mean nothing."""
    if not can_throttle(now):
        raise TransitionError(f"the operation is {words(now)} and cannot be throttled; {possible(now)}", "type")


def can_throttle(now: Status) -> bool:
    """Whether another rate would still mean something."""
    return not now.is_final and now is not Status.CANCELING


def words(status: Status) -> str:
    """A status in words."""
    return status.replace("_", " ")


PAST = {"pause": "paused", "resume": "resumed", "postpone": "postponed", "cancel": "canceled"}
