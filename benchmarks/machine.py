"""The machine that was measured on: ratios depend on it too."""

from __future__ import annotations

import os
import platform
from pathlib import Path

BUSY = 0.5
"""Load for each processor beyond which a machine is not quiet."""


def described() -> str:
    """Processors, memory, system."""
    found = [f"{os.cpu_count()} × {processor()}"]
    if (size := memory()) is not None:
        found.append(f"{size:.0f} GB")
    return ", ".join([*found, f"{platform.system()} {platform.release().split('-')[0]}", python()])


def python() -> str:
    """The interpreter."""
    return f"Python {platform.python_version()}"


def processor() -> str:
    """The processor's name as it says it itself."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def memory() -> float | None:
    """Gigabytes."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (OSError, ValueError):
        return None


def load() -> float:
    """How many processes wanted a processor in the last minute."""
    return os.getloadavg()[0]


def is_busy(load_before: float) -> bool:
    """Whether others were at work when we began: both sides do not slow down alike."""
    return load_before > BUSY * (os.cpu_count() or 1)
