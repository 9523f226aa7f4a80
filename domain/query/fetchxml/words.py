"""The elements and attributes of FetchXML: what each means here, and what must not stand in a deletion (spec §6.2)."""

from __future__ import annotations

from lxml import etree

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.operators import BY_FETCHXML, Operator
from bulkdelete.domain.query.tree import Join
from bulkdelete.domain.spelling import suggestion

JOINS: dict[str, Join] = {
    "inner": Join.INNER,
    "outer": Join.LEFT_OUTER,
    "natural": Join.NATURAL,
    "exists": Join.EXISTS,
    "in": Join.IN,
    "matchfirstrowusingcrossapply": Join.MATCH_FIRST_ROW,
    "any": Join.ANY,
    "not any": Join.NOT_ANY,
    "all": Join.ALL,
    "not all": Join.NOT_ALL,
}
"""`link-type`."""

MEANT: dict[str, set[str]] = {
    "fetch": {"top", "distinct", "text"},
    "entity": {"name"},
    "link-entity": {"name", "from", "to", "alias", "link-type"},
    "filter": {"type"},
    "condition": {"attribute", "operator", "value", "valueof", "entityname", "uitype"},
    "value": {"uitype"},
    "order": {"attribute", "descending", "entityname"},
}
"""Element → the attributes that say what is deleted; `text` is ours: how texts compare."""

HARMLESS: dict[str, set[str]] = {
    "fetch": {"version", "mapping", "output-format", "no-lock", "returntotalrecordcount", "latematerialize",
              "useraworderby", "options", "savedqueryid", "userqueryid"},
    "link-entity": {"intersect", "visible"},
    "filter": {"hint"},
    "condition": {"uiname", "uihidden"},
    "value": {"uiname", "uihidden"},
}  # fmt: skip
"""Element → the attributes without effect on which records match."""

ONLY: dict[tuple[str, str], tuple[str, ...]] = {
    ("fetch", "aggregate"): ("false", "0", ""),
    ("fetch", "page"): ("", "0", "1"),
    ("fetch", "count"): ("", "0"),
    ("fetch", "paging-cookie"): ("",),
    ("fetch", "utc-offset"): ("", "0"),
    ("fetch", "datasource"): ("",),
    ("filter", "isquickfindfields"): ("false", "0", ""),
    ("filter", "overridequickfindrecordlimitenabled"): ("false", "0", ""),
    ("filter", "overridequickfindrecordlimitdisabled"): ("false", "0", ""),
    ("order", "alias"): ("",),
}
"""Attributes that would change what is deleted: taken with these values only, where they say nothing."""

WITHIN: dict[str, set[str]] = {
    "fetch": {"entity"},
    "entity": {"attribute", "all-attributes", "no-attrs", "order", "filter", "link-entity"},
    "link-entity": {"attribute", "all-attributes", "no-attrs", "order", "filter", "link-entity"},
    "filter": {"condition", "filter", "link-entity"},
    "condition": {"value"},
    "value": set(),
    "order": set(),
}
"""Element → those that may stand in it."""

COLUMNS = {"attribute", "all-attributes", "no-attrs"}
"""Elements that say which columns come back: of no meaning for a deletion, unless they group records."""
GROUPING = {"aggregate", "groupby", "dategrouping", "distinct", "rowaggregate"}
"""Attributes of `attribute` that make one row of several records."""

Element = etree._Element


def name_of(element: Element) -> str:
    """An element's name. Raises InvalidJobError for one of another namespace."""
    return str(element.tag)


