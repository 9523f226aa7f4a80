"""FetchXML: the same tree back, each word in its place, and what is refused of it."""

from __future__ import annotations

import contextlib
import time

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.fetchxml.reading import tree_of_fetchxml
from bulkdelete.domain.query.fetchxml.writing import fetchxml_of
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Column, Comparison, Join, Junction, Link, Order, QueryTree, TextMode
from tests.language.trees import generated

FULL = """<?xml version="1.0" encoding="utf-16"?>
<!-- closed accounts -->
<fetch version="1.0" output-format="xml-platform" mapping="logical" distinct="true" no-lock="false" top="50">
  <entity name="account">
    <attribute name="name" /><all-attributes/>
    <order attribute="createdon" descending="true" />
    <filter type="and">
      <condition attribute="name" operator="like" value="%&lt;x&gt;%" />
      <filter type="or">
        <condition attribute="size" operator="in"><value>7</value><value uiname="eight">8</value></condition>
        <condition attribute="owner" operator="eq-userid" value="" />
        <condition entityname="c" attribute="id" operator="null" />
        <condition attribute="a" operator="lt" valueof="c.b" />
        <link-entity name="task" from="account" to="id" link-type="not any">
          <filter><condition attribute="state" operator="neq" value="0" uitype="System.Int32" /></filter>
        </link-entity>
      </filter>
    </filter>
    <link-entity name="contact" from="parent" to="id" link-type="outer" alias="c" intersect="true" visible="false">
      <filter/>
      <link-entity name="note" from="contact" to="id"><order attribute="z"/></link-entity>
    </link-entity>
  </entity>
</fetch>"""


def test_every_word_has_its_place_in_the_tree() -> None:
    task = Link("task", "account", "id", Join.NOT_ANY, "", where=Comparison("state", Operator.NOT_EQUAL, (0,), ""))
    alternatives = (
        Comparison("size", Operator.IN, ("7", "8"), ""),
        Comparison("owner", Operator.EQUAL_USER_ID, (), ""),
        Comparison("id", Operator.NULL, (), "", "c"),
        Comparison("a", Operator.LESS_THAN, (), "", None, Column("b", "c")),
        task,
    )
    note = Link("note", "contact", "id", Join.INNER, "", orders=(Order("z", False, ""),))

    assert tree_of_fetchxml(FULL) == QueryTree(
        "account",
        Junction(False, (Comparison("name", Operator.LIKE, ("%<x>%",), ""), Junction(True, alternatives, "")), ""),
        "",
        (Link("contact", "parent", "id", Join.LEFT_OUTER, "", "c", None, (note,)),),
        (Order("createdon", True, ""),),
        50,
        True,
    )
    assert tree_of_fetchxml(fetchxml_of(tree_of_fetchxml(FULL))) == tree_of_fetchxml(FULL)


@pytest.mark.parametrize("seed", range(4))
def test_a_tree_written_as_fetchxml_is_read_as_the_same_tree(seed: int) -> None:
    for tree in generated(seed, 60, top=seed == 0):
        assert tree_of_fetchxml(fetchxml_of(tree)) == tree


def test_space_and_lines_within_values_stay() -> None:
    values = (" a", "b\n\tc\r", "", "<&>\"'", "]]>")
    for operator, given in ((Operator.IN, values), *((Operator.EQUAL, (one,)) for one in values)):
        tree = QueryTree("a", Comparison("b", operator, given, ""), "", text=TextMode.EXACT)
        assert tree_of_fetchxml(fetchxml_of(tree)) == tree


def test_a_character_that_xml_has_none_for_is_refused_rather_than_lost() -> None:
    for given in (("\x01",), ("a", "\x01")):
        with pytest.raises(InvalidJobError, match="a character that XML has none for"):
            fetchxml_of(QueryTree("a", Comparison("b", Operator.IN, given, "here"), ""))


def entity(inner: str, **fetch: str) -> str:
    said = "".join(f' {name}="{value}"' for name, value in fetch.items())
    return f'<fetch{said}><entity name="a">{inner}</entity></fetch>'


def condition(words: str, inner: str = "") -> str:
    return entity(f'<filter><condition attribute="b" {words}>{inner}</condition></filter>')


