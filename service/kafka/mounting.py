"""The routes, mounted on FastStream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from faststream.kafka import KafkaBroker

from bulkdelete.consumers.routes import COMMANDS, ENDS, EVENTS, OUTCOMES, TICKS, WORK, Role
from bulkdelete.domain.outcomes import AnyOutcome
from bulkdelete.domain.work import AnyWork
from bulkdelete.producers.topics import Topics
from bulkdelete.service.kafka.broker import mount
from bulkdelete.service.kafka.commands import Commands
from bulkdelete.service.kafka.keeping import Keeper
from bulkdelete.service.kafka.notices import Notices
from bulkdelete.service.kafka.outcomes import Outcomes
from bulkdelete.service.kafka.parts import Parts
from bulkdelete.service.kafka.planning import Planning
from bulkdelete.service.kafka.shell import Shell
from bulkdelete.service.kafka.ticks import Ticks
from bulkdelete.service.kafka.work import Deletions

BATCH = {"batch": True, "batch_timeout_ms": 10, "max_records": 100}
"""One acknowledgement for many messages; the time-out is how long an idle subscriber sleeps."""


@dataclass
class Mounted:
    """What was mounted and must be looked after."""

    planning: Planning | None = None
    events: Any = None
    """FastStream's subscriber of the events: it knows which partitions are ours."""
    notices: Notices | None = None
    ends: Any = None
    """The same for those who tell people of ends."""


def mount_routes(
    broker: KafkaBroker, topics: Topics, roles: frozenset[Role], parts: Parts, shell: Shell,
    recorded: Callable[[], None], keep_seconds: float = 10, workers: int = 4,
) -> Mounted:  # fmt: skip
    """Mount the handlers of these roles."""
    mounted = Mounted()
    if Role.OPERATIONS in roles:
        keeper = Keeper(shell, keep_seconds)
        commands = Commands(
            shell,
            keeper,
            parts.application,
            parts.databases,
            recorded,
            parts.scheduling,
            parts.check,
            parts.catalogues,
            parts.ledgers,
            parts.guards,
        )
        mount(broker, topics, COMMANDS, commands.handler())
        mount(broker, topics, TICKS, Ticks(shell, parts.scheduling, recorded).handler(), **BATCH)
        outcomes = Outcomes(shell, parts.application, topics.name("work"), recorded, parts.bounds)
        mount(broker, topics, OUTCOMES, outcomes.handler(), **BATCH)
    if Role.PLANNING in roles:
        mounted.planning = Planning(shell, parts.planner, topics.name("work"))
        mounted.events = mount(broker, topics, EVENTS, mounted.planning.handler(), **BATCH)
    if Role.NOTIFICATION in roles and parts.notifier is not None:
        mounted.notices = Notices(shell, parts.notifier, recorded)
        mounted.ends = mount(broker, topics, ENDS, mounted.notices.handler(), include_in_schema=False, **BATCH)
    if Role.DELETION in roles:
        deletions = Deletions(shell, parts.do or no_work, topics.name("outcomes"))
        mount(broker, topics, WORK, deletions.handler(), max_workers=workers if workers > 1 else None)
    return mounted


def no_work(work: AnyWork) -> Iterator[AnyOutcome]:
    """A process without target databases."""
    raise LookupError(f"this process was given nothing that does {work.type}")
