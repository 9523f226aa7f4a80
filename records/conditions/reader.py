"""A query's tree as one expression. Links become EXISTS and NOT EXISTS: no record stands twice.

Which rows of the links are looked at together is worked out by what the conditions name: an inner link that no
condition outside names is one EXISTS by itself; an outer one asks for nothing by itself; links that conditions name
are chosen one after the other, an outer one once with a row and once without.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.operators import MATCHES_NULL, Operator
from bulkdelete.domain.query.terms import Terms
from bulkdelete.domain.query.tree import Comparison, Join, Junction, Link, Node, QueryTree, restricts
from bulkdelete.records.catalogue import Catalogue, Entity
from bulkdelete.records.conditions.choices import are_sets, is_of_choices, is_set
from bulkdelete.records.conditions.comparing import compared_with_column, compared_with_values
from bulkdelete.records.conditions.folding import Folded, all_of, any_of, conjuncts, invert, names
from bulkdelete.records.conditions.hierarchy import is_in_hierarchy
from bulkdelete.records.conditions.rows import Row, Seen
from bulkdelete.records.conditions.texts import is_text_like
from bulkdelete.records.conditions.times import at_dates
from bulkdelete.records.conditions.users import is_of_user
from bulkdelete.records.declared import are_comparable
from bulkdelete.records.predicates import Operands, Truth

MOST_SUBQUERIES = 200
"""Subqueries that a query may become: outer links that are named together double them."""

Pool = tuple[tuple[Link, Row], ...]
"""Links, and the row of the entity around each."""


def predicate(tree: QueryTree, entity: Entity, operands: Operands, catalogue: Catalogue, terms: Terms) -> Truth:
    """The query as one expression. Raises InvalidJobError for an attribute or value that does not fit."""
    if tree.text is not None:
        terms = replace(terms, text=tree.text)
    reader = Reader(operands, catalogue, terms)
    seen = Seen.at_root(tree, entity)
    reader.check_outer(tree, seen)
    found = reader.satisfied(tuple((link, seen.root) for link in tree.links), conjuncts(tree.where), seen)
    return (sa.true() if found else sa.false()) if isinstance(found, bool) else found


@dataclass
class Reader:
    """Reads one query."""

    operands: Operands
    catalogue: Catalogue
    terms: Terms
    subqueries: int = field(default=0)

    def check_outer(self, tree: QueryTree, seen: Seen) -> None:
        """Read what the answer does not depend on, so that a wrong word in it is refused all the same."""
        everything = Seen(seen.own, seen.root, seen.speakers, {})
        for link in tree.links:
            self.check_link(link, seen.root, everything)
        for order in tree.orders:
            if order.entity is None:
                seen.root.attribute(order.attribute, f"{order.path}.AttributeName")

    def check_link(self, link: Link, outer: Row, seen: Seen) -> None:
        """Read a link and all within it."""
        row, _ = self.joined(link, outer)
        inside = seen.within(link, row)
        for one in conjuncts(link.where):
            self.truth(one, inside)
        for order in link.orders:
            row.attribute(order.attribute, f"{order.path}.AttributeName")
        for inner in link.links:
            self.check_link(inner, row, inside)
        self.subqueries = 0

    def truth(self, node: Node, seen: Seen) -> Folded:
        """One condition."""
        match node:
            case Comparison():
                return self.comparison(node, seen)
            case Junction(any=any_term, terms=terms):
                found = [self.truth(term, seen) for term in terms]
                return any_of(found) if any_term else all_of(found)
            case Link():
                return self.required(node, seen.own, seen)

    def comparison(self, what: Comparison, seen: Seen) -> Folded:
        """One comparison; of an absent row it is known."""
        row = seen.named(what.entity, f"{what.path}.EntityName")
        attribute = row.attribute(what.attribute, f"{what.path}.AttributeName")
        if what.column is not None:
            other = row
            if what.column.entity is not None:
                other = seen.named(what.column.entity, f"{what.path}.CompareEntityName")
            truth = compared_with_column(what, row, other, self.operands, self.terms)
            return False if row.is_absent or other.is_absent else truth
        if what.operator is Operator.NULL:
            known = row.is_absent or (row.is_linked and not attribute.nullable)
            return row.is_absent if known else self.operands.is_null(row.entity, attribute)
        if what.operator is Operator.NOT_NULL:
            known = row.is_absent or (row.is_linked and not attribute.nullable)
            return not row.is_absent if known else row.entity.table.c[attribute.name].is_not(None)
        truth = self.asked(what, row)
        return what.operator in MATCHES_NULL if row.is_absent else truth

    def asked(self, what: Comparison, row: Row) -> Truth:
        """One comparison with values, by its family."""
        match what.operator.form.family:
            case "text":
                return is_text_like(what, row, self.operands, self.terms)
            case "choices":
                return is_of_choices(what, row, self.operands)
            case "user":
                return is_of_user(what, row, self.operands, self.catalogue, self.terms)
            case "hierarchy":
                return is_in_hierarchy(what, row, self.operands, self.catalogue)
            case "day" | "span" | "fiscal":
                return at_dates(what, row, self.operands, self.terms)
            case _:
                attribute = row.attribute(what.attribute, f"{what.path}.AttributeName")
                if are_sets(what, attribute, self.operands):
                    return is_set(what, row, attribute, self.operands)
                return compared_with_values(what, row, self.operands, self.terms)

    def satisfied(self, pool: Pool, terms: tuple[Node, ...], seen: Seen) -> Folded:
        """Some choice of rows of these links makes all terms true."""
        found: list[Folded] = []
        named = [(link, row, tuple(at for at, term in enumerate(terms) if names(term, link))) for link, row in pool]
        used = {at for _, _, places in named for at in places}
        found += [self.truth(term, seen) for at, term in enumerate(terms) if at not in used]
        found += [self.required(link, row, seen) for link, row, places in named if not places]
        rest = [one for one in named if one[2]]
        while rest:
            group, places = [rest.pop(0)], set[int]()
            while True:
                places = {at for one in group for at in one[2]}
                more = [one for one in rest if places & set(one[2])]
                if not more:
                    break
                group += more
                rest = [one for one in rest if one not in more]
            chosen = tuple(terms[at] for at in sorted(places))
            found.append(self.choose(tuple((link, row) for link, row, _ in group), chosen, seen))
        return all_of(found)

    def choose(self, pool: Pool, terms: tuple[Node, ...], seen: Seen) -> Folded:
        """The same for links that the terms name together: the first of them, with each of its rows, and without."""
        (link, outer), *rest = pool
        others = tuple(rest)

        def with_row(row: Row) -> list[Folded]:
            inner = tuple((one, row) for one in link.links)
            return [self.satisfied((*others, *inner), terms, seen.with_row(link, row))]

        matched = self.exists(link, outer, seen, with_row)
        if restricts(link):
            return matched
        none = invert(self.exists(link, outer, seen, lambda _row: []))
        without = self.satisfied(others, terms, seen.without(link, self.catalogue.linked))
        return any_of([matched, all_of([none, without])])

    def required(self, link: Link, outer: Row, seen: Seen) -> Folded:
        """What a link asks for that no condition outside names."""

        def within(row: Row) -> list[Folded]:
            inner = tuple((one, row) for one in link.links)
            return [self.satisfied(inner, (), seen.with_row(link, row))]

        if not restricts(link):
            return True
        matching = self.exists(link, outer, seen, within)
        match link.join:
            case Join.NOT_ANY:
                return invert(matching)
            case Join.ALL:
                some = self.exists(replace(link, where=None, links=()), outer, seen, lambda _row: [])
                return all_of([some, invert(matching)])
            case _:
                return matching

    def exists(self, link: Link, outer: Row, seen: Seen, more: Any) -> Folded:
        """A linked row is there that satisfies the link's own filter, and whatever `more` asks of it."""
        self.subqueries += 1
        if self.subqueries > MOST_SUBQUERIES:
            raise InvalidJobError(
                "conditions name so many outer links together that it cannot be asked in one statement", link.path
            )
        row, joined = self.joined(link, outer)
        inside = seen.within(link, row)
        found = all_of([*(self.truth(one, inside) for one in conjuncts(link.where)), *more(row)])
        if found is False:
            return False
        table = row.entity.table
        query: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(table).where(joined)
        query = query if found is True else query.where(found)
        return query.correlate_except(table).exists()

    def joined(self, link: Link, outer: Row) -> tuple[Row, Truth]:
        """A row of the linked entity, and what joins it. Raises InvalidJobError where the two cannot be joined."""
        entity = self.catalogue.linked[link.entity]
        row = Row(replace(entity, table=entity.table.alias()), is_linked=True)  # type: ignore[arg-type]
        own = row.attribute(link.attribute, f"{link.path}.LinkToAttributeName")
        other = outer.attribute(link.outer_attribute, f"{link.path}.LinkFromAttributeName")
        if not are_comparable(own, other):
            raise InvalidJobError(
                f'"{other.name}" is {other.native}, "{own.name}" is {own.native}: they cannot be joined',
                f"{link.path}.LinkToAttributeName",
            )
        return row, row.entity.table.c[own.name] == outer.entity.table.c[other.name]
