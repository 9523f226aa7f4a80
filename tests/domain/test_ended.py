"""What an operation that has ended still takes."""

from __future__ import annotations

import pytest

from bulkdelete.domain.errors import TransitionError
from bulkdelete.domain.summary import summary
from tests.domain.life import Life


def test_what_has_ended_refuses_without_remembering(life: Life) -> None:
    life.submit()
    life.open()
    life.control("cancel")
    version = life.close("canceled").version
    assert life.application.refuse(life.command("pause"), "it has ended").version == version


def test_what_has_ended_takes_no_batch_that_nobody_knows(life: Life) -> None:
    """Everything was recorded before the end: such an outcome is forged, or of another log."""
    life.submit()
    life.open()
    life.plan()
    known = life.batch()
    life.tell(known)
    life.plan(2, 0)
    life.close("ended")

    assert life.tell(known).status == "succeeded"
    with pytest.raises(TransitionError, match="succeeded"):
        life.tell(life.batch(batch=7))
    assert summary(life.now)["deleted"] == 3
