"""Runs one program so that nothing of it outlives the process that asked for it.

Started as `python guard.py PARENT DIRECTORY USER PROGRAM ARGUMENT…`; standard library only, Linux only.
A death signal on the program itself would not do: it follows the *thread* that started it, and knows nothing of
the program's own children, which may be in the middle of a long statement.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_prctl = ctypes.CDLL(None).prctl


def main(parent: int, directory: str, user: str, command: list[str]) -> int:
    """Run the program until it ends or the parent does; leave none of its children behind."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    parent_handle = os.pidfd_open(parent)
    if os.getppid() != parent:
        return 1
    program = start(command, user)
    print(program.pid, flush=True)
    program_handle = os.pidfd_open(program.pid)
    orphaned = parent_handle in first_ended(parent_handle, program_handle)
    if orphaned:
        program.kill()
    status = program.wait()
    kill_children()
    if orphaned:
        shutil.rmtree(directory, ignore_errors=True)
    return status if status >= 0 else 128 - status


def start(command: list[str], user: str) -> subprocess.Popen[bytes]:
    """Start the program as that user; it dies with us, too."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        user=user or None,
        group=primary_group(user) if user else None,
        extra_groups=[] if user else None,
        # It runs after the change of user, which would clear it; there are no threads here.
        preexec_fn=lambda: _prctl(PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509
    )


def primary_group(user: str) -> int:
    """The group that user belongs to."""
    return pwd.getpwnam(user).pw_gid


def first_ended(*handles: int) -> set[int]:
    """Wait until one of these processes has ended."""
    ended = select.poll()
    for handle in handles:
        ended.register(handle, select.POLLIN)
    return {handle for handle, _ in ended.poll()}


def kill_children() -> None:
    """Kill what the program left to us, until nothing is left."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for child in children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            os.wait()


def children() -> list[int]:
    """The processes whose parent we are."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(after_name[1]) == os.getpid():
                found.append(int(stat.parent.name))
    return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]))
