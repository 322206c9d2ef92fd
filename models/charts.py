"""Charts as plain data: a target describes them, ``experiments.plots`` draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.sample import Floats

Style = Literal["ours", "other", "points", "reference", "background"]
"""``ours`` is the model, ``other`` a rival; ``points`` have intervals; ``reference`` is where a perfect model lies;
``background`` is a faint histogram."""


@dataclass(frozen=True)
class Forecasts:
    """One contestant's answers (n, k) and the labels at each test cutoff, oldest first; ``ours`` is registered."""

    label: str
    ours: bool
    outcomes: Sequence[Floats]
    answers: Sequence[Floats]


@dataclass(frozen=True)
class Series:
    """One curve; ``low`` and ``high`` are the ends of an interval around each point, None without intervals."""

    label: str
    x: Floats
    y: Floats
    style: Style = "other"
    low: Floats | None = None
    high: Floats | None = None


@dataclass(frozen=True)
class Panel:
    """One pair of axes. ``x_share`` and ``y_share`` label an axis in percent, ``x_names`` label x = 0, 1, …, and
    ``note`` is written in the lower right corner."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_share: bool = False
    y_share: bool = False
    x_names: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """One picture, ``<name>.png``, with its panels side by side."""

    name: str
    title: str
    panels: tuple[Panel, ...]


def concentration(weight: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Share of rows, highest score first, on a grid of 201 points in [0, 1], and the share of ``weight`` found there.

    Between rows of equal score the curve is straight; if all weights are 0, the share found is 0.
    """
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.diff(score[order]) != 0, True)
    share = (np.flatnonzero(last_of_tie) + 1.0) / len(weight)
    total = float(weight.sum())
    found = np.cumsum(weight[order])[last_of_tie] / (total if total > 0.0 else 1.0)
    grid = np.linspace(0.0, 1.0, 201)
    return grid, np.interp(grid, np.append(0.0, share), np.append(0.0, found))


def equal_groups(score: Floats, groups: int = 10) -> list[NDArray[np.intp]]:
    """Row numbers in up to ``groups`` equally large groups by rising score; empty groups are left out."""
    return [group for group in np.array_split(np.argsort(score, kind="stable"), groups) if len(group)]
