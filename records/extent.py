"""Extent: how much room a table takes, by the database's own statistics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """A table with its indexes; all of it about."""

    records: int
    data_bytes: int
    index_bytes: int
    indexes: int
    """Besides the one of the primary key, where the records lie in its order."""

    @property
    def width(self) -> float:
        """Bytes of one record, without its index entries."""
        return self.data_bytes / self.records if self.records else 0.0


@dataclass(frozen=True)
class Costs:
    """What deleting costs in one kind of database, in documented figures (docs/operations.md tells whence)."""

    read: float
    """Seconds to read the key of one record that matches and pack it: what a sample of a target is held against."""
    direct: float
    """Seconds for one record, where nothing refers to it."""
    careful: float
    """Seconds for one record, where others refer to its entity; and for each that a cascade takes along."""
    index: float
    """Seconds for each index of the entity, one record."""
    log: int
    """Bytes in the database's log for one record."""
    log_index: int
    """Bytes in it for each index of the entity, one record."""
    log_page: int
    """Bytes in it for each page that is written: where the log takes pages whole."""
    page: int = 8192
    """Bytes of a page."""
    log_name: str = "log"
    """What the database calls it."""
    growth: str = ""
    """What becomes of the room, and how it is given back."""
