"""What is wrong with the settings."""

from __future__ import annotations

from dataclasses import dataclass

from bulkdelete.domain.errors import BulkDeleteError


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the field, what it says (nothing secret), what is accepted."""

    field: str
    value: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" + (f"; got {self.value}" if self.value is not None else "")


class SettingsError(BulkDeleteError):
    """The settings cannot be used."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems
