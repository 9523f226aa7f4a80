"""Parts: Parquet files of what became of records.

A part counts when the table `parts` names it, which is written in the transaction that takes its rows from `packs`.
Any other file is garbage of a crash, or a part that was merged away and that somebody's older snapshot may still
read: it is removed after a time of grace.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import duckdb

from bulkdelete.projections.named import literal, statements

FATES = ("deleted", "failed", "cleared")
FULL = 250_000
"""Records of one fate that are moved from `packs` to a part."""
LARGE = 4_000_000
"""Records of a part that is merged no more."""
MANY = 16
"""Parts that are merged into one."""
GRACE = timedelta(minutes=15)
"""How long a file that no longer counts is kept for readers of an older snapshot."""


class Parts:
    """The Parquet files of one view file, written by the one process that holds it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, grace: timedelta = GRACE) -> None:
        self.connection = connection
        self.folder = folder
        self.grace = grace
        self.sql = statements("queries.sql") | statements("schema.sql")
        counted = connection.execute(self.sql["recent counts"]).fetchall()
        self.recent = dict.fromkeys(FATES, 0) | dict(counted)

    def make_views(self) -> None:
        """Let the views name the files that count, by their absolute path."""
        for fate in FATES:
            names = [name for name, _ in self.of(fate)]
            template = self.sql["fate with parts" if names else "fate without parts"]
            self.connection.execute(template.format(fate=fate, files=self.listed(names)))
            self.connection.execute(self.sql["fate one by one"].format(fate=fate))
        self.connection.execute(self.sql["views"])

    def of(self, fate: str) -> list[tuple[str, int]]:
        """Name and records of each part of a fate."""
        return self.connection.execute(self.sql["parts"], {"fate": fate}).fetchall()

    def listed(self, names: Iterable[str]) -> str:
        """The files as a list in SQL."""
        return ", ".join(literal(str(self.folder / name)) for name in names)

    def are_there(self) -> bool:
        """Whether every file that counts is there, whole."""
        return are_there(self.connection, self.folder)

    def add(self, counts: dict[str, int]) -> None:
        """Note how many records were added to `packs`."""
        for fate, count in counts.items():
            self.recent[fate] += count

    def tidy(self) -> None:
        """Move what is much to a part, merge what are many."""
        for fate in FATES:
            if self.recent[fate] >= FULL:
                self.write_part(fate)
                small = [(name, size) for name, size in self.of(fate) if size < LARGE // 2]
                if len(small) >= MANY:
                    self.merge(fate, small)

    def write_part(self, fate: str) -> None:
        """Move the recent records of a fate into a part."""
        self.connection.begin()
        try:
            name = self.copied(fate, self.sql["write recent"])
            self.connection.execute(self.sql["forget recent"], {"fate": fate})
            self.put(fate, name, self.recent[fate])
            self.make_views()
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            raise
        self.recent[fate] = 0

    def merge(self, fate: str, small: list[tuple[str, int]]) -> None:
        """Merge small parts into one large one."""
        names: list[str] = []
        total = 0
        for name, size in small:
            names.append(name)
            total += size
            if total >= LARGE:
                break
        self.connection.begin()
        try:
            merged = self.copied(fate, self.sql["write merged"], names)
            self.connection.execute(self.sql["retire"], {"names": names, "at": now()})
            self.connection.execute(self.sql["forget parts"], {"names": names})
            self.put(fate, merged, total)
            self.make_views()
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            raise

    def copied(self, fate: str, template: str, names: Iterable[str] = ()) -> str:
        """Write a new file, durably; its name."""
        name = f"{fate}-{uuid4().hex}.parquet"
        path = self.folder / name
        sql = template.format(fate=literal(fate), path=literal(str(path)), files=self.listed(names))
        self.connection.execute(sql)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return name

    def put(self, fate: str, name: str, size: int) -> None:
        """Let a file count."""
        length = (self.folder / name).stat().st_size
        self.connection.execute(self.sql["put part"], {"fate": fate, "name": name, "size": size, "bytes": length})

    def retire_others(self) -> None:
        """Let every file that does not count have its time of grace from now on."""
        kept = {name for (name,) in self.connection.execute(self.sql["all parts"]).fetchall()}
        others = [path.name for path in self.folder.glob("*.parquet") if path.name not in kept]
        self.connection.execute(self.sql["retire"], {"names": others, "at": now()})

    def sweep(self) -> None:
        """Remove the files that have not counted for the time of grace."""
        self.connection.execute(self.sql["forget retired"], {"before": now() - self.grace}).fetchall()
        kept = {name for (name,) in self.connection.execute(self.sql["all parts"]).fetchall()}
        limit = datetime.now(UTC).timestamp() - self.grace.total_seconds()
        for path in self.folder.glob("*.parquet"):
            if path.name not in kept and path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)


def are_there(connection: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """Whether every file that counts is in the folder, whole."""
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.parquet")}
    named = connection.execute("SELECT name, bytes FROM internal.parts").fetchall()
    return all(sizes.get(name) == size for name, size in named)


def now() -> datetime:
    """This instant in UTC, as DuckDB takes it."""
    return datetime.now(UTC).replace(tzinfo=None)
