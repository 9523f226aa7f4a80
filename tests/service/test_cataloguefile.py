"""Catalogue files: what is wrong is told by file, path within it, value and what is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkdelete.domain.declarations import LARGEST_CATALOGUE, Declarations
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.service.cataloguefile import read_catalogue

LINK = "[[relationships]]\nchild = 'a'\nparent = 'c'\n"
BAD = [
    ("[entities", "", "not TOML"),
    ("# " + "x" * LARGEST_CATALOGUE, "", "bytes; at most"),
    ("[entities.a]\nexclud = true", ": entities.a.exclud",
     'unknown word; it would be ignored, so it is refused. Did you mean "exclude"?'),
    ("[entitys.a]", ": entitys", 'Did you mean "entities"?'),
    ("[entities.a]\nexclude = 'yes'", ": entities.a.exclude", 'Input should be a valid boolean; got "yes"'),
    ("[entities.a]\ncreated_on = true", ": entities.a.created_on",
     "the name of a column, or false, is accepted; got true"),
    ("[entities]\na = 1", ": entities.a", "got 1"),
    (f"{LINK} columns = 'b'\nrule = 'cascade'", ": relationships[0].columns",
     'a list of names of columns is accepted; got "b"'),
    (f"{LINK} columns = ['b', 'b']\nrule = 'cascade'", ": relationships[0].columns", "a column stands twice"),
    (f"{LINK} columns = ['b']\nrule = 'casade'", ": relationships[0].rule",
     "Input should be 'cascade', 'remove_link' or 'restrict'; got \"casade\""),
    (f"{LINK} rule = 'cascade'", ": relationships[0].columns", "Field required"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "field", "reason"), BAD)
def test_what_is_wrong_with_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, field: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("crm.toml").write_text(text)

    with pytest.raises(InvalidJobError) as found:
        read_catalogue(Path("crm.toml"))

    assert found.value.field == f"crm.toml{field}"
    assert reason in found.value.reason


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "crm.toml"
    path.write_text("""
        entities.contact = {table = "crm.contact", created_on = false}
        entities.audit_log.exclude = true
        [[relationships]]
        child = "note"
        columns = ["tenant", "contact_ref"]
        parent = "contact"
        references = ["tenant", "id"]
        rule = "remove_link"
    """)

    found = read_catalogue(path)

    assert found.entities["contact"].table == "crm.contact"
    assert (found.entities["contact"].created_on, found.entities["audit_log"].created_on) == (False, None)
    assert found.entities["audit_log"].exclude
    assert found.relationships[0].references == ("tenant", "id")
    assert Declarations.read(found.to_json()) == found
