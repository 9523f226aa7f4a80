"""One process of the service: its roles on Kafka, from start to graceful stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from faststream import FastStream
from faststream.kafka import KafkaBroker

from bulkdelete.consumers.routes import Role
from bulkdelete.producers.connection import KafkaConnection
from bulkdelete.producers.lease import lease_of
from bulkdelete.producers.relay import Relay, sleep_unless
from bulkdelete.producers.topics import Topics, declare
from bulkdelete.service.kafka.broker import GRACE, make_broker
from bulkdelete.service.kafka.connecting import connection_of, topics_of
from bulkdelete.service.kafka.mounting import Mounted, mount_routes
from bulkdelete.service.kafka.outbox import Outbox
from bulkdelete.service.kafka.parts import Parts
from bulkdelete.service.kafka.planning import ownership
from bulkdelete.service.kafka.projection import Projection
from bulkdelete.service.kafka.reading import TopicReader, is_empty
from bulkdelete.service.kafka.shell import Shell
from bulkdelete.service.kafka.waiting import forever, patiently
from bulkdelete.service.settings import Settings

log = logging.getLogger("bulkdelete.service")

PULSE = 5.0
"""Seconds between two looks at whether Kafka answers."""


PATIENCE = 8.0
"""Seconds that a stop waits for a Kafka that is away."""
NICE = 10
"""How far a process that only keeps views steps back behind others."""


class MissingTopicsError(Exception):
    """Some topics are missing and cannot be made by us."""


class Service:
    """The roles of this process."""

    def __init__(self, settings: Settings, roles: frozenset[Role], parts: Parts) -> None:
        self.settings = settings
        self.roles = roles
        self.parts = parts
        self.connection: KafkaConnection = connection_of(settings.kafka)
        self.topics: Topics = topics_of(settings.kafka)
        self.stopping = asyncio.Event()
        self.serving = asyncio.Event()
        self.is_there = True
        """Whether Kafka answered when it was last asked."""
        self.broker: KafkaBroker = make_broker(self.connection)
        self.outbox = Outbox(self.broker, partial(make_broker, self.connection), self.stopping)
        self.shell = Shell(self.outbox, self.topics.name("rejected"), self.stopping)
        self.relay: Relay | None = self.make_relay() if Role.RELAY in roles else None
        self.mounted: Mounted = mount_routes(
            self.broker, self.topics, roles, parts, self.shell, self.recorded,
            settings.keep_commands_seconds, settings.deletion_workers,
        )  # fmt: skip
        self.app = FastStream(self.broker, logger=None)

    def make_relay(self) -> Relay:
        """The relay of this process; it stands by while another one leads."""
        topic = self.topics.name("events")
        lease = lease_of(self.parts.application, topic, self.settings.relay_lease_seconds)
        return Relay(self.parts.application, lease, topic, self.outbox.begin, partial(is_empty, self.connection, topic))

    def recorded(self) -> None:
        """Something was recorded by this process."""
        if self.relay is not None:
            self.relay.wake()

    def stop(self) -> None:
        """Stop in good order: finish what is in hand."""
        if not self.stopping.is_set():
            log.info("Stopping", extra={"action": "stopping"})
        self.stopping.set()
        self.parts.stop()

    async def run(self) -> None:
        """Run until stopped."""
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(one, self.stop)
        await patiently("Kafka", self.declare, self.stopping)
        await patiently("Kafka", self.start, self.stopping)
        duties = [] if self.stopping.is_set() else self.duties()
        tasks = [asyncio.create_task(forever(what, duty, self.stopping)) for what, duty in duties]
        self.serving.set()
        names = sorted(self.roles)
        log.info("Serving %s", ", ".join(names), extra={"action": "serving", "roles": names})
        await self.stopping.wait()
        await self.wind_up(tasks)

    async def declare(self) -> None:
        """Make or check the topics. Raises where Kafka is away or a topic is missing."""
        kafka = self.settings.kafka
        found = await declare(
            self.connection, self.topics.plans(), kafka.replication_factor, create=kafka.declare_topics
        )
        for remark in found.remarks:
            log.warning("%s", remark, extra={"action": "topic_remark"})
        if found.missing:
            raise MissingTopicsError(
                "; ".join(f"topic {name} is missing: {why}" for name, why in found.missing.items())
            )

    async def start(self) -> None:
        """Begin to listen; begun in part, it ends whole."""
        try:
            await self.app.start()
        except BaseException:
            with suppress(Exception):
                await self.app.stop()
            raise

    def duties(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """What runs beside the handlers."""
        found: list[tuple[str, Callable[[], Awaitable[None]]]] = [("the pulse", self.pulse)]
        if self.relay is not None:
            found.append(("the relay", partial(self.relay.run, self.stopping)))
        if self.mounted.planning is not None:
            is_ours = ownership(self.mounted.events.consumer, self.topics.name("events"))
            found.append(("the clock", partial(self.mounted.planning.clock, is_ours)))
        if Role.PROJECTION in self.roles and self.parts.keeper is not None:
            events, rejected = self.topics.name("events"), self.topics.name("rejected")
            reader = partial(TopicReader, self.connection, [events, rejected])
            projection = Projection(reader, self.parts.keeper, events, rejected)
            found.append(("the projection", partial(projection.run, self.stopping)))
        return found

    async def pulse(self) -> None:
        """Say when Kafka goes away and comes back; for a health check, tell that we live."""
        while not self.stopping.is_set():
            answers = await self.broker.ping(timeout=PULSE)
            if answers != self.is_there:
                say = "Kafka is back" if answers else "Kafka is away: what is to be published waits"
                log.warning(say, extra={"action": "kafka_back" if answers else "kafka_away"})
                self.is_there = answers
            if answers and self.settings.health_file:
                self.settings.health_file.touch()
            await sleep_unless(self.stopping, PULSE)

    async def wind_up(self, tasks: list[asyncio.Task[None]]) -> None:
        """Finish the messages in hand, give back the lease, close."""
        try:
            async with asyncio.timeout(GRACE + 10 if self.is_there else PATIENCE):
                pulse, *others = tasks or [asyncio.create_task(asyncio.sleep(0))]
                pulse.cancel()
                await asyncio.gather(pulse, return_exceptions=True)
                await asyncio.gather(self.app.stop(), *others, return_exceptions=True)
                await self.outbox.close()
        except TimeoutError:
            log.warning("Stopped without waiting for Kafka any longer", extra={"action": "stopped"})
        else:
            log.info("Stopped", extra={"action": "stopped"})


def serve(settings: Settings, roles: frozenset[Role], parts: Parts) -> None:
    """Run the roles in this process until SIGTERM or SIGINT."""
    if roles == {Role.PROJECTION}:
        step_back()

    async def main() -> None:
        await Service(settings, roles, parts).run()

    asyncio.run(main())


def step_back() -> None:
    """Leave the processors to whoever else wants them: views may be late, deletions should not wait for them."""
    with suppress(AttributeError, OSError):
        os.nice(NICE)
