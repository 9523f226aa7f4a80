"""Which entity a condition speaks of: aliases of links, and what they reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.tree import Comparison, Junction, Link, Node, Order, QueryTree
from bulkdelete.domain.spelling import suggestion


@dataclass(frozen=True)
class Speakers:
    """Who may be named in one place: the links seen from there, the innermost first, and the root last."""

    root: str
    links: tuple[Link, ...]

    def of(self, name: str, path: str) -> Link | None:
        """The link of that name, None for the root. Raises InvalidJobError for no name, or one of several."""
        aliased = [one for one in self.links if one.alias == name]
        found = aliased or [one for one in self.links if one.alias is None and one.entity == name]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise InvalidJobError(f'"{name}" may mean {len(found)} links; give them an alias (EntityAlias)', path)
        if name == self.root:
            return None
        known = [*(one.name for one in self.links), self.root]
        raise InvalidJobError(
            f'no link is called "{name}" here{suggestion(name, known)}; known: {", ".join(dict.fromkeys(known))}', path
        )


def visible(links: Iterable[Link]) -> Iterator[Link]:
    """The links that conditions outside them may name, with those inside them."""
    for link in links:
        if link.join.is_visible:
            yield link
            yield from visible(link.links)


def check_names(tree: QueryTree) -> None:
    """Refuse aliases that stand twice, and names of links that mean none, or several. Raises InvalidJobError."""
    for alias, count in Counter(one.alias for one in tree.every_link() if one.alias).items():
        if count > 1:
            twice = [one for one in tree.every_link() if one.alias == alias][1]
            raise InvalidJobError(f'the alias "{alias}" stands {count} times', f"{twice.path}.EntityAlias")
    outside = Speakers(tree.entity, tuple(visible(tree.links)))
    if tree.where is not None:
        check(tree.where, outside)
    check_orders(tree.orders, outside)
    for link in tree.links:
        check_link(link, Speakers(tree.entity, ()))


def check(node: Node, speakers: Speakers) -> None:
    """The names within one condition."""
    match node:
        case Comparison(entity=entity, column=column, path=path):
            if entity is not None:
                speakers.of(entity, f"{path}.EntityName")
            if column is not None and column.entity is not None:
                speakers.of(column.entity, f"{path}.CompareEntityName")
        case Junction(terms=terms):
            for term in terms:
                check(term, speakers)
        case Link():
            check_link(node, speakers)


def check_link(link: Link, around: Speakers) -> None:
    """The names within a link: it may name itself and those around it."""
    inside = Speakers(around.root, (link, *around.links))
    if link.where is not None:
        check(link.where, inside)
    check_orders(link.orders, inside)
    for one in link.links:
        check_link(one, inside)


def check_orders(orders: tuple[Order, ...], speakers: Speakers) -> None:
    """The names within orders."""
    for one in orders:
        if one.entity is not None:
            speakers.of(one.entity, f"{one.path}.EntityName")


def places_of(tree: QueryTree) -> dict[int, Speakers]:
    """Who may be named within each link, by the link's identity."""
    found: dict[int, Speakers] = {}

    def enter(link: Link, around: Speakers) -> None:
        inside = found[id(link)] = Speakers(around.root, (link, *around.links))
        look(link.where, inside)
        for one in link.links:
            enter(one, inside)

    def look(node: Node | None, speakers: Speakers) -> None:
        match node:
            case Junction(terms=terms):
                for term in terms:
                    look(term, speakers)
            case Link():
                enter(node, speakers)
            case _:
                pass

    look(tree.where, Speakers(tree.entity, tuple(visible(tree.links))))
    for link in tree.links:
        enter(link, Speakers(tree.entity, ()))
    return found


def subjects(tree: QueryTree) -> Iterator[tuple[Comparison, str]]:
    """Every comparison, and the entity whose attribute it is about."""
    places = places_of(tree)

    def look(node: Node | None, own: str, speakers: Speakers) -> Iterator[tuple[Comparison, str]]:
        match node:
            case Comparison(entity=None):
                yield node, own
            case Comparison(entity=str(name), path=path):
                link = speakers.of(name, f"{path}.EntityName")
                yield node, tree.entity if link is None else link.entity
            case Junction(terms=terms):
                for term in terms:
                    yield from look(term, own, speakers)
            case Link():
                yield from enter(node)

    def enter(link: Link) -> Iterator[tuple[Comparison, str]]:
        yield from look(link.where, link.entity, places[id(link)])
        for one in link.links:
            yield from enter(one)

    yield from look(tree.where, tree.entity, Speakers(tree.entity, tuple(visible(tree.links))))
    for link in tree.links:
        yield from enter(link)
