"""Three notations, one tree: any way round gives the same; hostile texts; the commands that convert and explain."""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

import pytest

from bulkdelete.domain.errors import BulkDeleteError, InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query.notation import Notation, expression, tree_of, written_as
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.records.target import Target
from tests.language.trees import generated
from tests.records.databases import SQLiteDatabase

LONGEST = 1.0
"""Seconds of processor time that any text may take to be read."""


def read(notation: Notation, written: Any) -> QueryTree:
    """A query from what it was written as."""
    if notation is Notation.JSON:
        return Job.read({"name": "x", "queries": [json.loads(json.dumps(written))]}).queries[0].tree("")
    return tree_of(notation, written)


def round_trips(seed: int, count: int) -> None:
    """From each notation to each other, in a random order, and back."""
    chance = random.Random(seed)
    for tree in generated(seed, count):
        now = tree
        for notation in chance.sample([*Notation] * 2, 5):
            now = read(notation, written_as(notation, now))
            assert now == tree, (notation, written_as(notation, tree))


@pytest.mark.parametrize("seed", range(4))
def test_any_way_round_gives_the_same_tree(seed: int) -> None:
    round_trips(100 + seed, 40)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100))
def test_many_ways_round_give_the_same_tree(seed: int) -> None:
    round_trips(10_000 + seed, 100)


PIECES = [
    "'", '"', ";", "--", "/*", "<", ">", "&", "(", ")", "NOT ", " OR 1=1", "\0", "\\", "%", "\ud800", "]]>", "<!--",
    "é", "NULL", "0x", "::int", "$1", "?", ":a", "{", "SELECT ", "DROP TABLE item", "<value/>", "&#0;",
]  # fmt: skip


def broken(chance: random.Random, text: str) -> str:
    """A text with something left out, doubled, exchanged or put in."""
    for _ in range(chance.randint(1, 3)):
        at, to = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        match chance.randrange(4):
            case 0:
                text = text[:at] + text[min(to, at + 9) :]
            case 1:
                text = text[:to] + text[at:to][:40] + text[to:]
            case _:
                text = text[:at] + chance.choice(PIECES) + text[at:]
    return text


def fuzz(seed: int, count: int) -> int:
    """Broken texts: refused in words, or read in time; returns how many could be read."""
    chance, accepted = random.Random(seed), 0
    trees = generated(seed, 40)
    for _ in range(count):
        notation = chance.choice([Notation.FETCHXML, Notation.SQL])
        text = broken(chance, written_as(notation, chance.choice(trees)))
        dialect = chance.choice([None, "postgresql", "mariadb", "sqlite"]) if notation is Notation.SQL else None
        item = {notation.value: text} | ({"dialect": dialect} if dialect else {})
        began = time.process_time()
        try:
            job = Job.read({"name": "x", "queries": [item]})
        except InvalidJobError:
            continue
        finally:
            assert time.process_time() - began < LONGEST, text
        accepted += 1
        assert Job.read(json.loads(job.canonical())).trees() == job.trees()
    return accepted


def test_broken_texts_are_refused_in_words() -> None:
    assert fuzz(1, 250) >= 3


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_many_broken_texts_are_refused_in_words(seed: int) -> None:
    fuzz(1_000 + seed, 2_000)


HOSTILE = [
    "'; DELETE FROM item; --", "x' OR '1'='1", '" OR ""="', "1; DROP TABLE item", "') OR 1=1 --", "`item`",
    "\\'; DELETE FROM item; --", 'item"; DELETE FROM item; --', "%' OR 1=1 --", "$$; DELETE FROM item; $$",
    "/* */ OR 1=1", "x\u2019 OR 1=1", "%(a)s %s :a ?",
]  # fmt: skip
XML = '<fetch><entity name="{}"><filter><condition attribute="{}" operator="eq" value="{}"/></filter></entity></fetch>'
WHERE = "DELETE FROM item WHERE "


def items_with(text: str) -> list[dict[str, Any]]:
    """Queries with the text in each field that takes one."""
    inside = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    quoted, named = text.replace("'", "''"), text.replace('"', '""')
    return [
        {"fetchxml": XML.format("item", "s", inside)}, {"fetchxml": XML.format("item", inside, "a")},
        {"fetchxml": XML.format(inside, "s", "a")}, {"fetchxml": text},
        {"sql": text}, {"sql": WHERE + text}, {"sql": f"{WHERE}s = '{quoted}'"},
        {"sql": f"{WHERE}s LIKE '{quoted}' ESCAPE '!'"}, {"sql": f'{WHERE}"{named}" = 1'},
        {"sql": f'DELETE FROM "{named}" WHERE s = 1'}, {"sql": text, "EntityName": "item"},
        {"sql": "s = 'x'", "EntityName": text}, {"sql": "s = 'x'", "EntityName": "item", "dialect": text},
    ]  # fmt: skip


def test_no_text_deletes_what_it_does_not_name(sqlite_database: SQLiteDatabase) -> None:
    """Through each field that takes a text; nothing but the catalogue's names reaches the database as a name."""
    sqlite_database.script("CREATE TABLE item (id integer PRIMARY KEY, s text); INSERT INTO item VALUES (1, 'a')")
    target = Target(sqlite_database.address)
    try:
        for text in HOSTILE:
            for item in items_with(text):
                try:
                    scope = target.scope(Job.read({"name": "x", "queries": [item]}))
                except BulkDeleteError:
                    continue
                assert scope.entity_names() == ["item"], item
                assert {one.attribute for one in scope.tree(0).comparisons()} == {"s"}, item
    finally:
        target.close()
    assert sqlite_database.count("item") == 1


def invoke(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str, given: str) -> str:
    """What a command writes to standard output, reading this."""
    import io

    from bulkdelete.service.cli.main import create

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    with pytest.raises(SystemExit) as ended:
        create()(["query", *words])
    assert not ended.value.code
    return capsys.readouterr().out


def test_commands_convert_and_explain(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "DELETE FROM contact\nWHERE olderthan_x_days(createdon, 30)\n  AND status NOT IN ('a')\n"

    as_json = invoke(capsys, monkeypatch, "convert", "--from", "sql", "--to", "json", "-", given=sql)
    as_xml = invoke(capsys, monkeypatch, "convert", "--to", "fetchxml", "-", given=as_json)
    again = invoke(capsys, monkeypatch, "convert", "--to", "sql", "-", given=as_xml)
    told = invoke(capsys, monkeypatch, "explain", "-", "--json", given=json.dumps(
        {"name": "x", "now": "2026-11-23T12:00:00Z", "time_zone": "Europe/Oslo", "queries": [{"sql": sql}]}
    ))  # fmt: skip

    assert again == sql
    assert json.loads(as_json)["EntityName"] == "contact"
    assert json.loads(told)["explanation"] == (
        "Deletes records of contact where createdon is before 2026-10-24 00:00 Europe/Oslo (older than 30 days) "
        "and status is not a (and is not empty)."
    )


def test_a_conversion_never_adds_that_everything_goes() -> None:
    with pytest.raises(InvalidJobError, match="would delete every record"):
        expression(tree_of(Notation.SQL, "DELETE FROM contact"))
    assert expression(tree_of(Notation.SQL, "DELETE FROM contact"), True).all_records
