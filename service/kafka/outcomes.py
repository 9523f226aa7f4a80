"""The outcomes of work that come in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import InstanceOf, ValidationError

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.operations import take_outcome
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.outcomes import OUTCOMES, AnyOutcome
from bulkdelete.domain.refusals import refusal
from bulkdelete.domain.work import AnyWork
from bulkdelete.service.kafka.received import Documents, Received
from bulkdelete.service.kafka.shell import Shell
from bulkdelete.service.kafka.work import work_message

OutcomeMessage = Annotated[InstanceOf[Received], Documents(OUTCOMES)]


@dataclass
class Outcomes:
    """Records outcomes, one after another in each partition."""

    shell: Shell
    application: BulkDeletes
    work_topic: str
    recorded: Callable[[], None]
    bounds: Bounds

    async def take(self, received: Received) -> None:
        """Record one outcome, or reject it; publish the work that it releases."""
        work = await self.shell.attempt(received, lambda: self.record(received))
        self.recorded()
        if work:
            await self.shell.outbox.send(*(work_message(self.work_topic, one) for one in work))

    def record(self, received: Received) -> list[AnyWork]:
        """Record it. Raises RefusedError and UnavailableError."""
        return take_outcome(read_outcome(received.body or b""), self.application, self.bounds)

    def handler(self) -> Callable[[list[OutcomeMessage]], Awaitable[None]]:
        """The handler to mount."""

        async def outcomes(messages: list[OutcomeMessage]) -> None:
            """What became of work, told by workers. The key is the operation's id."""
            for message in messages:
                await self.take(message)

        return outcomes


def read_outcome(body: bytes) -> AnyOutcome:
    """The outcome that a message's body spells. Raises InvalidJobError."""
    try:
        return OUTCOMES.validate_json(body)
    except ValidationError as error:
        raise refusal(error) from None
