"""A ribbon picture of migration: segments as bars at either date, between them ribbons as wide as their customers."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from experiments.plots.style import COLOURS, GREY, INK, LIGHT, figure, wrapped
from models.charts import percent
from models.segments.migration import FLOWS, NEWCOMER, in_order, sizes, steps

BAR = 0.03
GAP = 0.015
"""Width of a bar, and what separates two, as shares of the picture."""
NAME_LETTERS = 24
LEAST_SHARE = 0.02
"""Of a bar that carries its share in words."""
HEADS = {"from": "before", "by_behaviour": "by what they did", "to": "after"}


def ribbon_plot(path: Path, found: pl.DataFrame, names: Mapping[str, str], start: str, end: str) -> None:
    """Draw the flows; the middle bars are there only if a model moved somebody. ``names`` are those of segments."""
    moved = bool((found["by_behaviour"] != found["to"]).any())
    columns = [name for name in FLOWS if moved or name != "by_behaviour"]
    whole = int(found["customers"].sum())
    with figure(path, f"Who moved between segments, {start} to {end}", 10.5, 6.4) as (_, axes):
        axes.set(xlim=(-0.32, len(columns) - 1 + 0.32), ylim=(1.0 + GAP * 12, -0.06))
        axes.set_axis_off()
        colours = _colours(names)
        stacks = {name: _stack(found, name, names, whole) for name in columns}
        for place, (left, right) in enumerate(pairwise(columns)):
            _ribbons(axes, place, stacks[left], stacks[right], steps(found, left, right), whole, colours)
        for place, name in enumerate(columns):
            _bars(axes, place, len(columns) - 1, stacks[name], names, colours)
            head = start if name == "from" else end if name == "to" else HEADS[name]
            axes.text(place, -0.03, head, ha="center", va="bottom", fontsize=10, fontweight="bold", color=INK)


def _colours(names: Mapping[str, str]) -> dict[str, str]:
    listed = [each for each in names if each != "s0"]
    return {NEWCOMER: LIGHT, "s0": GREY} | {each: COLOURS[i % len(COLOURS)] for i, each in enumerate(listed)}


def _stack(found: pl.DataFrame, column: str, names: Mapping[str, str], whole: int) -> dict[str, tuple[float, float]]:
    """The top and the height of each segment's bar, from the top down."""
    counted = sizes(found, column)
    tops, top = {}, 0.0
    for segment in in_order(counted, names):
        height = counted[segment] / whole
        tops[segment] = (top, height)
        top += height + GAP
    return tops


def _ribbons(
    axes: Any,
    place: int,
    left: Mapping[str, tuple[float, float]],
    right: Mapping[str, tuple[float, float]],
    moves: Mapping[tuple[str, str], int],
    whole: int,
    colours: Mapping[str, str],
) -> None:
    """Ribbons between two stacks, in the colour of where they come from; those who stay are pale."""
    start = {segment: top for segment, (top, _) in left.items()}
    stop = {segment: top for segment, (top, _) in right.items()}
    for one in left:
        for other in right:
            height = moves.get((one, other), 0) / whole
            if height:
                _ribbon(
                    axes, place, start[one], stop[other], height, colours.get(one, GREY), 0.2 if one == other else 0.5
                )
                start[one] += height
                stop[other] += height


def _ribbon(axes: Any, place: int, top: float, bottom: float, height: float, colour: str, alpha: float) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    x0, x1 = place + BAR, place + 1 - BAR
    middle = (x0 + x1) / 2
    points = [(x0, top), (middle, top), (middle, bottom), (x1, bottom), (x1, bottom + height)]
    points += [(middle, bottom + height), (middle, top + height), (x0, top + height), (x0, top)]
    curve = [Outline.CURVE4] * 3
    codes = [Outline.MOVETO, *curve, Outline.LINETO, *curve, Outline.CLOSEPOLY]
    axes.add_patch(PathPatch(Outline(points, codes), facecolor=colour, alpha=alpha, linewidth=0))


def _bars(
    axes: Any,
    place: int,
    last: int,
    stack: Mapping[str, tuple[float, float]],
    names: Mapping[str, str],
    colours: Mapping[str, str],
) -> None:
    """The bars of one date, named beside the outer ones."""
    from matplotlib.patches import Rectangle

    for segment, (top, height) in stack.items():
        axes.add_patch(Rectangle((place - BAR, top), 2 * BAR, height, color=colours.get(segment, GREY), linewidth=0))
        if place not in (0, last) or height < LEAST_SHARE:
            continue
        name = "new customers" if segment == NEWCOMER else names.get(segment, segment)
        side, x = ("right", place - 2 * BAR) if place == 0 else ("left", place + 2 * BAR)
        words = f"{wrapped(name, NAME_LETTERS)}  {percent(height)}"
        axes.text(x, top + height / 2, words, ha=side, va="center", fontsize=8.5, color=INK)
