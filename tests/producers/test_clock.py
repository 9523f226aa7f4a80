"""Which operations are open, learned from the log alone."""

from __future__ import annotations

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import CancelOperation
from bulkdelete.domain.outcomes import FenceClosed
from bulkdelete.producers.clock import OpenOperations
from tests.service.running import submit


def test_what_is_submitted_and_has_not_ended_is_open() -> None:
    with BulkDeletes() as application:
        clock = OpenOperations(application)
        assert clock.refresh() == []
        first, second = submit(), submit()
        for command in (first, second):
            application.submit(command, "crm")
        assert clock.refresh() == [first.operation_id, second.operation_id]

        same = {"operation_id": first.operation_id}
        application.control(CancelOperation(**same, command_id=submit().command_id, requested_by="ops"))
        assert clock.refresh() == [first.operation_id, second.operation_id]
        application.record(FenceClosed(**same, epoch=1, state="canceled"))

        assert clock.refresh() == [second.operation_id]
        assert OpenOperations(application).refresh() == [second.operation_id]
        assert clock.position == application.recorder.max_notification_id()


def test_more_than_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkdelete.producers.clock.PAGE", 3)
    with BulkDeletes() as application:
        commands = [submit() for _ in range(7)]
        for command in commands:
            application.submit(command, "crm")

        assert len(OpenOperations(application).refresh()) == 7
