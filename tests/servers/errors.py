"""What can go wrong between wanting a server and having one."""

from __future__ import annotations


class ServerUnavailableError(Exception):
    """This machine has no way to offer the server: a reason to skip."""


class ServerFailedError(Exception):
    """The server could be had, and then did not do as it should: a reason to fail."""
