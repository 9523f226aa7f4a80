"""A served state folder tells the ends of its schedules' operations, also of those that ended before it began."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from bulkdelete.domain.commands import SubmitBulkDelete, command_of
from bulkdelete.domain.notification import Notification, notification_id
from bulkdelete.domain.notify import Outcome
from bulkdelete.domain.outcomes import WorkRefused
from tests.service.running import until
from tests.service.serving_folder import Folder, job, served
from tests.smtp import SmtpServer

NOTIFY = {"to": ["ops@example.com"]}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with served(tmp_path, 100) as one:
        yield one


def settled(folder: Folder, operation_id: UUID, outcome: Outcome) -> Notification | None:
    found = folder.application.notification(notification_id(operation_id, outcome))
    return found if found is not None and found.is_settled else None


def test_ends_are_told(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = command_of(
        SubmitBulkDelete, requested_by="me", operation_id=UUID(int=7), job=job(recurrence=None, notify=NOTIFY)
    )
    folder.application.submit(earlier, "shop")
    folder.application.record(WorkRefused(operation_id=earlier.operation_id, epoch=1, reason="no such entity"))
    schedule = folder.schedules.create(job(notify=NOTIFY))
    with SmtpServer() as server:
        smtp = {"HOST": "127.0.0.1", "PORT": server.port, "SECURITY": "none", "SENDER": "bd@example.com"}
        for name, value in smtp.items():
            monkeypatch.setenv(f"BULKDELETE_SMTP__{name}", str(value))
        with folder.serving():
            until(lambda: folder.ran(schedule) and folder.ran(schedule)[0].is_final, 120)
            until(lambda: settled(folder, folder.ran(schedule)[0].id, Outcome.COMPLETED), 60)
            until(lambda: settled(folder, earlier.operation_id, Outcome.FAILED), 60)
        with folder.serving():
            pass

    expected = [notification_id(earlier.operation_id, Outcome.FAILED)]
    expected.append(notification_id(folder.ran(schedule)[0].id, Outcome.COMPLETED))
    assert sorted(server.ids()) == sorted(f"<{one}@example.com>" for one in expected)
