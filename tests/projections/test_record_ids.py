"""Record ids of every kind come out as the database prints them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.record_ids import KeyKind
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.projections.parts import Parts
from tests.projections.story import Story, cause, gone, packed

INTS = [0, 1, -1, 255, 256, -(2**63), 2**63 - 1, *range(-40, -1), *range(2, 40)]
UUIDS = [UUID(int=0), UUID(int=2**128 - 1), *(uuid4() for _ in range(70))]
TEXTS = [
    "",
    " ",
    "it's",
    'a "quoted" one',
    "a\nb\r\n",
    "naïve é 漢字 🎉",
    "[1]",
    "null",
    "\\",
    "a,b;c|d",
    "00",
    "\t",
    "x" * 5000,
]
KEYS = [["1", "a"], ["-5", "q\"'"], ["é", "\n"], ["", ""], ["[", "]"]]

KINDS: list[tuple[KeyKind, list[Any]]] = [("int8", INTS), ("uuid", UUIDS), ("text", TEXTS), ("composite", KEYS)]


@pytest.mark.parametrize("in_parts", [False, True], ids=["recent", "in a part"])
@pytest.mark.parametrize(("kind", "ids"), KINDS)
def test_ids_come_out_as_they_went_in(
    application: BulkDeletes,
    files: ViewFiles,
    kind: KeyKind,
    ids: list[Any],
    in_parts: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if in_parts:
        monkeypatch.setattr("bulkdelete.projections.parts.FULL", 1)
    story = Story(application).started().planned(3)
    story.batch(0, deleted=[gone(*ids, kind=kind)])
    story.batch(1, failures=[cause(*ids, kind=kind)])
    story.batch(2, cleared=[packed(*ids[1:], kind=kind)])
    expected = [[str(part) for part in one] if isinstance(one, list) else str(one) for one in ids]

    with open_views(files, application) as views:
        deleted = [one.record_id for one in views.deleted()]
        failed = [one.record_id for one in views.failures()]
        assert sorted(map(str, deleted)) == sorted(map(str, expected))
        assert failed == expected[:1]
        for one in expected:
            (found,) = views.deleted_record("incident", one)
            assert found.record_id == one


def test_an_id_may_be_asked_for_in_the_database_s_other_spellings(application: BulkDeletes, files: ViewFiles) -> None:
    key = uuid4()
    story = Story(application).started().planned(2)
    story.batch(0, deleted=[gone(key, kind="uuid"), gone(7, entity="contact")])
    story.batch(
        1, deleted=[gone(["7", "a"], entity="line", kind="composite"), gone('["7","a"]', entity="text", kind="text")]
    )

    with open_views(files, application) as views:
        assert len(views.deleted_record("incident", str(key).upper())) == 1
        assert len(views.deleted_record("line", '["7", "a"]')) == 1
        assert len(views.deleted_record("line", ["7", "a"])) == 1
        assert len(views.deleted_record("text", '["7","a"]')) == 1
        assert views.deleted_record("line", "7") == []
        assert views.deleted_record("account", "7") == []


def test_many_parts_become_one(application: BulkDeletes, files: ViewFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkdelete.projections.parts.FULL", 20)
    monkeypatch.setattr("bulkdelete.projections.parts.MANY", 4)
    monkeypatch.setattr("bulkdelete.projections.recorded.MOST_EVENTS", 3)
    story = Story(application).started().planned(24)
    for unit in range(24):
        story.batch(unit, deleted=[gone(*range(unit * 10, unit * 10 + 10))])

    with open_views(files, application) as views:
        assert sorted(int(str(one.record_id)) for one in views.deleted()) == list(range(240))
        ((parts,),) = views.sql("SELECT count(*) FROM internal.parts")[1]
        assert 0 < parts < 4
        assert Parts(views.connection.cursor(), files.parts).are_there()
