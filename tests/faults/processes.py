"""Commands in processes of their own that begin at once: forked from a server that has imported everything.

A process of these is as real as one from the shell, and as dead after `kill -9`; it only need not import again.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

IMPORTED = ["pytest", "tests.faults.processes", "bulkdelete.service.cli.run", "bulkdelete.service.cli.views"]


def context() -> ForkServerContext:
    """Where processes come from."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(IMPORTED)
    return found


def begin(arguments: tuple[str, ...], out: Path, err: Path) -> ForkServerProcess:
    """Run `bulkdelete` with these arguments, without a terminal, its output in files."""
    process = context().Process(target=run, args=(arguments, str(out), str(err)), daemon=True)
    process.start()
    return process


def run(arguments: tuple[str, ...], out: str, err: str) -> None:
    """In the new process: the command, with nobody's own settings."""
    for name in [one for one in os.environ if one.startswith("BULKDELETE_")]:
        del os.environ[name]
    redirect(os.devnull, os.O_RDONLY, 0)
    redirect(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 1)
    redirect(err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 2)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    sys.argv = ["bulkdelete", *arguments]
    from bulkdelete.service.cli.main import main

    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def redirect(path: str, flags: int, number: int) -> None:
    """Let a file descriptor be that of a file."""
    opened = os.open(path, flags)
    os.dup2(opened, number)
    os.close(opened)
