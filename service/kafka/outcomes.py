"""The outcomes of work that come in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

from anyio import to_thread
from pydantic import InstanceOf, ValidationError

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.operations import take_outcome, take_together, together
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.outcomes import OUTCOMES, AnyOutcome
from bulkdelete.domain.refusals import refusal
from bulkdelete.domain.work import AnyWork
from bulkdelete.service.kafka.received import Documents, Received
from bulkdelete.service.kafka.shell import Shell
from bulkdelete.service.kafka.work import work_message

log = logging.getLogger("bulkdelete.kafka")

OutcomeMessage = Annotated[InstanceOf[Received], Documents(OUTCOMES)]


@dataclass
class Outcomes:
    """Records outcomes, one after another in each partition."""

    shell: Shell
    application: BulkDeletes
    work_topic: str
    recorded: Callable[[], None]
    bounds: Bounds

    async def take_all(self, messages: Sequence[Received]) -> None:
        """Record outcomes, as much as can be in one save; order matters among those of one operation only."""
        for some in await to_thread.run_sync(runs, messages):
            outcomes = [outcome for _, outcome in some if outcome is not None]
            if await self.taken_together(outcomes):
                self.recorded()
                continue
            for received, _ in some:
                await self.take(received)

    async def taken_together(self, outcomes: Sequence[AnyOutcome]) -> bool:
        """Whether they could be recorded in one save; else each is to be taken by itself."""
        try:
            return await to_thread.run_sync(take_together, outcomes, self.application)
        except Exception as error:
            # By itself, the one that it is about is found and set aside, and the others are recorded.
            log.warning("Recording one by one: %r", error, extra={"action": "outcomes_apart"})
            return False

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
            await self.take_all(messages)

        return outcomes


Read = tuple[Received, AnyOutcome | None]


def runs(messages: Sequence[Received]) -> list[list[Read]]:
    """The messages with what they say, in runs that one save may record; what cannot be read is by itself."""
    of_each: dict[bytes | None, list[Read]] = {}
    for one in messages:
        of_each.setdefault(one.key, []).append((one, outcome_of(one)))
    found: list[list[Read]] = []
    for some in of_each.values():
        found += [[one] for one in some if one[1] is None]
        readable = iter([one for one in some if one[1] is not None])
        outcomes = [outcome for _, outcome in some if outcome is not None]
        found += [list(islice(readable, len(run))) for run in together(outcomes)]
    return found


def outcome_of(received: Received) -> AnyOutcome | None:
    """The outcome that a message tells; None where it tells none."""
    try:
        return read_outcome(received.body or b"")
    except InvalidJobError:
        return None


def read_outcome(body: bytes) -> AnyOutcome:
    """The outcome that a message's body spells. Raises InvalidJobError."""
    try:
        return OUTCOMES.validate_json(body)
    except ValidationError as error:
        raise refusal(error) from None
