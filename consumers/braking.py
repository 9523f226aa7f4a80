"""Everything stops at once, and goes on when it is released."""

from __future__ import annotations

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.brake import Brake
from bulkdelete.domain.commands import Halt, Unhalt
from bulkdelete.producers.clock import OpenOperations


def pull(command: Halt | Unhalt, application: BulkDeletes) -> Brake:
    """Halt or release every operation. Died in between, the same command again, or the clock, does the rest."""
    brake = application.take_brake(command)
    known = OpenOperations(application)
    still_open = known.refresh()
    for operation_id in known.running if brake.is_on else still_open:
        application.heed(application.operation(operation_id), brake)
    return brake
