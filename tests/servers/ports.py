"""Ports to listen on."""

from __future__ import annotations

import random
import socket

# Below the range from which the system gives ports to outgoing connections: a server that is down for a moment
# finds its port free again, and nobody who polls for it ends up connected to himself.
FIRST, LAST = 15_000, 32_000
ATTEMPTS = 200

_given: set[int] = set()
_random = random.SystemRandom()  # a seeded test must not make two runs choose alike


def free_port() -> int:
    """A port on the loopback interface that nobody listens on."""
    for _ in range(ATTEMPTS):
        port = _random.randrange(FIRST, LAST)
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise OSError(f"no free port found between {FIRST} and {LAST}")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