def check_attributes(element: Element, place: str) -> None:
    """Refuse an attribute that is unknown, or that would change what is deleted without our saying how."""
    tag = name_of(element)
    for name, value in element.attrib.items():
        word = str(name)
        if word in MEANT[tag] or word in HARMLESS.get(tag, set()):
            continue
        accepted = ONLY.get((tag, word))
        if accepted is None:
            known = [*sorted(MEANT[tag]), *sorted(HARMLESS.get(tag, set()))]
            near = suggestion(word, known)
            raise InvalidJobError(
                f'<{tag}> has no attribute "{word:.100}"; it would be ignored, so it is refused'
                f"{near or '; known: ' + ', '.join(known)}",
                f"{place}.{word:.100}",
            )
        if str(value) not in accepted:
            raise InvalidJobError(f"{str(value)!r:.100}: {WHY[tag, word]}", f"{place}.{word}")


WHY = {
    ("fetch", "aggregate"): "a deletion has no aggregates",
    ("fetch", "page"): "a page is not what is deleted; say top, with an order",
    ("fetch", "count"): "a page is not what is deleted; say top, with an order",
    ("fetch", "paging-cookie"): "a page is not what is deleted; leave it out",
    ("fetch", "utc-offset"): "say time_zone in the job: an offset knows no summer time",
    ("fetch", "datasource"): "only the records of the database itself are deleted",
    ("filter", "isquickfindfields"): "which columns a quick find looks at is not known here",
    ("filter", "overridequickfindrecordlimitenabled"): "there is no quick find here",
    ("filter", "overridequickfindrecordlimitdisabled"): "there is no quick find here",
    ("order", "alias"): "it orders by an aggregated column: a deletion has none",
}
"""Why a value is refused."""


def check_children(element: Element, place: str) -> None:
    """Refuse elements and text that have no place here."""
    tag = name_of(element)
    texts = [element.text if tag != "value" else None, *(child.tail for child in element)]
    if any(text and text.strip() for text in texts):
        raise InvalidJobError(f"text stands in <{tag}>, where only elements belong", place)
    for child in element:
        if not isinstance(child.tag, str):
            raise InvalidJobError("a processing instruction has no place in a query", place)
        if child.tag not in WITHIN[tag]:
            known = sorted(WITHIN[tag])
            near = suggestion(child.tag, known) or f"; known: {', '.join(known) or 'none'}"
            raise InvalidJobError(f"<{child.tag:.100}> has no place in <{tag}>{near}", f"{place}.{child.tag:.100}")


def check_column(element: Element, place: str) -> None:
    """Refuse a column that groups records."""
    for word in GROUPING & {str(name) for name in element.attrib}:
        if str(element.get(word)).lower() not in {"false", "0"}:
            raise InvalidJobError("it groups records: what would be deleted is not said by it", f"{place}.{word}")


def flag(element: Element, word: str, place: str) -> bool:
    """A boolean attribute: `true`, `false`, `1` or `0`."""
    said = element.get(word)
    if said is None:
        return False
    if said not in {"true", "false", "1", "0"}:
        raise InvalidJobError(f"{said!r:.100} is no boolean; accepted: true, false, 1, 0", f"{place}.{word}")
    return said in {"true", "1"}


def required(element: Element, word: str, place: str) -> str:
    """An attribute that must be there, and say something."""
    said = element.get(word)
    if not said:
        raise InvalidJobError(f"<{element.tag}> needs the attribute {word}", f"{place}.{word}")
    return str(said)


def operator_of(element: Element, place: str) -> Operator:
    """The operator of a condition."""
    said = required(element, "operator", place)
    if said not in BY_FETCHXML:
        near = suggestion(said, BY_FETCHXML) or f"; known: {', '.join(BY_FETCHXML)}"
        raise InvalidJobError(f"{said!r:.100} is no operator{near}", f"{place}.operator")
    return BY_FETCHXML[said]


def join_of(element: Element, place: str) -> Join:
    """The kind of a link."""
    said = element.get("link-type") or "inner"
    if said not in JOINS:
        near = suggestion(said, JOINS) or f"; known: {', '.join(JOINS)}"
        raise InvalidJobError(f"{said!r:.100} is no link-type{near}", f"{place}.link-type")
    return JOINS[said]
