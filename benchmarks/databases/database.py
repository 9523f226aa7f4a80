"""What a benchmark needs of a database: fresh copies of the same data, plain statements, and word that it is quiet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol

from benchmarks.data import Data, Key

Copying = Callable[[], AbstractContextManager[str]]
"""Makes a fresh copy of a prepared database and gives its address, as bulkdelete takes it; dropped afterwards."""


class Cursor(Protocol):
    """A cursor of the database's own driver; nothing is committed that was not told to be."""

    @property
    def rowcount(self) -> int:
        """Rows of the last statement."""
        ...

    def execute(self, statement: str, /) -> Any:
        """Run one statement."""
        ...

    def fetchall(self) -> Any:
        """What it answered."""
        ...


class Database(ABC):
    """One kind of database."""

    name: ClassVar[str]
    label: ClassVar[str]
    """As people write it."""
    key: ClassVar[Key]
    """Of the records, where the case does not say."""
    begin: ClassVar[str]
    """What begins a transaction that writes."""
    condition: ClassVar[str]
    """The condition of the job, its cut-off included, as one would write it by hand."""
    some: ClassVar[str]
    """One round of the loop that people write by hand; `{condition}` and `{limit}` are filled in."""

    @abstractmethod
    def prepared(self, data: Data, number: int) -> AbstractContextManager[Copying]:
        """A filled and analysed database that every run gets a copy of; several may exist, told apart by number."""

    @abstractmethod
    def connected(self, address: str) -> AbstractContextManager[Cursor]:
        """A cursor on a copy, as durable as the server's own settings, as a person would connect."""

    def settle(self) -> None:
        """Wait until the database has finished what it does after a commit, where it does anything."""
        return

    @abstractmethod
    def described(self) -> str:
        """Version and the settings that matter."""
