"""Who runs this process, until there is authentication."""

from __future__ import annotations

import getpass
import os
import socket


def principal() -> str:
    """`user@host`."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):
        return f"uid-{os.getuid()}@{socket.gethostname()}"
