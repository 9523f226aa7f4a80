"""Directories for servers' data, none of which stays behind."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import tempfile
from pathlib import Path

PREFIX = f"bulkdelete-test-{os.geteuid()}-"
OWNER = "owner"


class DataDirectory:
    """A directory for one server; the next run removes it if this one was killed."""

    def __init__(self, user: str | None = None) -> None:
        remove_abandoned()
        nameless = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}"))
        self._lock = os.open(nameless / OWNER, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        if user is not None:
            account = pwd.getpwnam(user)
            os.chown(nameless, account.pw_uid, account.pw_gid)
        # Only now under the name that others clean up by: it is never seen without its lock.
        self.path = nameless.rename(nameless.with_name(nameless.name.removeprefix("new-")))

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def remove_abandoned() -> None:
    """Remove the directories whose owner is no more."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            lock = os.open(directory / OWNER, os.O_RDWR)
        except FileNotFoundError:
            # Its removal was cut short after the lock file, or somebody is at it right now.
            shutil.rmtree(directory, ignore_errors=True)
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)
