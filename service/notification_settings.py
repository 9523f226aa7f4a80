"""Settings of mail, webhooks, chats, and how patiently people are told."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from bulkdelete.domain.notify import EVERY_END, Outcome


class Part(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def as_sender(value: str) -> str:
    """`address`, or `name <address>`; never more than one header's line."""
    import email_validator  # noqa: PLC0415

    try:
        found = email_validator.validate_email(
            value, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False, test_environment=True,
            allow_display_name=True,
        )  # fmt: skip
    except email_validator.EmailNotValidError as error:
        accepted = "bulkdelete@example.com or Bulk deletion <bulkdelete@example.com> is accepted"
        raise PydanticCustomError(
            "sender", "{accepted}: {error}", {"accepted": accepted, "error": str(error)}
        ) from None
    name = " ".join(re.sub(r'[<>"\\]', "", found.display_name or "").split())
    return f'"{name}" <{found.ascii_email}>' if name else str(found.ascii_email)


def as_webhook_url(value: str) -> str:
    """Where a webhook is posted to."""
    if not re.match(r"https?://[^\s/]", value):
        raise PydanticCustomError("webhook", "https://… (or http://…) is accepted")
    return value


def as_outcomes(value: Any) -> Any:
    """Outcomes with commas, as an environment variable has them; or as a list."""
    some = value.split(",") if isinstance(value, str) else value
    try:
        return ",".join(Outcome(one.strip()) for one in some)
    except (TypeError, ValueError, AttributeError):
        accepted = ", ".join(Outcome)
        raise PydanticCustomError(
            "outcomes", "one or more of {accepted} are accepted", {"accepted": accepted}
        ) from None


On = Annotated[str, BeforeValidator(as_outcomes)]
EVERY = ",".join(EVERY_END)


def outcomes(on: str) -> tuple[Outcome, ...]:
    """The outcomes that a setting names."""
    return tuple(Outcome(one) for one in on.split(","))


class SmtpSettings(Part):
    """The mail server."""

    host: Annotated[str | None, Field(pattern=r"^[^\s/@]+$")] = None
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    """Default: 25, 587 (STARTTLS) or 465 (TLS)."""
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    security: Literal["none", "starttls", "tls"] = "starttls"
    sender: str | None = None
    """`address` or `name <address>`. Default: bulkdelete@ and this machine's name."""
    cafile: Path | None = None
    """Whom we trust. Default: whom the system trusts."""

    @field_validator("sender")
    @classmethod
    def one_address(cls, value: str | None) -> str | None:
        """One address, with or without a name."""
        return value and as_sender(value)


class WebhookSettings(Part):
    """One webhook."""

    url: SecretStr
    secret: SecretStr | None = None
    """Signs what is sent: any text, or `whsec_…` in base64."""
    on: On = EVERY

    @field_validator("url")
    @classmethod
    def is_a_url(cls, value: SecretStr) -> SecretStr:
        """https:// or http://."""
        as_webhook_url(value.get_secret_value())
        return value

    @field_validator("secret")
    @classmethod
    def can_be_read(cls, value: SecretStr | None) -> SecretStr | None:
        """What claims to be base64 must be base64."""
        text = value.get_secret_value() if value else ""
        if text.startswith("whsec_"):
            try:
                base64.b64decode(text.removeprefix("whsec_"), validate=True)
            except binascii.Error:
                raise PydanticCustomError("secret", "after whsec_ base64 is accepted") from None
        return value


class ChatSettings(Part):
    """One chat channel."""

    url: SecretStr
    """As Apprise writes addresses: slack://…, msteams://…, ntfys://…"""
    on: On = EVERY


class NotificationSettings(Part):
    """How patiently people are told, and what mail says."""

    templates: Path | None = None
    """A folder whose files replace ours: `completed.txt`, `completed.html`, `completed_with_failures.txt`, …"""
    attachment_kib: Annotated[int, Field(ge=0, le=20 * 1024)] = 1024
    """The attached table of failures has at most so many KiB; 0: none is attached."""
    attempts: Annotated[int, Field(ge=1, le=1000)] = 50
    """After so many it is given up."""
    first_pause_seconds: Annotated[float, Field(gt=0, le=3600)] = 5
    longest_pause_seconds: Annotated[float, Field(gt=0, le=86400)] = 3600
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20
    """How long one attempt may take."""
    most_age_hours: Annotated[float, Field(gt=0)] = 72
    """An operation that ended longer ago, when it is first seen, is not told of."""
