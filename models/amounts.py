"""Amounts: a floor under every expectation, their level and interval out of time, and how well they order customers."""

from typing import Any

import numpy as np

from models.calibration import LEVEL_TRUST
from models.sample import Floats

COVERAGE = 0.8
"""Share of outcomes that an interval is to contain."""

GROUPS = 20
"""At most so many groups of equal size by expectation; each learns its own interval."""

FEWEST_IN_GROUP = 50

FLOOR_SHARE = 0.01
"""No customer is expected to bring less than this share of the mean: an expectation of 0 would make any purchase an
infinite surprise, and so the deviance of everybody."""


def floored(expected: Floats, mean: float) -> Floats:
    """``expected`` raised to a hundredth of the mean label; always above 0."""
    return np.maximum(expected, max(FLOOR_SHARE * mean, 1e-9))


def calibrate(raw: Floats, y: Floats) -> dict[str, Any]:
    """``level``, the factor of the expectations, and ``edges``, ``low``, ``high``: interval ends a group.

    ``raw`` and ``y`` are predictions and outcomes out of time. The ends are multiples of the group's expectation, so
    that they grow inside a group too, and never fall from one group to the next.
    """
    level = 1.0 + LEVEL_TRUST * (float(y.sum() / raw.sum()) - 1.0)
    expected = raw * level
    groups = np.array_split(np.argsort(expected, kind="stable"), max(1, min(GROUPS, len(y) // FEWEST_IN_GROUP)))
    centres = np.array([np.median(expected[group]) for group in groups])
    ends = np.array([shortest_interval(y[group]) for group in groups])
    low, high = np.maximum.accumulate(ends, axis=0).T
    return {"level": level, "centres": centres.tolist(), "low": low.tolist(), "high": high.tolist()}


def calibrated(raw: Floats, calibration: dict[str, Any]) -> Floats:
    """(n, 3): expected, low, high; the ends are interpolated between groups and always contain the expectation."""
    expected = raw * calibration["level"]
    low, high = (np.interp(expected, calibration["centres"], calibration[end]) for end in ("low", "high"))
    # Beyond the last group the interval grows with the expectation.
    beyond = np.maximum(expected / max(calibration["centres"][-1], 1e-9), 1.0)
    return np.column_stack([expected, np.minimum(low * beyond, expected), np.maximum(high * beyond, expected)])


def shortest_interval(y: Floats) -> tuple[float, float]:
    """The shortest interval between outcomes that contains ``COVERAGE`` of them; of equals the lowest.

    >>> shortest_interval(np.array([0.0, 0.0, 0.0, 5.0, 90.0]))
    (0.0, 5.0)
    """
    ordered = np.sort(y)
    inside = min(int(np.ceil(COVERAGE * (len(y) + 1))), len(y))
    widths = ordered[inside - 1 :] - ordered[: len(y) - inside + 1]
    first = int(np.argmin(widths))
    return float(ordered[first]), float(ordered[first + inside - 1])


def normalised_gini(y: Floats, score: Floats) -> float:
    """Gini coefficient of the outcomes ordered by ``score`` over that of the perfect order; 0 for a random order.

    Rows of equal score share their outcomes. nan if nothing happened or all outcomes are equal.

    >>> normalised_gini(np.array([0.0, 1.0, 5.0]), np.array([0.1, 0.2, 0.9]))
    1.0
    """
    best = _gini(y, y)
    return _gini(y, score) / best if best > 0.0 else float("nan")


def _gini(y: Floats, score: Floats) -> float:
    """Twice the area between the curve of outcomes found, highest score first, and the diagonal."""
    if not y.sum() > 0.0:
        return 0.0
    values, group = np.unique(-score, return_inverse=True)
    rows, weight = np.bincount(group, minlength=len(values)), np.bincount(group, weights=y, minlength=len(values))
    x, found = np.append(0.0, np.cumsum(rows) / len(y)), np.append(0.0, np.cumsum(weight) / y.sum())
    return float(2.0 * np.trapezoid(found, x) - 1.0)
