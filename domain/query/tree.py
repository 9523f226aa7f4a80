"""The syntax tree of a query, whatever notation it was written in, and its truth with nulls.

A record is deleted only where its query is *true*. With a null in the attribute (Dataverse, spec §6.4):

    operator                                     null attribute
    -------------------------------------------  -----------------------------------------------
    Equal, In, Like, Between, comparisons,       not true
    dates, hierarchy, user, choices
    NotEqual a value                             TRUE: "not equal, or null" as Dataverse does
    NotEqual another column                      not true where either is null
    every other negation: NotIn, NotLike,        not true: the sources disagree, this deletes fewer
    NotBetween, DoesNotContain, …, NotUnder,
    NotEqualUserId, DoesNotContainValues, …
    Null                                         TRUE
    NotNull                                      not true

`And` and `Or` join these truths; there is no general negation, so "not true" never has to be told from "unknown".

A record is deleted where *some* choice of linked rows makes the query true, and never more than once:

    join                                         what it asks of the linked rows
    -------------------------------------------  -----------------------------------------------
    Inner, Natural, MatchFirstRow                one is there that satisfies the link's own filter
    LeftOuter                                    nothing; conditions on it see one row, or only nulls where
                                                 there is none. It asks for a row where a link inside it does
                                                 (as the joins of the platform's own SQL do: this deletes fewer)
    Exists, In, Any, NotAll                      one is there that satisfies its filter; invisible outside
    NotAny                                       none is there that satisfies its filter
    All                                          one is there, and none that satisfies its filter

The paths, for errors, are no part of a tree's identity: the same query in two notations is the same tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from bulkdelete.domain.query.operators import Operator

Value = bool | int | Decimal | str


class TextMode(StrEnum):
    """How texts compare."""

    DATABASE = "database"
    """As the column's own collation says."""
    EXACT = "exact"
    """Character by character."""
    IGNORE_CASE = "ignore_case"
    """As Dataverse does: upper and lower case are the same, accents are not."""


class Join(StrEnum):
    """What is asked of the linked rows; the names are Dataverse's `JoinOperator`."""

    INNER = "Inner"
    LEFT_OUTER = "LeftOuter"
    NATURAL = "Natural"
    MATCH_FIRST_ROW = "MatchFirstRowUsingCrossApply"
    IN = "In"
    EXISTS = "Exists"
    ANY = "Any"
    NOT_ANY = "NotAny"
    ALL = "All"
    NOT_ALL = "NotAll"

    @property
    def is_visible(self) -> bool:
        """Whether conditions outside the link may name it."""
        return self in {Join.INNER, Join.LEFT_OUTER, Join.NATURAL, Join.MATCH_FIRST_ROW}


@dataclass(frozen=True)
class Column:
    """The other side of a comparison of two columns; `entity` names a link or the entity around, None the same row."""

    attribute: str
    entity: str | None = None


@dataclass(frozen=True)
class Comparison:
    """One attribute held against values, or against another column; `path` is where it was written, for errors."""

    attribute: str
    operator: Operator
    values: tuple[Value, ...]
    path: str = field(compare=False)
    entity: str | None = None
    """The alias of the link whose attribute it is, None: of the entity (or link) that the condition stands in."""
    column: Column | None = None
    """The column it is compared with; then there are no values."""


@dataclass(frozen=True)
class Junction:
    """Several conditions, all (`And`) or any (`Or`) of which must be true; at least two: see `junction`."""

    any: bool
    terms: tuple[Node, ...]
    path: str = field(compare=False)


@dataclass(frozen=True)
class Order:
    """What records are ordered by; `entity` is a link's alias."""

    attribute: str
    descending: bool
    path: str = field(compare=False)
    entity: str | None = None


@dataclass(frozen=True)
class Link:
    """Rows of another entity that belong to a record of the entity around it."""

    entity: str
    attribute: str
    """Of the linked entity."""
    outer_attribute: str
    """Of the entity around it, which it equals."""
    join: Join
    path: str = field(compare=False)
    alias: str | None = None
    where: Node | None = None
    """Its own filter, applied in the join."""
    links: tuple[Link, ...] = ()
    orders: tuple[Order, ...] = ()

    @property
    def name(self) -> str:
        """What conditions call it."""
        return self.alias or self.entity


Node = Comparison | Junction | Link
"""A condition; a link among them asks for linked rows (`Any`, `NotAny`, `All`, `NotAll`, `Exists`, `In`)."""


def junction(any: bool, terms: tuple[Node, ...], path: str) -> Node:
    """Conditions joined; a single one is itself. Raises ValueError of none."""
    if not terms:
        raise ValueError("a junction joins conditions")
    return terms[0] if len(terms) == 1 else Junction(any, terms, path)


@dataclass(frozen=True)
class QueryTree:
    """Which records of one entity: those for which `where` and `links` are true; all of them without either."""

    entity: str
    where: Node | None
    path: str = field(compare=False)
    links: tuple[Link, ...] = ()
    orders: tuple[Order, ...] = ()
    top: int | None = None
    distinct: bool = False
    text: TextMode | None = None
    """How texts compare; None: as the job says."""

    def comparisons(self) -> Iterator[Comparison]:
        """Every comparison in the tree, those in links included, in reading order."""
        for node in nodes([self.where] if self.where else [], self.links):
            if isinstance(node, Comparison):
                yield node

    def every_link(self) -> Iterator[Link]:
        """Every link in the tree, in reading order."""
        for node in nodes([self.where] if self.where else [], self.links):
            if isinstance(node, Link):
                yield node

    @property
    def deletes_everything(self) -> bool:
        """Whether nothing restricts it: it has no conditions, and no link but outer ones that ask for nothing."""
        return self.where is None and not any(restricts(link) for link in self.links)


def nodes(pending: list[Node], links: tuple[Link, ...] = ()) -> Iterator[Node]:
    """These nodes and all within them, in reading order."""
    pending = [*pending, *links]
    while pending:
        node = pending.pop(0)
        yield node
        match node:
            case Junction(terms=terms):
                pending[:0] = terms
            case Link(where=where, links=inner):
                pending[:0] = [*([where] if where else []), *inner]


def restricts(link: Link) -> bool:
    """Whether a link asks for anything: an outer one does not, unless a link within it does."""
    return link.join is not Join.LEFT_OUTER or any(restricts(one) for one in link.links)


def placed(tree: QueryTree, before: str) -> QueryTree:
    """The same tree, standing in something larger: `before` comes before each of its paths."""

    def node(one: Node) -> Node:
        match one:
            case Comparison():
                return replace(one, path=before + one.path)
            case Junction():
                return replace(one, path=before + one.path, terms=tuple(node(term) for term in one.terms))
            case Link():
                return link(one)

    def link(one: Link) -> Link:
        return replace(
            one, path=before + one.path, where=None if one.where is None else node(one.where),
            links=tuple(map(link, one.links)), orders=orders(one.orders),
        )  # fmt: skip

    def orders(several: tuple[Order, ...]) -> tuple[Order, ...]:
        return tuple(replace(one, path=before + one.path) for one in several)

    return replace(
        tree, path=before + tree.path, where=None if tree.where is None else node(tree.where),
        links=tuple(map(link, tree.links)), orders=orders(tree.orders),
    )  # fmt: skip
