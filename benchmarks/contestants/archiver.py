"""pt-archiver, where it is installed (Debian: percona-toolkit): as it comes, and with the flags that suit it best."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from benchmarks.run import Contestant, Run, StoppedError

PROGRAM = "pt-archiver"
BEST = ("--bulk-delete", "--limit", "10000", "--commit-each", "--primary-key-only", "--no-check-charset")
"""Of limits from 1,000 to 20,000 this was the fastest. Without --commit-each it commits once a record."""


def archive(run: Run, flags: tuple[str, ...]) -> None:
    """Purge the records; the password is in a file, not on the command line."""
    url = make_url(run.address)
    with tempfile.TemporaryDirectory(prefix="bulkdelete-archiver-") as folder:
        options = Path(folder) / "my.cnf"
        options.touch(0o600)
        options.write_text(f"[client]\nuser={url.username}\npassword={url.password or ''}\n", encoding="utf-8")
        source = f"F={options},h={url.host},P={url.port or 3306},D={url.database},t=record"
        command = [PROGRAM, "--source", source, "--purge", "--where", run.database.condition, "--no-version-check"]
        with run.timed():
            done = subprocess.run([*command, *flags], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    said = done.stderr.strip().splitlines()
    if run.data.kept:
        raise StoppedError(f"stops at the first restricted record (status {done.returncode})")
    raise RuntimeError(f"{PROGRAM} ended with status {done.returncode}: {said[-3:]}")


def absent() -> str | None:
    """Why there is none."""
    return None if shutil.which(PROGRAM) else f"{PROGRAM} is not installed (Debian: percona-toolkit)"


def archiver(name: str, flags: tuple[str, ...], most_runs: int | None = None) -> Contestant:
    """pt-archiver with these flags."""
    return Contestant(name, partial(archive, flags=flags), most_runs, absent=absent)


DEFAULT_ARCHIVER = archiver("pt-archiver, defaults", (), most_runs=2)
BEST_ARCHIVER = archiver("pt-archiver, best flags", BEST)
