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
    """One pair of axes. ``x_share`` and ``y_share`` label an axis in percent, ``x_names`` label x = 0, 1, …,
    ``y_whole`` shows all of 0 to 100 %, and ``says`` is what the panel shows, in one sentence under its title."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_share: bool = False
    y_share: bool = False
    x_names: tuple[str, ...] = ()
    y_whole: bool = False
    says: str = ""


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


def percent(share: float) -> str:
    """A share for reading, with a decimal where a whole percent would be coarse.

    >>> percent(0.314), percent(0.0314), percent(0.0), percent(float("nan"))
    ('31%', '3.1%', '0%', 'unknown')
    """
    if share != share:
        return "unknown"
    return f"{share:.1%}" if 0.0 < abs(share) < 0.0995 else f"{share:.0%}"


def number(value: float) -> str:
    """An amount in about three digits, thousands apart.

    >>> number(12345.6), number(84.26), number(0.0123), number(0.0)
    ('12,346', '84.3', '0.0123', '0')
    """
    return f"{value:,.0f}" if abs(value) >= 100.0 or value == 0.0 else f"{value:.3g}"


def tenths_of(label: str) -> str:
    """What a contestant's points are called where each is a tenth of the customers."""
    return f"tenths of customers,\n{label}"
