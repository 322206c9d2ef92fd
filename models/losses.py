"""Losses: one value per row, lower is better, finite for every prediction."""

import numpy as np

from models.sample import Floats

PROBABILITY_EDGE = 1e-15
"""Probabilities are clipped this far from 0 and 1: a certain and wrong answer costs 34.5 instead of infinity."""

AMOUNT_EDGE = 1e-9
"""Expected amounts are raised to this, because the deviance divides by them."""


def log_loss(y: Floats, p: Floats) -> Floats:
    """-log of the probability that was given to the outcome; ``y`` is 0 or 1.

    >>> log_loss(np.array([1.0, 0.0]), np.array([0.5, 0.5])).round(4).tolist()
    [0.6931, 0.6931]
    """
    inside = np.clip(p, PROBABILITY_EDGE, 1.0 - PROBABILITY_EDGE)
    return np.where(y == 1.0, -np.log(inside), -np.log1p(-inside))


def brier(y: Floats, p: Floats) -> Floats:
    """Squared difference of probability and outcome.

    >>> brier(np.array([1.0, 0.0]), np.array([1.0, 0.5])).tolist()
    [0.0, 0.25]
    """
    return np.asarray((p - y) ** 2, dtype=np.float64)


def tweedie_deviance(y: Floats, expected: Floats) -> Floats:
    """Unit deviance of the Tweedie distribution with variance power 1.5, for amounts that are often zero.

    At this power the deviance is 4 (√expected - √y)² / √expected, a form without cancellation or overflow.

    >>> tweedie_deviance(np.array([0.0, 4.0, 9.0]), np.array([1.0, 4.0, 4.0])).tolist()
    [4.0, 0.0, 2.0]
    """
    root = np.sqrt(np.maximum(expected, AMOUNT_EDGE))
    return np.asarray(4.0 * (root - np.sqrt(y)) ** 2 / root, dtype=np.float64)


def integrated_brier(happened: Floats, within: Floats, horizons: tuple[float, ...]) -> Floats:
    """Brier score averaged over the days from 0 to the longest horizon, by trapezoids between the horizons.

    ``happened`` and ``within`` are (n, K): whether the event came within each horizon (nan: not observed that long)
    and its probability. The score at day 0 is 0. A row that was not observed for all horizons is averaged up to the
    longest that it was observed for; nan if there is none.

    >>> integrated_brier(np.array([[0.0, 1.0]]), np.array([[1.0, 1.0]]), (10.0, 20.0)).tolist()
    [0.5]
    """
    days = np.concatenate([[0.0], horizons])
    known = ~np.isnan(happened)
    each = np.column_stack([np.zeros(len(within)), np.where(known, brier(happened, within), 0.0)])
    areas = (each[:, 1:] + each[:, :-1]) / 2.0 * np.diff(days)
    longest = np.where(known, days[1:], 0.0).max(axis=1)
    total = np.where(known, areas, 0.0).sum(axis=1)
    return np.where(longest > 0.0, total / np.where(longest > 0.0, longest, 1.0), np.nan)
