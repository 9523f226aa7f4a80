"""Shared libraries that a server's program needs and that this machine may lack."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from functools import partial
from pathlib import Path

from tests.servers.artifacts import cache_directory, completed
from tests.servers.errors import ServerUnavailableError

LIBAIO = "libaio.so.1"
PACKAGES = ("libaio1", "libaio1t64")
"""What Debian and its like call it: the second where times have 64 bits everywhere."""


def folder_of_libaio() -> Path | None:
    """Where MySQL finds libaio; None: where every program looks. Unpacked, not installed: no right is needed."""
    try:
        ctypes.CDLL(LIBAIO)
    except OSError:
        return completed(cache_directory() / "libaio", _fetch)
    return None


def _fetch(directory: Path) -> None:
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if apt is None or dpkg is None:
        raise ServerUnavailableError(f"{LIBAIO}, which MySQL needs, is not installed, and there is no apt-get")
    call = partial(subprocess.run, cwd=directory, capture_output=True, check=False, timeout=300)
    for package in PACKAGES:
        call([apt, "--quiet", "download", package])
    for archive in directory.glob("*.deb"):
        call([dpkg, "--extract", archive, directory / "unpacked"])
    found = sorted(directory.rglob(f"{LIBAIO}*"))
    if not found:
        raise ServerUnavailableError(f"{LIBAIO}, which MySQL needs, is not installed, and apt-get could not fetch it")
    shutil.copy(found[0].resolve(), directory / LIBAIO)
    for path in (directory, directory / LIBAIO):
        path.chmod(0o755)
