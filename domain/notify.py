"""Who is told by mail how an operation ended: the words of a job's `notify`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bulkdelete.domain.query.values import refused
from bulkdelete.domain.refusals import spelled

MOST_RECIPIENTS = 100
PRIVATE_DOMAINS = ("local", "localhost", "test")
"""Reserved names that a mail server of one's own may well know."""


class Outcome(StrEnum):
    """How an operation may end that somebody is told of (Dataverse's three templates, spec §2.4)."""

    COMPLETED = "completed"
    COMPLETED_WITH_FAILURES = "completed_with_failures"
    FAILED = "failed"


def as_address(value: Any) -> Any:
    """One address of mail, without a display name: what is no address could say another header."""
    # Only where somebody asks for mail: the library takes a while to load.
    import email_validator  # noqa: PLC0415

    for one in PRIVATE_DOMAINS:
        if one in email_validator.SPECIAL_USE_DOMAIN_NAMES:
            email_validator.SPECIAL_USE_DOMAIN_NAMES.remove(one)
    if not isinstance(value, str):
        raise refused(f"an address such as ops@example.com is accepted; got {spelled(value):.100}")
    try:
        found = email_validator.validate_email(
            value, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
        )
    except email_validator.EmailNotValidError as error:
        raise refused(f"an address such as ops@example.com is accepted; got {spelled(value):.100}: {error}") from None
    return found.ascii_email


def as_outcome(value: Any) -> Any:
    """One of the outcomes."""
    if value not in list(Outcome):
        raise refused(f"accepted: {', '.join(Outcome)}; got {spelled(value):.100}")
    return Outcome(value)


Address = Annotated[str, BeforeValidator(as_address)]
Outcomes = Annotated[
    tuple[Annotated[Outcome, BeforeValidator(as_outcome)], ...], Field(min_length=1, max_length=3, strict=False)
]
EVERY_END = (Outcome.COMPLETED, Outcome.FAILED)


def is_wanted(outcome: Outcome, on: tuple[Outcome, ...]) -> bool:
    """Whether somebody who asked for these wants this one: `completed` is meant with failures and without."""
    return outcome in on or (outcome is Outcome.COMPLETED_WITH_FAILURES and Outcome.COMPLETED in on)


class Notify(BaseModel):
    """Who gets mail, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[tuple[Address, ...], Field(max_length=MOST_RECIPIENTS)] = ()
    cc: Annotated[tuple[Address, ...], Field(max_length=MOST_RECIPIENTS)] = ()
    on: Outcomes = EVERY_END

    @model_validator(mode="after")
    def say_to_whom(self) -> Notify:
        """Nobody in particular cannot be told."""
        if not self.to:
            raise refused("to: at least one address is needed")
        return self

    def recipients(self, outcome: Outcome) -> list[str]:
        """Everybody who gets a mail about this outcome, each once."""
        return list(dict.fromkeys((*self.to, *self.cc))) if is_wanted(outcome, self.on) else []
