"""Rows for programs and for people, written as they come: memory does not depend on how many there are."""

from __future__ import annotations

import csv
import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

WIDTHS_FROM = 100
"""The first rows decide how wide the columns are."""
WIDEST = 60


class Form(Enum):
    """How rows are written."""

    PEOPLE = "people"
    JSON = "json"
    CSV = "csv"

    @classmethod
    def of(cls, json: bool, csv: bool) -> Form:
        """What the options ask for."""
        return cls.JSON if json else cls.CSV if csv else cls.PEOPLE


def results() -> Console:
    """Where results for people go."""
    # Only here: it takes a while to load, and rows that a program reads need no style.
    from rich.console import Console  # noqa: PLC0415

    return Console(highlight=False, soft_wrap=True)


def write_rows(form: Form, names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows in the form that was asked for; how many."""
    write = {Form.JSON: write_json, Form.CSV: write_csv, Form.PEOPLE: write_table}[form]
    return write(names, rows)


def write_json(_names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """One JSON array, a row a line."""
    return write_array(map(json.JSONEncoder(ensure_ascii=False).encode, rows))


def write_array(texts: Iterable[str]) -> int:
    """One JSON array of values that are JSON already, one a line."""
    count = 0
    sys.stdout.write("[")
    for text in texts:
        sys.stdout.write((",\n" if count else "\n") + text)
        count += 1
    sys.stdout.write("\n]\n" if count else "]\n")
    sys.stdout.flush()
    return count


def write_csv(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """CSV with a header; what is no single value is JSON."""
    count = 0
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        count += 1
        writer.writerow([as_cell(row.get(name)) for name in names])
    sys.stdout.flush()
    return count


def as_cell(value: Any) -> Any:
    """A value as CSV has it."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False)
    return value


def write_table(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Columns for people; their widths follow the first rows."""
    cells = ([as_words(row.get(name)) for name in names] for row in rows)
    return print_columns([name.replace("_", " ") for name in names], cells)


def as_words(value: Any) -> str:
    """A value on one line."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case str():
            return " ".join(value.split())
        case _:
            return json.dumps(value, ensure_ascii=False)


def print_columns(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Print aligned columns; how many rows."""
    rest: Iterator[Sequence[str]] = iter(rows)
    first = list(itertools.islice(rest, WIDTHS_FROM))
    if not first:
        return 0
    widths = [min(WIDEST, max(len(cell) for cell in column)) for column in zip(heads, *first, strict=True)]
    numeric = [all(row[at].replace(",", "").isdigit() or not row[at] for row in first) for at in range(len(heads))]
    print_heads(line(heads, widths, numeric))
    count = 0
    for row in itertools.chain(first, rest):
        count += 1
        sys.stdout.write(line(row, widths, numeric) + "\n")
    sys.stdout.flush()
    return count


def print_heads(text: str) -> None:
    """The heads of columns, bold where that can be seen."""
    if sys.stdout.isatty() or "FORCE_COLOR" in os.environ:
        results().print(text, style="bold", markup=False)
    else:
        sys.stdout.write(text + "\n")


def line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    """Cells side by side: numbers to the right, the rest to the left."""
    pairs = zip(cells, widths, numeric, strict=True)
    return "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in pairs).rstrip()
