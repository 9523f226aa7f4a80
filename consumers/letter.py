"""The mail about a report: text, HTML and a table of failures, from templates that an operator may replace."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bulkdelete.consumers.report import Report
from bulkdelete.domain.record_ids import RecordId, key_in_words

log = logging.getLogger("bulkdelete.notification")

OWN = Path(__file__).resolve().parent / "templates"
SUBJECT = "Subject: "
LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Letters:
    """Writes mail. A folder of an operator's may replace any template: `OUTCOME.txt`, `OUTCOME.html`."""

    sender: str
    """`address`, or `name <address>`."""
    folder: Path | None = None

    @cached_property
    def templates(self) -> ImmutableSandboxedEnvironment:
        """The operator's templates before ours; none of them reaches beyond what it is given."""
        folders: list[BaseLoader] = [FileSystemLoader(one) for one in (self.folder, OWN) if one is not None]
        return environment(ChoiceLoader(folders))

    @cached_property
    def own_templates(self) -> ImmutableSandboxedEnvironment:
        """Ours alone."""
        return environment(FileSystemLoader(OWN))

    def write(
        self, report: Report, message_id: str, at: datetime, to: Sequence[str], cc: Sequence[str]
    ) -> EmailMessage:
        """The mail: the same for the same report, whenever it is written."""
        subject, text = self.text(report)
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = ", ".join(to)
        if cc:
            message["Cc"] = ", ".join(cc)
        message["Subject"] = subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{message_id}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Bulkdelete-Operation"] = str(report.facts["operation_id"])
        message.set_content(text)
        message.add_alternative(self.render(f"{report.outcome}.html", report), subtype="html")
        if report.table is not None:
            name = f"failures-{report.short}.csv"
            message.add_attachment(report.table, maintype="text", subtype="csv", filename=name)
        return message

    def text(self, report: Report) -> tuple[str, str]:
        """The subject, which is the first line of the template, and the text."""
        first, _, rest = self.render(f"{report.outcome}.txt", report).lstrip().partition("\n")
        if not first.startswith(SUBJECT):
            return f"{report.title}: {one_line(report.facts['name'])}"[:LONGEST_SUBJECT], f"{first}\n{rest}"
        return one_line(first.removeprefix(SUBJECT))[:LONGEST_SUBJECT], rest.lstrip("\n")

    def render(self, name: str, report: Report) -> str:
        """A template with the report in it; where an operator's cannot be used, ours."""
        words = {"report": report, **report.facts, "title": report.title}
        if self.folder is not None:
            try:
                return self.templates.get_template(name).render(words)
            except (
                TemplateError,
                TypeError,
                ValueError,
                ArithmeticError,
                LookupError,
                AttributeError,
                OSError,
            ) as error:
                extra = {"action": "template_failed", "template": name, "error": type(error).__name__}
                log.warning("The template %s in %s cannot be used: %s", name, self.folder, error, extra=extra)
        return self.own_templates.get_template(name).render(words)


def environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    """Templates that escape HTML, cannot call what is not meant for them, and fail where they misspell a word."""
    found = ImmutableSandboxedEnvironment(
        loader=loader, autoescape=lambda name: name is not None and name.endswith(".html"), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    found.filters |= {"number": number, "duration": duration, "instant": instant, "one_line": one_line, "key": key}
    return found


def number(value: int) -> str:
    """`1,204,551`."""
    return f"{value:,}"


def duration(seconds: float) -> str:
    """`0.9 s`, `12 min 3 s`, `3 h 20 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def instant(value: str | None) -> str:
    """`2026-11-23 19:40:02 UTC`."""
    return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S} UTC" if value else "never"


def key(record_id: RecordId) -> str:
    """A record's id."""
    return one_line(key_in_words(record_id))


def one_line(value: Any) -> str:
    """A text on one line."""
    return " ".join(str(value).split())
