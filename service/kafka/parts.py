"""What the composition root gives to the transport."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.notification import Notifier
from bulkdelete.consumers.operations import Check
from bulkdelete.consumers.planning import Planner
from bulkdelete.consumers.routes import Role
from bulkdelete.consumers.schedules import Scheduling
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.guards import NO_GUARDS, Guards
from bulkdelete.domain.outcomes import AnyOutcome
from bulkdelete.domain.work import AnyWork
from bulkdelete.projections.keeper import ViewKeeper

ALL = frozenset(Role)


@dataclass(frozen=True)
class Parts:
    """The handlers' own needs; `do` and `keeper` only where the roles ask for them."""

    application: BulkDeletes
    databases: Collection[str]
    """The names that a job may use."""
    do: Callable[[AnyWork], Iterator[AnyOutcome]] | None = None
    """Does a piece of work in a target database: called in threads, several at once."""
    keeper: ViewKeeper | None = None
    stop: Callable[[], None] = lambda: None
    """Called when it is time to stop, so that a worker in the midst of a unit may let go of it."""
    check: Check | None = None
    """Holds a submitted job against its database, so that a bad one is rejected with its path."""
    catalogues: Mapping[str, Declarations] = field(default_factory=dict)
    """The catalogue of each database that has one: an operation begins with it."""
    ledgers: Mapping[str, str] = field(default_factory=dict)
    """Where in a database an operation that begins keeps its ledger, other than by default."""
    bounds: Bounds = field(default_factory=Bounds)
    """What the operator allows all operations together."""
    is_simulated: bool = False
    """Whether ticks may be of any time."""
    notifier: Notifier | None = None
    """Tells people how operations ended."""
    guards: Guards = NO_GUARDS
    """What holds for every job that is submitted, beside its own guards."""
    planner: Planner = field(init=False)
    scheduling: Scheduling = field(init=False)

    def __post_init__(self) -> None:
        scheduling = Scheduling(
            self.application, self.databases, self.check, self.catalogues, self.ledgers, self.guards, self.is_simulated
        )
        object.__setattr__(self, "scheduling", scheduling)
        object.__setattr__(self, "planner", Planner(self.application, bounds=self.bounds))


def read_roles(names: Collection[str]) -> frozenset[Role]:
    """The roles that a command line names, `all` among them. Raises ValueError naming what is accepted."""
    found: set[Role] = set()
    for name in (part.strip() for one in names for part in one.split(",")):
        if name == "all":
            found |= ALL
        elif name in ALL:
            found.add(Role(name))
        else:
            raise ValueError(f"{name!r} is no role; accepted: all, {', '.join(Role)}")
    return frozenset(found)
