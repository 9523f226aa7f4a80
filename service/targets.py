"""The target databases of a service, by the names that jobs use; each is opened once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bulkdelete.domain.errors import TargetChangedError
from bulkdelete.domain.job import Job
from bulkdelete.records.strain import NO_LIMITS, Limits
from bulkdelete.records.target import Target


@dataclass
class Targets:
    """Opens each configured database when it is first needed."""

    addresses: Mapping[str, str]
    """Name → address, with its password."""
    ledgers: Mapping[str, str] = field(default_factory=dict)
    """Name → where our tables are, other than by default: an operation that began elsewhere goes on there."""
    limits: Callable[[str], Limits] = lambda _name: NO_LIMITS
    """How much a database may suffer."""
    opened: dict[str, Target] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, name: str) -> Target:
        """The database of that name. Raises TargetChangedError where it is not configured here any more."""
        if name not in self.addresses:
            known = ", ".join(sorted(self.addresses)) or "none"
            raise TargetChangedError(f"database {name!r} is not configured here; configured: {known}")
        with self.lock:
            if name not in self.opened:
                self.opened[name] = Target(
                    self.addresses[name], self.ledgers.get(name), patience=1.0, limits=self.limits(name)
                )
            return self.opened[name]

    def check(self, name: str, job: Job) -> None:
        """Hold a job against its database, changing nothing. Raises InvalidJobError, UnavailableError."""
        self.of(name).check(job)

    def close(self) -> None:
        """Let go of all connections."""
        for target in self.opened.values():
            target.close()
