"""ViewFiles: where the views lie.

People open the snapshot. Beside it, in a folder, are the live file that the writer holds, the Parquet files of what
is long settled, and the lock that says which process writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FORMAT = 7
"""Of the tables: views of another format are rebuilt."""


@dataclass(frozen=True)
class ViewFiles:
    """The files of one set of views."""

    snapshot: Path
    folder: Path

    @classmethod
    def beside(cls, snapshot: Path) -> ViewFiles:
        """The files of the views whose snapshot has this path."""
        path = snapshot.absolute()
        name = path.stem if path.suffix else f"{path.name}.files"
        return cls(path, path.with_name(name))

    @classmethod
    def of_state(cls, state: Path) -> ViewFiles:
        """The files of the views in a state folder."""
        return cls.beside(state / "views.duckdb")

    @property
    def live(self) -> Path:
        """The file that the writer holds."""
        return self.folder / "live.duckdb"

    @property
    def parts(self) -> Path:
        """The folder of the Parquet files."""
        return self.folder / "parts"

    @property
    def spill(self) -> Path:
        """Where DuckDB puts what its memory does not hold."""
        return self.folder / "spill"

    @property
    def lock(self) -> Path:
        """Held by the process that writes the views."""
        return self.folder / "lock"

    def make(self) -> None:
        """Make the folders."""
        self.parts.mkdir(parents=True, exist_ok=True)
