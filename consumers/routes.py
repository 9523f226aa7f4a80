"""The table: which handler listens to which topic, for which role, in which group. Both transports mount it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bulkdelete.consumers.deletion import Deletion
from bulkdelete.consumers.notification import Notifier
from bulkdelete.consumers.operations import take_command, take_outcome
from bulkdelete.consumers.planning import Planner
from bulkdelete.consumers.schedules import Scheduling


class Role(StrEnum):
    """What a process does; one process may have several roles, and several processes the same one."""

    OPERATIONS = "operations"
    PLANNING = "planning"
    DELETION = "deletion"
    PROJECTION = "projection"
    RELAY = "relay"
    CLOCK = "clock"
    NOTIFICATION = "notification"


@dataclass(frozen=True)
class Route:
    """One handler and where it listens. Topics are named without their prefix."""

    role: Role
    topic: str
    group: str
    """Durable: under this name Kafka remembers what was handled."""
    handler: Callable[..., Any]
    answers: str | None
    """The topic of the messages that the handler returns."""


COMMANDS = Route(Role.OPERATIONS, "commands", "operations.commands", take_command, None)
OUTCOMES = Route(Role.OPERATIONS, "outcomes", "operations.outcomes", take_outcome, "work")
EVENTS = Route(Role.PLANNING, "events", "planning.events", Planner.follow, "work")
TICKS = Route(Role.OPERATIONS, "ticks", "operations.ticks", Scheduling.tick, None)
WORK = Route(Role.DELETION, "work", "deletion.work", Deletion.do, "outcomes")
ENDS = Route(Role.NOTIFICATION, "events", "notification.events", Notifier.follow, None)

ROUTES = (COMMANDS, OUTCOMES, EVENTS, TICKS, WORK, ENDS)
"""Besides these, the projection reads `events` and `rejected` whole, by partition: its place is in its own file."""
