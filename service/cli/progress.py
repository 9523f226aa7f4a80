"""How far a run is, as it runs."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from bulkdelete.domain.operation import Operation
from bulkdelete.domain.progress import QueryProgress


class Rate(ProgressColumn):
    """Records a second."""

    def render(self, task: Task) -> Text:
        """The rate, once there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:>9,.0f}/s" if speed else " " * 11)


class Left(ProgressColumn):
    """Time left."""

    def render(self, task: Task) -> Text:
        """Seconds or minutes, while it runs."""
        if task.finished or not task.time_remaining:
            return Text("")
        seconds = int(task.time_remaining)
        return Text(f"{seconds // 60} min left" if seconds >= 120 else f"{seconds} s left", style="dim")


LINE_AFTER = 5.0
"""Seconds between two lines of progress where there is no terminal."""


def told(query: QueryProgress) -> str:
    """How far a query is, in words."""
    done = query["deleted"] + query["failed"] + query["vanished"]
    return f"{query['entity']}: {done:,} of about {max(done, query['estimated']):,}, {query['failed']:,} failed"


class LiveProgress:
    """Progress per query: a bar each on a terminal, else a line now and then."""

    def __init__(self, console: Console, operation: Operation) -> None:
        self.console = console
        self.bars = Progress(
            TextColumn("  {task.fields[number]}  {task.description}"),
            BarColumn(bar_width=34),
            TextColumn("{task.completed:>11,.0f} / {task.total:,.0f}"),
            Rate(),
            TextColumn("{task.fields[failed]:,} failed"),
            Left(),
            console=console,
            disable=not console.is_terminal,
        )
        self.next_line = time.monotonic() + LINE_AFTER
        width = max(len(query["entity"]) for query in operation.queries)
        self.tasks = [
            self.bars.add_task(
                query["entity"].ljust(width), start=False, number=at + 1, failed=0, total=1, visible=False
            )
            for at, query in enumerate(operation.queries)
        ]

    def __enter__(self) -> LiveProgress:
        self.bars.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.bars.stop()

    def show(self, operation: Operation) -> None:
        """Bring the bars up to date, or print a line where there is no terminal for them."""
        if not self.console.is_terminal and time.monotonic() >= self.next_line:
            self.next_line = time.monotonic() + LINE_AFTER
            self.console.print("  " + "   ".join(told(query) for query in operation.queries if query["number"]))
        for task, query in zip(self.tasks, operation.queries, strict=True):
            done = query["deleted"] + query["failed"] + query["vanished"]
            if query["number"] == 0:
                continue
            if not self.bars.tasks[task].started:
                self.bars.start_task(task)
            total = done if query["done"] else max(query["estimated"], done, 1)
            self.bars.update(task, completed=done, total=max(total, 1) if not query["done"] else total or 1,
                             failed=query["failed"], visible=True)  # fmt: skip
            if query["done"] and not self.bars.tasks[task].finished:
                self.bars.update(task, completed=total or 1)

    def tell_waiting(self, reason: str) -> None:
        """Say what the operation waits for."""
        self.console.print(f"  waiting for: {reason}", markup=False, style="yellow")
