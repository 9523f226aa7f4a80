"""Everything that can be wrong, as one tree.

BulkDeleteError
├── RefusedError                    what was asked can never work: it names the field, the value and what is accepted
│   ├── InvalidJobError                 a job or command that is malformed, unknown or not supported
│   ├── OperationNotFoundError          nobody submitted that operation
│   ├── OperationExistsError            the id belongs to another job
│   ├── ScheduleNotFoundError           nobody created that schedule
│   ├── ScheduleExistsError             the id belongs to another schedule
│   ├── TransitionError                 the operation is not in a state that allows this
│   ├── NotAuthorisedError              the principal may not do this
│   └── GuardError                      a guard forbids it: it names the guard and its figures
├── UnavailableError                infrastructure is away: wait, nothing is lost
│   └── OperationBusyError              another process drives the operation
├── TargetChangedError              the target database is not the one the operation began on, or its schema changed
└── ViewsError                      the views cannot be read or written
"""

from __future__ import annotations


def printable(text: str) -> str:
    """A text that any terminal and any encoding can show: what is no line break and not printable is escaped."""
    return "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)


class BulkDeleteError(Exception):
    """Something in bulkdelete went wrong."""


class RefusedError(BulkDeleteError):
    """What was asked can never work."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        self.reason = printable(reason)
        self.field = None if field is None else printable(field)
        super().__init__(f"{self.field}: {self.reason}" if field else self.reason)


class InvalidJobError(RefusedError):
    """A job or command is malformed, unknown or not supported."""


class OperationNotFoundError(RefusedError):
    """Nobody submitted that operation."""


class OperationExistsError(RefusedError):
    """The operation id belongs to another job."""


class ScheduleNotFoundError(RefusedError):
    """Nobody created that schedule."""


class ScheduleExistsError(RefusedError):
    """The schedule id belongs to another schedule."""


class TransitionError(RefusedError):
    """The operation is not in a state that allows this."""


class NotAuthorisedError(RefusedError):
    """The principal may not do this."""


class GuardError(RefusedError):
    """A guard forbids it."""


class UnavailableError(BulkDeleteError):
    """Infrastructure is away: wait, nothing is lost."""


class OperationBusyError(UnavailableError):
    """Another process drives the operation."""


class TargetChangedError(BulkDeleteError):
    """The target database is not the one the operation began on, or its schema changed."""


class ViewsError(BulkDeleteError):
    """The views cannot be read or written."""