LINK = 'name="t" from="a" to="id"'
AT = "fetchxml.entity.filter.condition"
REFUSED = [
    ("<fetch", "fetchxml", "is no XML"),
    ("", "fetchxml", "is no XML"),
    ('<!DOCTYPE a [<!ENTITY b "c">]><fetch/>', "fetchxml", "document type"),
    ("<query/>", "fetchxml", "where <fetch> is expected"),
    ("<fetch/>", "fetchxml", "0 entities"),
    ('<x:fetch xmlns:x="y"/>', "fetchxml", "where <fetch> is expected"),
    (entity("", topp="1"), "fetchxml.topp", 'Did you mean "top"'),
    (entity("", page="2"), "fetchxml.page", "say top"),
    (entity("", aggregate="true"), "fetchxml.aggregate", "no aggregates"),
    (entity("", top="5001"), "fetchxml.top", "1 to 5,000"),
    (entity("", distinct="yes"), "fetchxml.distinct", "accepted: true, false, 1, 0"),
    (entity("", datasource="bin"), "fetchxml.datasource", "the database itself"),
    (entity("", text="loud"), "fetchxml.text", "database, exact, ignore_case"),
    (entity("<filtr/>"), "fetchxml.entity.filtr", 'Did you mean "filter"'),
    (entity("<filter>b</filter>"), "fetchxml.entity.filter", "text stands in <filter>"),
    (entity("<filter><?x y?></filter>"), "fetchxml.entity.filter", "processing instruction"),
    (entity('<filter type="xor"><condition/></filter>'), "fetchxml.entity.filter.type", "and, or"),
    (entity('<filter isquickfindfields="1"/>'), "fetchxml.entity.filter.isquickfindfields", "quick find"),
    (entity("<filter><filter/></filter>"), "fetchxml.entity.filter.filter", "no conditions"),
    (entity('<attribute name="b" groupby="true"/>'), "fetchxml.entity.attribute.groupby", "groups records"),
    (condition('operator="eqq" value="1"'), f"{AT}.operator", 'Did you mean "eq"'),
    (condition('operator="eq"'), f"{AT}.value", "exactly 1, not 0"),
    (condition('operator="null" value="1"'), f"{AT}.value", "no values, not 1"),
    (condition('operator="in" value="1"', "<value>2</value>"), f"{AT}.value", "leave one out"),
    (condition('operator="eq" value="1" valueof="c"'), f"{AT}.valueof", "leave one of them out"),
    (condition('operator="like" valueof="c"'), AT, "compares no two columns"),
    (condition('operator="eq" valueof=".c"'), f"{AT}.valueof", "names no column"),
    (condition('operator="eq" value="x" uitype="System.Int32"'), f"{AT}.value", "is no System.Int32"),
    (condition('operator="eq" value="1" alias="c"'), f"{AT}.alias", "has no attribute"),
    (entity('<link-entity name="t" from="a"/>'), "fetchxml.entity.link-entity.to", "needs the attribute to"),
    (entity(f'<link-entity {LINK} link-type="outr"/>'), "fetchxml.entity.link-entity.link-type", '"outer"'),
    (entity(f"<filter><link-entity {LINK}/></filter>"), "fetchxml.entity.filter.link-entity.link-type", "joins rows"),
    (entity('<order alias="b"/>'), "fetchxml.entity.order.alias", "aggregated"),
    (entity("<filter>" * 50 + "</filter>" * 50), "fetchxml", "nested more than 40 deep"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "field", "reason"), REFUSED, ids=[f"{at}-{one[1]}" for at, one in enumerate(REFUSED)])
def test_what_is_wrong_is_refused_with_its_place(text: str, field: str, reason: str) -> None:
    with pytest.raises(InvalidJobError) as refused:
        tree_of_fetchxml(text)

    assert refused.value.field == field
    assert reason in refused.value.reason


HOSTILE = [
    "<fetch>" * 100_000,
    "<fetch " + "".join(f'a{at}="1" ' for at in range(40_000)) + "/>",
    "<fetch><entity name='a'>" + "<link-entity name='t' from='a' to='b'/>" * 10_000 + "</entity></fetch>",
    entity("<filter>" + "<condition attribute='b' operator='null'/>" * 10_000 + "</filter>"),
    condition('operator="in"', "<value>1</value>" * 20_000),
    condition("operator='eq' value='" + "&#65;" * 90_000 + "'"),
    "x" * 600_000,
    "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_hostile_is_answered_at_once(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(InvalidJobError):
        tree_of_fetchxml(text)

    assert time.process_time() - began < 1
