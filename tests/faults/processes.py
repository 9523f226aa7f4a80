"""Commands in processes of their own that begin at once: forked from a server that has imported everything.

A process of these is as real as one from the shell, and as dead after `kill -9`; it only need not import again.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

IMPORTED = ["pytest", "tests.faults.processes", "bulkdelete.service.cli.run", "bulkdelete.service.cli.views"]


def context() -> ForkServerContext:
    """Where processes come from."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(IMPORTED)
    return found


def begin(
    arguments: tuple[str, ...], out: Path, err: Path, environment: Mapping[str, str] | None = None, folder: str = "."
) -> ForkServerProcess:
    """Run `bulkdelete` with these arguments, without a terminal, its output in files.

    `environment`: without one it is ours, without the settings of bulkdelete.
    """
    given = dict(environment) if environment is not None else without_settings()
    process = context().Process(target=run, args=(arguments, str(out), str(err), given, folder), daemon=True)
    process.start()
    return process


def ran(
    *arguments: str | Path, environment: Mapping[str, str], folder: Path | None = None, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run `bulkdelete` to its end. Raises TimeoutExpired."""
    words = tuple(map(str, arguments))
    with tempfile.TemporaryDirectory() as aside:
        out, err = Path(aside) / "out", Path(aside) / "err"
        process = begin(words, out, err, environment, str(folder or Path.cwd()))
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, seconds)
        return subprocess.CompletedProcess(words, process.exitcode, out.read_text(), err.read_text())


def without_settings() -> dict[str, str]:
    """The environment without anybody's settings of bulkdelete."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BULKDELETE_")}


def run(arguments: tuple[str, ...], out: str, err: str, environment: dict[str, str], folder: str) -> None:
    """In the new process: the command."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
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
