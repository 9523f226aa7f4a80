"""The notifier is killed at random, and the mail server is away for a while: exactly the mails expected."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from bulkdelete.consumers.channels import MailChannel
from bulkdelete.consumers.letter import Letters
from bulkdelete.consumers.notification import Notifier
from bulkdelete.consumers.timing import MAIL, Patience, Timing
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.directory import submitted
from bulkdelete.domain.job import Job
from bulkdelete.domain.notification import notification_id
from bulkdelete.domain.notify import Outcome
from bulkdelete.domain.outcomes import WorkRefused
from bulkdelete.domain.query_builder import Query
from bulkdelete.producers.clock import PendingNotifications
from bulkdelete.producers.mail import MailServer
from bulkdelete.service.state import State
from tests.faults.processes import context
from tests.smtp import SmtpServer

PATIENCE = Patience(first_pause=0.05, longest_pause=0.1, attempts=1000, seconds=0.5)
MOST_SECONDS = 120.0
READY = "ready"


def notify(state: str, port: int, holds: bool) -> None:
    """In a process of its own: tell every end there is, until nothing is left."""
    place = State(Path(state))
    with place.application() as application:
        mail = MailChannel(Letters("bulkdelete@example.com"), MailServer("127.0.0.1", port, "none", seconds=0.5))
        holding = place.holding if holds else None
        notifier = Notifier(application, {MAIL: mail}, "example.com", Timing(PATIENCE), holding=holding)
        for operation_id in submitted(application):
            notifier.follow(operation_id)
        (place.folder / READY).touch()
        pending = PendingNotifications(application)
        while waiting := pending.refresh():
            for one in notifier.tick(waiting):
                notifier.quietly(one)
            time.sleep(0.01)


def ended(state: State, count: int) -> list[UUID]:
    """So many operations that failed at once."""
    found = []
    with state.application() as application:
        for number in range(count):
            job = Job.read(
                {
                    "name": f"Job {number}",
                    "queries": [Query("log").all_records()],
                    "notify": {"to": ["ops@example.com"]},
                }
            )
            command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="ops", job=job)
            application.submit(command, "crm")
            application.record(WorkRefused(operation_id=command.operation_id, epoch=1, reason="no such entity"))
            found.append(notification_id(command.operation_id, Outcome.FAILED))
    return found


def tell_all(folder: Path, seed: int, holds: bool, count: int, kills: int) -> tuple[Counter[str], list[UUID], int]:
    """Tell the ends of operations while the notifier is killed; what arrived, what was expected, how often it died."""
    chance = random.Random(seed)
    state, server = State(folder), SmtpServer(pause=0.02)
    expected = ended(state, count)
    killed = 0
    with server:
        pass
    until = time.monotonic() + MOST_SECONDS
    for round_ in range(kills + 1):
        process = context().Process(target=notify, args=(str(folder), server.port, holds), daemon=True)
        process.start()
        until_ready(folder, until)
        is_last = round_ == kills
        if round_ == 0 or (chance.random() < 0.3 and not is_last):
            process.join(chance.random())  # nobody answers there
        else:
            with server:
                process.join(until - time.monotonic() if is_last else chance.random() / 2)
        if process.is_alive():
            assert not is_last, f"seed {seed}: it did not end"
            os.kill(process.pid or 0, signal.SIGKILL)
            killed += 1
        process.join()
        process.close()
    return Counter(server.ids()), expected, killed


def until_ready(folder: Path, until: float) -> None:
    """Wait for a process to begin; what it took to get there is no part of the test."""
    while not (folder / READY).exists():
        assert time.monotonic() < until, "it did not begin"
        time.sleep(0.01)
    (folder / READY).unlink()


@pytest.mark.parametrize("holds", [True, False])
def test_exactly_the_mails_expected(tmp_path: Path, holds: bool) -> None:
    told, expected, killed = tell_all(tmp_path, 7, holds, count=12, kills=4)

    check(told, expected, killed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_at_length(tmp_path: Path, seed: int) -> None:
    told, expected, killed = tell_all(tmp_path, seed, bool(seed % 2), count=60, kills=15)

    check(told, expected, killed)


def check(told: Counter[str], expected: list[UUID], killed: int) -> None:
    """Each once; where a process died between sending and recording, once more under the same identity."""
    assert told.keys() == {f"<{one}@example.com>" for one in expected}
    assert sum(told.values()) - len(expected) <= killed
