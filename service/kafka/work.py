"""The work that comes in for the target databases, and its outcomes that go out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from anyio import from_thread, to_thread
from pydantic import InstanceOf, ValidationError

from bulkdelete.domain.outcomes import OUTCOMES, AnyOutcome, WorkReturned
from bulkdelete.domain.refusals import refusal
from bulkdelete.domain.work import WORK, AnyWork
from bulkdelete.producers.messages import Outgoing
from bulkdelete.service.kafka.received import Documents, Received
from bulkdelete.service.kafka.shell import Shell, where

log = logging.getLogger("bulkdelete.kafka")

WorkMessage = Annotated[InstanceOf[Received], Documents(WORK)]
Do = Callable[[AnyWork], Iterator[AnyOutcome]]


@dataclass
class Deletions:
    """Does work in threads and tells its outcomes as they come; acknowledges when Kafka has them all."""

    shell: Shell
    do: Do
    outcomes_topic: str

    async def take(self, received: Received) -> None:
        """Do one piece of work, or reject it."""
        work = await self.shell.attempt(received, lambda: read_work(received.body or b""))
        if work is None:
            return
        sending: list[asyncio.Task[None]] = []
        try:
            await to_thread.run_sync(self.run, work, sending)
            await asyncio.gather(*sending)
        except Exception as error:
            # Work is issued again by the clock: a pause, and a reason that people see, not a partition that stands.
            log.exception("Work failed", extra={"action": "work_failed", "work": work.type, **where(received)})
            reason = f"an error nobody foresaw: {error!r:.500}"
            outcome = WorkReturned(operation_id=work.operation_id, epoch=work.epoch, reason=reason)
            await asyncio.gather(*sending, return_exceptions=True)
            await self.shell.outbox.send(outcome_message(self.outcomes_topic, outcome))

    def run(self, work: AnyWork, sending: list[asyncio.Task[None]]) -> None:
        """Do the work in this thread from beginning to end; its outcomes are published meanwhile, in order."""
        for outcome in self.do(work):
            from_thread.run(self.tell, outcome_message(self.outcomes_topic, outcome), sending)

    async def tell(self, message: Outgoing, sending: list[asyncio.Task[None]]) -> None:
        """Publish behind the one before, at most two at a time: memory is bounded by that."""
        before = sending[-1] if sending else None
        if len(sending) > 1:
            await sending[-2]

        async def send() -> None:
            if before is not None:
                await before
            await self.shell.outbox.send(message)

        sending.append(asyncio.create_task(send()))

    def handler(self) -> Callable[[WorkMessage], Awaitable[None]]:
        """The handler to mount."""

        async def work(message: WorkMessage) -> None:
            """Work in the target databases, for workers. It carries no predicate."""
            await self.take(message)

        return work


def read_work(body: bytes) -> AnyWork:
    """The work that a message's body spells. Raises InvalidJobError."""
    try:
        return WORK.validate_json(body)
    except ValidationError as error:
        raise refusal(error) from None


def work_message(topic: str, work: AnyWork) -> Outgoing:
    """Work as a message: its key spreads it over the workers."""
    return Outgoing(topic, work.key.encode(), WORK.dump_json(work))


def outcome_message(topic: str, outcome: Any) -> Outgoing:
    """An outcome as a message: one operation's stay in order."""
    return Outgoing(topic, outcome.key.encode(), OUTCOMES.dump_json(outcome))
