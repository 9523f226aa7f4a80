"""The mail about a report: what it says, what hostile text cannot do in it, and templates of one's own."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bulkdelete.consumers import samples
from bulkdelete.consumers.letter import Letters
from bulkdelete.consumers.report import Report, csv_of, report_of
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.notify import Outcome
from bulkdelete.projections.answers import Failure
from tests.projections.story import Story, cause, gone, packed

AT = datetime(2026, 11, 23, 19, 40, 2, tzinfo=UTC)
HOSTILE = "</td><script>alert(1)</script>{{ 7 * 7 }}\r\nBcc: all@example.com"
FACTS, CAUSE = samples.FACTS, samples.CAUSE
REPORT = samples.sample(Outcome.COMPLETED_WITH_FAILURES)


def written(report: Report, letters: Letters | None = None) -> EmailMessage:
    """The mail as somebody receives it."""
    letters = letters or Letters('"Bulk deletion" <bulkdelete@example.com>')
    sent = letters.write(report, "1@example.com", AT, ["ops@example.com"], ["boss@example.com"])
    received = message_from_bytes(sent.as_bytes(), policy=default)
    assert isinstance(received, EmailMessage)
    return received


def body(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


class Reader(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_completed_with_failures() -> None:
    message = written(REPORT)

    assert message["From"] == '"Bulk deletion" <bulkdelete@example.com>'.replace('"', "") or message["From"]
    assert (message["To"], message["Cc"]) == ("ops@example.com", "boss@example.com")
    assert message["Subject"] == "Completed with failures: Closed cases (1,204,551 deleted, 361 failed)"
    assert message["Message-ID"] == "<1@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    for text in (body(message, "plain"), " ".join(" ".join(read(body(message, "html")).text).split())):
        for said in (
            "1,204,551", "361", "9,228", "1 h 6 min", "2026-11-23 20:46:55 UTC", "incident_customer", "4711",
            "12, 17, 80", "update or delete on table contact violates a key",
            "Delete or reassign the records of incident first",
            "and 2 more causes", "The first 200 of 361 failures are attached", "bulkdelete failures 7f3a1d52 --all",
            "bulkdelete retry 7f3a1d52", "bulkdelete history 7f3a1d52", "records that match may still be arriving",
        ):  # fmt: skip
            assert said in text, said
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "failures-7f3a1d52.csv"


def test_completed() -> None:
    facts = {**FACTS, "failed": 0, "remaining": {}, "cascaded": {}, "unlinked": {}}
    message = written(Report(Outcome.COMPLETED, facts, place=" --state /var/lib/bulkdelete"))

    assert message["Subject"] == "Completed: Closed cases (1,204,551 deleted)"
    assert list(message.iter_attachments()) == []
    for kind in ("plain", "html"):
        assert "bulkdelete history 7f3a1d52 --state /var/lib/bulkdelete" in body(message, kind)
        assert "Why records stayed" not in body(message, kind)
        assert "bulkdelete retry" not in body(message, kind)


def test_failed() -> None:
    reason = {"reason": 'entity "log" has no attribute "creatdon"', "field": "queries[0].Criteria", "deleted": 0}
    never: dict[str, Any] = {
        "started_at": None,
        "status": "failed",
        "failed": 0,
        "cascaded": {},
        "unlinked": {},
        "remaining": {},
    }
    message = written(Report(Outcome.FAILED, {**FACTS, **reason, **never}))

    assert message["Subject"] == "Failed: Closed cases"
    for text in (body(message, "plain"), "".join(read(body(message, "html")).text)):
        assert 'queries[0].Criteria: entity "log" has no attribute "creatdon"' in text
        assert "Nothing was deleted." in text


@pytest.mark.parametrize("outcome", Outcome)
def test_hostile_text_stays_text(outcome: Outcome) -> None:
    words = dict.fromkeys(("name", "database", "requested_by", "reason", "field"), HOSTILE)
    queries = [{**FACTS["queries"][0], "entity": HOSTILE}]
    more = {"queries": queries, "cascaded": {HOSTILE: 1}, "unlinked": {HOSTILE: 1}, "remaining": {"0": HOSTILE}}
    facts = {**FACTS, **words, **more}
    nasty = replace(
        CAUSE, entity=HOSTILE, error_number=HOSTILE, error_description=HOSTILE, constraint=HOSTILE,
        blocking_entity=HOSTILE, example_id=[HOSTILE, HOSTILE], blocking_sample=[HOSTILE],
    )  # fmt: skip

    message = written(replace(REPORT, outcome=outcome, facts=facts, causes=(nasty,)))

    assert message["Bcc"] is None
    assert message["To"] == "ops@example.com"
    html = read(body(message, "html"))
    assert "script" not in html.tags
    assert "alert(1)" in "".join(html.text)
    for text in ("".join(html.text), body(message, "plain")):
        assert "{{ 7 * 7 }}" in text
        assert "49" not in text.replace("1,204,551", "")


def test_templates_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "completed_with_failures.txt").write_text(
        "Subject: {{ name }}!\n\n{{ failed | number }} left, {{ report.short }}\n"
    )
    (tmp_path / "frame.html").write_text("<p>{{ name }}</p>{% block message %}{% endblock %}")
    letters = Letters("bulkdelete@example.com", tmp_path)

    message = written(replace(REPORT, facts={**FACTS, "name": "a < b"}), letters)

    assert message["Subject"] == "a < b!"
    assert body(message, "plain").strip() == "361 left, 7f3a1d52"
    assert "<p>a &lt; b</p>" in body(message, "html")
    assert samples.check_templates(tmp_path) is None


@pytest.mark.parametrize(
    "template",
    [
        "{{ misspelt }}", "{% for %}", "{{ report.__class__.__mro__ }}", "{{ 1 / 0 }}", "{{ name.nothing() }}",
        "{{ report.causes.append(1) }}", "{% include 'missing.txt' %}", "{{ facts | no_filter }}",
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_used_is_replaced_by_ours(
    tmp_path: Path, template: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "completed_with_failures.txt").write_text(template)

    message = written(REPORT, Letters("bulkdelete@example.com", tmp_path))

    assert message["Subject"] == "Completed with failures: Closed cases (1,204,551 deleted, 361 failed)"
    assert "cannot be used" in caplog.text
    assert str(samples.check_templates(tmp_path)).startswith("completed_with_failures.txt: ")


def test_a_template_without_a_subject_has_one(tmp_path: Path) -> None:
    (tmp_path / "completed_with_failures.txt").write_text("Hello\nthere\n")

    message = written(REPORT, Letters("bulkdelete@example.com", tmp_path))

    assert message["Subject"] == "Completed with failures: Closed cases"
    assert body(message, "plain").split() == ["Hello", "there"]


def failure(record_id: str, text: str = "no") -> Failure:
    return Failure("contact", record_id, 0, "23503", text, None, None, None, None)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_calculated(start: str) -> None:
    evil = start + 'HYPERLINK("http://example.com","x")'

    table, _ = csv_of([failure(evil, evil)], 10_000)

    (_, cells) = csv.reader(io.StringIO(table.decode(), newline=""))
    assert cells[1] == cells[4] == "'" + evil


def test_the_table_has_as_many_failures_as_fit() -> None:
    many = (failure(str(number)) for number in range(10_000))

    table, rows = csv_of(many, 2_000)

    assert len(table) <= 2_000
    assert 50 < rows < 100
    assert len(list(csv.DictReader(io.StringIO(table.decode())))) == rows


def test_a_report_is_made_from_the_log_alone() -> None:
    with BulkDeletes() as application:
        story = Story(application, "contact").started().planned(2)
        story.batch(0, deleted=[gone(1, entity="contact")], failures=[cause(2, 3, entity="contact", retryable=True)])
        story.batch(
            1, failures=[cause(4, entity="contact", error_number="P0001", constraint=None, blocking_entity=None)]
        )
        story.planned(0, number=2).planned(1, number=2, retry=True)
        story.batch(2, deleted=[gone(2, entity="contact")], cleared=[packed(2)])
        story.ended()
        operation = application.operation(story.id)

        report = report_of(application, operation, Outcome.COMPLETED_WITH_FAILURES, 1_000)

    assert [(one.count, one.error_number, one.example_id) for one in report.causes] == [
        (1, "23503", "3"),
        (1, "P0001", "4"),
    ]
    assert report.table is not None
    rows = list(csv.DictReader(io.StringIO(report.table.decode())))
    assert [(row["record_id"], row["blocking_entity"]) for row in rows] == [("3", "case"), ("4", "")]
    assert report.rows == 2
