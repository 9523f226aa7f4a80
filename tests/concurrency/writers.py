"""Writers: other people's applications at work on the records that a run deletes, seeded."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.concurrency.hands import Hand, hand
from tests.concurrency.schema import KINDS, ROOTS
from tests.concurrency.worlds import World

PAUSES = (0.0, 0.0, 0.001, 0.003)
HOLDS = (0.03, 0.1, 0.25, 0.5)
"""Seconds for which records are held: some longer than the run waits."""
CHANGED = "version = version + 1"


@dataclass
class Writer:
    """One of them; its new records have ids that nobody else uses, below and above those that were there."""

    world: World
    hand: Hand
    number: int
    chance: random.Random
    made: int = 0
    done: dict[str, int] = field(default_factory=dict)
    failure: BaseException | None = None

    def work(self, stopping: threading.Event) -> None:
        """One thing after another until told to stop."""
        deeds: dict[Callable[[], bool], int] = {
            self.add: 10, self.into: 8, self.out_of: 8, self.move: 8, self.rename: 4, self.add_child: 10,
            self.remove_child: 8, self.move_child: 8, self.change_child: 5, self.reparent: 6, self.delete: 6,
            self.hold: 2, self.undo: 3,
        }  # fmt: skip
        try:
            while not stopping.wait(self.chance.choice(PAUSES)):
                (deed,) = self.chance.choices(list(deeds), list(deeds.values()))
                if deed():
                    self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1
        except BaseException as error:
            self.failure = error
        finally:
            self.hand.close()

    def fresh(self) -> int:
        """An id that no record had; some lie before all others, in ranges that a walk has left behind."""
        self.made += 1
        return ((self.number + 1) * 10_000_000 + self.made) * self.chance.choice([1, 1, -1])

    def root(self) -> str:
        return self.chance.choice(ROOTS)

    def some(self, table: str, most: int = 4) -> str:
        """A few ids of records that were there."""
        known = {"box": self.world.size.boxes, "log": self.world.size.logs, "node": self.world.size.nodes}[table]
        first = self.chance.randint(1, known)
        return ", ".join(str(first + at) for at in range(self.chance.randint(1, most)))

    def one(self, table: str) -> str:
        return self.some(table, 1)

    def child(self) -> str:
        return self.chance.choice(["part", "part", "hold", "link"])

    def add(self) -> bool:
        """A new record, matching or not; now and then one that says it is old."""
        table, now = self.root(), KINDS[self.world.rows.name].now
        created = self.chance.choice([now] * 9 + ["'2021-05-05 00:00:00'"])
        parent = [self.chance.choice(["NULL", self.one("node")])] if table == "node" else []
        values = [str(self.fresh()), *parent, self.chance.choice(["0", "0", "10"]), created, "1", "'new'"]
        return self.hand.transaction([f"INSERT INTO {table} VALUES ({', '.join(values)})"])

    def into(self) -> bool:
        return self.regroup(0)

    def out_of(self) -> bool:
        return self.regroup(10)

    def regroup(self, group: int) -> bool:
        """Into or out of what the job asks for, sometimes there and back in one transaction."""
        table = self.root()
        ids = self.some(table)
        change = f"UPDATE {table} SET {CHANGED}, grp = {{}} WHERE id IN ({ids})"
        groups = [group] if self.chance.random() < 0.8 else [10 - group, group]
        pause = self.chance.choice([0.0, 0.0, 0.0, 0.02, 0.12])
        return self.hand.transaction([change.format(one) for one in groups], pause)

    def move(self) -> bool:
        """A longer row: it goes to another page."""
        table = self.root()
        pad = "y" * self.chance.randint(150, 400)
        return self.hand.transaction([f"UPDATE {table} SET {CHANGED}, pad = '{pad}' WHERE id IN ({self.some(table)})"])

    def rename(self) -> bool:
        """Another key: where the table is partitioned, often another partition."""
        table = self.chance.choice(["log", "log", "node", "box"])
        renamed = f"UPDATE {table} SET {CHANGED}, id = {self.fresh()} WHERE id = {self.one(table)}"
        return self.hand.transaction([renamed])

    def add_child(self) -> bool:
        pause = self.chance.choice([0.0, 0.0, 0.0, 0.05])
        return self.hand.transaction(
            [f"INSERT INTO {self.child()} VALUES ({self.fresh()}, {self.one('box')}, 1)"], pause
        )

    def remove_child(self) -> bool:
        return self.hand.transaction([f"DELETE FROM {self.child()} WHERE box_id IN ({self.some('box')})"])

    def move_child(self) -> bool:
        """To another box, which may stay while this one goes."""
        pause = self.chance.choice([0.0, 0.0, 0.04, 0.12])
        table, target = self.child(), self.one("box")
        return self.hand.transaction(
            [f"UPDATE {table} SET box_id = {target} WHERE box_id IN ({self.some('box')})"], pause
        )

    def change_child(self) -> bool:
        """A child first, its box then: the other way round than the run."""
        box = self.one("box")
        first = f"UPDATE {self.child()} SET v = v + 1 WHERE box_id = {box}"
        then = f"UPDATE box SET {CHANGED} WHERE id = {box}"
        return self.hand.transaction([first, then], self.chance.choice([0.0, 0.0, 0.01]))

    def reparent(self) -> bool:
        """Hang a tree below a node of a lower number, or make it a root: never a ring."""
        low, high = sorted(self.chance.sample(range(6, self.world.size.nodes), 2))
        parent = self.chance.choice([str(low), str(low), "NULL"])
        pause = self.chance.choice([0.0, 0.0, 0.04, 0.12])
        return self.hand.transaction([f"UPDATE node SET {CHANGED}, parent_id = {parent} WHERE id = {high}"], pause)

    def delete(self) -> bool:
        """Records themselves; children first, since not every database's triggers see a cascade."""
        table = self.root()
        one = self.one(table)
        held = f"SELECT id FROM {table} WHERE id = {one} FOR UPDATE"
        if table == "box":
            children = [f"DELETE FROM {child} WHERE box_id = {one}" for child in ("part", "hold", "link")]
            return self.hand.transaction([held, *children, f"DELETE FROM box WHERE id = {one}"])
        # In a table of its own: MySQL would not look at the table that it deletes from.
        below = f"(SELECT 1 FROM node WHERE parent_id = {one} LIMIT 1) AS below"
        leaf = f" AND NOT EXISTS (SELECT 1 FROM {below})" if table == "node" else ""
        return self.hand.transaction([held, f"DELETE FROM {table} WHERE id = {one}{leaf}"])

    def hold(self) -> bool:
        """Records that nobody changes, for a while."""
        table = self.chance.choice([*ROOTS, "part", "link"])
        ids = self.some(table if table in ROOTS else "box", 3)
        return self.hand.transaction(
            [f"SELECT id FROM {table} WHERE id IN ({ids}) FOR UPDATE"], self.chance.choice(HOLDS)
        )

    def undo(self) -> bool:
        """Changes that never happened."""
        table = self.root()
        changes = [f"UPDATE {table} SET grp = 10 - grp WHERE id IN ({self.some(table)})"]
        if table == "log":
            changes.append(f"DELETE FROM log WHERE id IN ({self.some('log')})")
        self.hand.transaction(changes, self.chance.choice([0.0, 0.02]), keep=False)
        return True


@contextmanager
def writing(world: World, seed: int, writers: int = 4) -> Iterator[list[Writer]]:
    """Writers at work while the block runs. A failure of one of them is a failure of the test."""
    stopping = threading.Event()
    crew = [Writer(world, hand(world.rows, at), at, random.Random(f"{seed} {at}")) for at in range(writers)]
    threads = [threading.Thread(target=one.work, args=[stopping], daemon=True) for one in crew]
    for thread in threads:
        thread.start()
    try:
        yield crew
    finally:
        stopping.set()
        for thread in threads:
            thread.join(30)
    for one in crew:
        if one.failure is not None:
            raise AssertionError(f"writer {one.number}: {one.failure}") from one.failure
