"""The whole command `bulkdelete run`: a process of its own, interpreter start, preview and views included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.data import JOB
from benchmarks.run import Contestant, Run

COMMAND = Path(sys.executable).with_name("bulkdelete")
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""A process counts the size of the one that started it as its own peak: this one is small."""


def delete(run: Run) -> None:
    """Run it to its end. The address, which may hold a password, goes by the environment."""
    with tempfile.TemporaryDirectory(prefix="bulkdelete-command-") as name:
        folder = Path(name)
        (folder / "job.json").write_text(json.dumps(JOB.to_json()), encoding="utf-8")
        arguments: list[str | Path] = [
            sys.executable, "-c", LAUNCHER, COMMAND, "run", folder / "job.json",
            "--database", "benchmark", "--state", folder / "state", "--yes",
        ]  # fmt: skip
        environment = os.environ | {"BULKDELETE_DATABASES__BENCHMARK": run.address}
        with run.timed():
            done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != (1 if run.data.kept else 0):
        raise RuntimeError(f"bulkdelete run ended with status {done.returncode}: {done.stderr[-2000:]}")
    run.megabytes = int(done.stdout) / (1024**2 if sys.platform == "darwin" else 1024)


COMMAND_LINE = Contestant("bulkdelete run (whole command)", delete)
