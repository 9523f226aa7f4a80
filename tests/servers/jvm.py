"""The Java virtual machine, made to start quickly and stay small."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from tests.servers.artifacts import cache_directory, completed
from tests.servers.server import program

SMALL = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
ARCHIVE = "classes.jsa"


def java() -> Path:
    """The Java of this machine."""
    if home := os.environ.get("JAVA_HOME"):
        return Path(home) / "bin" / "java"
    return program("java")


def class_archive(jars: Path, record: Callable[[str], None]) -> str:
    """The option that has classes loaded ready-made, which halves a start; made once, by one recorded run.

    An archive that does not fit is passed over by the virtual machine.
    """
    machine = java().resolve()
    identity = hashlib.sha256(f"{machine} {machine.stat().st_mtime_ns}".encode()).hexdigest()[:8]
    directory = completed(
        cache_directory() / f"{jars.name}-classes-{identity}",
        lambda part: record(f"-XX:ArchiveClassesAtExit={part / ARCHIVE}"),
    )
    return f"-XX:SharedArchiveFile={directory / ARCHIVE}"
