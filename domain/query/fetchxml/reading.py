"""FetchXML as a syntax tree (spec §6.2). XML from strangers: no entities, no network, bounded size and depth.

Ours beside Dataverse's words: `text` of `fetch` (how texts compare), and `uitype="System.Int32"` and the like on a
value: Dataverse ignores it, and a number written from JSON comes back as a number.
"""

from __future__ import annotations

from lxml import etree

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.expression import MOST_TOP
from bulkdelete.domain.query.fetchxml.conditions import condition
from bulkdelete.domain.query.fetchxml.words import (
    COLUMNS,
    Element,
    check_attributes,
    check_children,
    check_column,
    flag,
    join_of,
    name_of,
    required,
)
from bulkdelete.domain.query.tree import Link, Node, Order, QueryTree, TextMode, junction
from bulkdelete.domain.query.words import DEEPEST

LARGEST = 512 * 1024
"""Characters of one query."""
MOST_ATTRIBUTES = 500


def tree_of_fetchxml(text: str, place: str = "fetchxml") -> QueryTree:
    """The query that FetchXML says; `place` is where it stands. Raises InvalidJobError, which names the element."""
    root = parsed(text, place)
    if root.tag != "fetch":
        raise InvalidJobError(f"<{root.tag!s:.100}> stands where <fetch> is expected", place)
    check_depth(root, place)
    check_attributes(root, place)
    check_children(root, place)
    if len(root) != 1:
        raise InvalidJobError(f"<fetch> has {len(root)} entities; one is expected", place)
    entity, inner = root[0], f"{place}.entity"
    check_attributes(entity, inner)
    check_children(entity, inner)
    return QueryTree(
        required(entity, "name", inner), filters(entity, inner), place, links(entity, inner), orders(entity, inner),
        top_of(root, place), flag(root, "distinct", place), text_of(root, place),
    )  # fmt: skip


def parsed(text: str, place: str) -> Element:
    """The document's element. Raises InvalidJobError for what is no XML, or would need more than itself to be read."""
    if len(text) > LARGEST:
        raise InvalidJobError(f"{len(text):,} characters; at most {LARGEST:,} are taken", place)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InvalidJobError("a document type or entity has no place in a query", place)
    if any(part.count("=") > MOST_ATTRIBUTES for part in text.split("<")):
        # The parser takes time by the square of their number.
        raise InvalidJobError(f"an element has more than {MOST_ATTRIBUTES:,} attributes", place)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, collect_ids=False,
    )  # fmt: skip
    try:
        return etree.fromstring(text.encode(), parser)
    except UnicodeEncodeError:
        raise InvalidJobError("a text with half a character (a lone surrogate) is no XML", place) from None
    except etree.XMLSyntaxError as error:
        raise InvalidJobError(f"is no XML: {error.msg!s:.200}", place) from None


def check_depth(root: Element, place: str) -> None:
    """Refuse filters and links nested so deep that reading them would exhaust the stack."""
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise InvalidJobError(f"elements are nested more than {DEEPEST} deep", place)
        level = [child for one in level for child in one]


def places(element: Element, place: str, *tags: str) -> list[tuple[Element, str]]:
    """The children of these names, and where they stand."""
    counts: dict[str, int] = {}
    for child in element:
        counts[name_of(child)] = counts.get(name_of(child), 0) + 1
    seen: dict[str, int] = {}
    found = []
    for child in element:
        tag = name_of(child)
        at = seen[tag] = seen.get(tag, -1) + 1
        if tag in tags:
            found.append((child, f"{place}.{tag}" + (f"[{at}]" if counts[tag] > 1 else "")))
    return found


def filters(element: Element, place: str) -> Node | None:
    """The condition of an entity or link: all of its filters."""
    terms = []
    for child, where in places(element, place, "filter"):
        found = filter_of(child, where)
        if found is not None:
            terms.append(found)
    for child, where in places(element, place, *COLUMNS):
        check_column(child, where)
    return junction(False, tuple(terms), place) if terms else None


def filter_of(element: Element, place: str) -> Node | None:
    """A filter as a node of the tree; None where it says nothing."""
    check_attributes(element, place)
    check_children(element, place)
    kind = element.get("type") or "and"
    if kind not in {"and", "or"}:
        raise InvalidJobError(f"{kind!r:.100} is no filter type; accepted: and, or", f"{place}.type")
    terms: list[Node] = []
    for child, where in places(element, place, "condition", "filter", "link-entity"):
        if child.tag == "condition":
            terms.append(condition(child, where))
        elif child.tag == "link-entity":
            terms.append(related(child, where))
        elif inner := filter_of(child, where):
            terms.append(inner)
        else:
            raise InvalidJobError("a nested filter has no conditions; leave it out or fill it", where)
    return junction(kind == "or", tuple(terms), place) if terms else None


def related(element: Element, place: str) -> Link:
    """A link within a filter: it asks for rows, and joins none."""
    found = link_of(element, place)
    if found.join.is_visible:
        raise InvalidJobError(
            f'"{element.get("link-type") or "inner"}" joins rows; in a filter stand any, not any, all, not all, '
            "exists, in",
            f"{place}.link-type",
        )
    return found


def links(element: Element, place: str) -> tuple[Link, ...]:
    """The links of an entity or link."""
    return tuple(link_of(child, where) for child, where in places(element, place, "link-entity"))


def link_of(element: Element, place: str) -> Link:
    """A `link-entity`: `from` is an attribute of the linked entity, `to` of the one around it."""
    check_attributes(element, place)
    check_children(element, place)
    return Link(
        required(element, "name", place), required(element, "from", place), required(element, "to", place),
        join_of(element, place), place, element.get("alias") or None, filters(element, place), links(element, place),
        orders(element, place),
    )  # fmt: skip


def orders(element: Element, place: str) -> tuple[Order, ...]:
    """What records are ordered by."""
    found = []
    for child, where in places(element, place, "order"):
        check_attributes(child, where)
        check_children(child, where)
        found.append(
            Order(required(child, "attribute", where), flag(child, "descending", where), where,
                  child.get("entityname") or None)
        )  # fmt: skip
    return tuple(found)


def top_of(root: Element, place: str) -> int | None:
    """How many records at most."""
    said = root.get("top")
    if not said:
        return None
    if not said.isascii() or not said.isdigit() or not 1 <= int(said[:9]) <= MOST_TOP:
        raise InvalidJobError(f"{said!r:.100}: a whole number from 1 to {MOST_TOP:,} is accepted", f"{place}.top")
    return int(said)


def text_of(root: Element, place: str) -> TextMode | None:
    """How texts compare."""
    said = root.get("text")
    if said is None:
        return None
    if said not in set(TextMode):
        raise InvalidJobError(f"{said!r:.100}: accepted: {', '.join(TextMode)}", f"{place}.text")
    return TextMode(said)
