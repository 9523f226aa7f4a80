"""Rejection: a message that can never work, set aside with its reason. Nothing is lost."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

LARGEST_BODY = 64 * 1024
"""Characters of the original that a rejection keeps."""


class Rejection(BaseModel):
    """A message that can never work: why, where it stood, and what it said (bounded)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str
    field: str | None = None
    topic: str
    partition: int | None = None
    offset: int | None = None
    body: str
