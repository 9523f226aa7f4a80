"""The ratios as one picture, drawn here: an SVG is text, and no library is needed for lines and dots."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from html import escape

from benchmarks.figures import Figure, number

LINE, LEFT, WIDTH, RIGHT, TOP = 36, 560, 520, 160, 70
TICKS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
COLOURS = {True: "#1a7f37", False: "#cf222e", None: "#0969da"}
STYLE = "text { font: 12px sans-serif; fill: #1f2328 } .small { font-size: 11px; fill: #656d76 }"


def plot(figures: Iterable[Figure], remark: str = "") -> str:
    """Median, least and most of every ratio, on a logarithmic scale; the tick is what it must reach."""
    shown = [one for one in figures if one.measure.is_ratio and one.values]
    low, high = bounds(shown)
    height = TOP + LINE * len(shown) + 20
    drawn = [*axis(low, high, height), *(line for at, one in enumerate(shown) for line in row(one, at, low, high))]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}">'
    title = text(10, 22, f"Medians of paired runs, least to most; | is what must be reached{remark}")
    ground = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", ground, title, *drawn, "</svg>"]) + "\n"


def bounds(shown: Sequence[Figure]) -> tuple[float, float]:
    """The ends of the scale: ticks that enclose all values."""
    values = [value for one in shown for value in (*one.values, *([one.target] if one.target else []), 1.0)]
    least, most = min(values, default=0.5), max(values, default=2.0)
    low = max((one for one in TICKS if one <= least), default=TICKS[0])
    return low, min((one for one in TICKS if one >= most and one > low), default=TICKS[-1])


def place(value: float, low: float, high: float) -> float:
    """Where a value lies, from left to right."""
    share = math.log(min(max(value, low), high) / low) / math.log(high / low)
    return round(LEFT + WIDTH * share, 1)


def axis(low: float, high: float, height: int) -> list[str]:
    """The scale; as fast, or as slow, as the other is in bold."""
    drawn = []
    for tick in (one for one in TICKS if low <= one <= high):
        x, colour = place(tick, low, high), "#1f2328" if tick == 1 else "#d0d7de"
        drawn.append(line(x, TOP - 12, x, height - 14, colour))
        drawn.append(text(x, TOP - 18, f"{tick:g} ×", "middle", "small"))
    return drawn


def row(figure: Figure, at: int, low: float, high: float) -> list[str]:
    """One figure."""
    y, colour = TOP + LINE * at + LINE / 2, COLOURS[figure.is_reached]
    middle = statistics.median(figure.values)
    least, most, dot = (place(one, low, high) for one in (min(figure.values), max(figure.values), middle))
    theirs = f" : {figure.theirs.name}" if figure.theirs else ""
    drawn = [
        text(LEFT - 12, y - 2, f"{figure.case}, {figure.database}: {figure.ours.name}{theirs}", "end"),
        text(LEFT - 12, y + 12, figure.ours.data.title, "end", "small"),
        line(least, y, most, y, colour, 2),
        f'<circle cx="{dot}" cy="{y}" r="4" fill="{colour}"/>',
        text(LEFT + WIDTH + 12, y + 4, f"{number(middle)} {figure.measure.value}", style="small"),
    ]
    if figure.target is not None:
        x = place(figure.target, low, high)
        drawn.append(line(x, y - 8, x, y + 8, "#1f2328", 2))
    return drawn


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1) -> str:
    """A line."""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="{width}"/>'


def text(x: float, y: float, words: str, anchor: str = "start", style: str = "") -> str:
    """Words."""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" class="{style}">{escape(words)}</text>'
