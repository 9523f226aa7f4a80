"""Whether a process drives an operation of this machine, and which command would."""

from __future__ import annotations

import shlex
from pathlib import Path
from uuid import UUID

from bulkdelete.domain.lifecycle import Status
from bulkdelete.service.cli.output import messages
from bulkdelete.service.whereabouts import default_state, whereabouts

RESTS = {Status.PAUSED, Status.HALTED}
"""Nobody need do anything, until somebody asks for it."""


def tell_undriven(operation_id: UUID, status: str, state: Path | None) -> None:
    """Tell that nothing happens since no process is at it, where that is so; a service's processes are elsewhere."""
    place = whereabouts(state)
    if not place.is_alone or Status(status).is_final or status in RESTS:
        return
    # Only here: most questions are about operations that have ended.
    from bulkdelete.service.locks import is_held  # noqa: PLC0415

    if is_held(place.state, operation_id):
        return
    where = "" if place.state == default_state() else f" --state {shlex.quote(str(place.state))}"
    resume = f"bulkdelete run --resume {str(operation_id)[:8]}{where}"
    serve = f"bulkdelete serve --state {shlex.quote(str(place.state))}"
    messages().print(f"No process drives it now. What does:\n  {resume}\n  {serve}", markup=False, soft_wrap=True)
