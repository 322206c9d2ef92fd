"""Amounts: a customer's expected spend, and an interval that contains four outcomes in five.

``y`` and ``expected`` have one amount per row, in the shop's currency, 0 or more.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.sample import Floats

FLOOR_SHARE = 0.01
"""Expected amounts are at least this share of the mean label. A purchase where 0 is expected has no finite deviance."""

COVERAGE = 0.8
"""Share of outcomes that an interval is fitted to contain."""

MIN_GROUP_ROWS = 100
"""Rows that one interval is fitted to; with fewer, single customers would decide its edges."""

MAX_GROUPS = 20

LEVEL_TRUST = 0.25
"""Exponent of the level. It is below 1 because the models that predict out of time are fitted on fewer cutoffs, and the
final model does not share all of their error.

Chosen on cutoffs before the test cutoffs, six of three shops: the totals that the trees predicted were off by 12 % on
average with an exponent of 0 and of 0.5, and by 6 % with 0.25.
"""


def floored(expected: Floats, mean: float) -> Floats:
    """``expected`` raised to a hundredth of the mean label; always above 0."""
    return np.maximum(expected, max(FLOOR_SHARE * mean, 1e-9))


def calibrate(expected: Floats, y: Floats) -> dict[str, Any]:
    """``level`` (a factor for the expectations) and ``band`` (the knots of ``fit_band``), from predictions out of time.

    The level is the observed total over the expected total, raised to ``LEVEL_TRUST``. The band is fitted to
    expectations scaled by the whole ratio, so that it describes expectations that are right on average.
    """
    ratio = float(y.sum() / expected.sum()) if y.sum() > 0.0 else 1.0
    return {"level": ratio**LEVEL_TRUST, "band": fit_band(expected * ratio, y)}


def calibrated(expected: Floats, calibration: Mapping[str, Any] | None) -> Floats:
    """(n, 3) expected, low, high, corrected for level; without a calibration low and high are nan."""
    if calibration is None:
        return np.column_stack([expected, np.full((len(expected), 2), np.nan)])
    expected = expected * calibration["level"]
    return np.column_stack([expected, *apply_band(calibration["band"], expected)])


def fit_band(expected: Floats, y: Floats) -> dict[str, list[float]]:
    """Knots (``expected``, ``low``, ``high``) of an interval, from predictions made out of time.

    Rows are grouped by their expectation. Each group gets the shortest interval that contains ``COVERAGE`` of its
    outcomes; as in conformal prediction, the share is of n + 1 outcomes, one of them unseen. Isotonic regression then
    makes both edges increase from group to group. Where more than ``COVERAGE`` of a group spend nothing, its interval
    is [0, 0].
    """
    from sklearn.isotonic import isotonic_regression  # only for fitting: the import takes seconds

    order = np.argsort(expected, kind="stable")
    count = int(np.clip(len(y) // MIN_GROUP_ROWS, 1, MAX_GROUPS))
    groups = np.array_split(order, count)
    edges = np.array([shortest_interval(y[rows]) for rows in groups])
    low, high = (isotonic_regression(edge) for edge in edges.T)
    centres = [float(np.median(expected[rows])) for rows in groups]
    return {"expected": centres, "low": low.tolist(), "high": np.maximum(low, high).tolist()}


def shortest_interval(y: Floats) -> tuple[float, float]:
    """Edges of the shortest interval that contains ``COVERAGE`` of the outcomes; the lowest of equally short ones.

    >>> shortest_interval(np.array([0.0, 0.0, 1.0, 9.0]))
    (0.0, 9.0)
    """
    inside = min(len(y), int(np.ceil(COVERAGE * (len(y) + 1))))
    ordered = np.sort(y)
    lows, highs = ordered[: len(y) - inside + 1], ordered[inside - 1 :]
    best = int(np.argmin(highs - lows))
    return float(lows[best]), float(highs[best])


def apply_band(band: Mapping[str, Sequence[float]], expected: Floats) -> tuple[Floats, Floats]:
    """(low, high) per row: linear between the knots, in proportion to the expectation beyond the last."""
    beyond = np.maximum(expected / band["expected"][-1], 1.0)
    low, high = (np.interp(expected, band["expected"], band[edge]) * beyond for edge in ("low", "high"))
    return low, high


def normalised_gini(y: Floats, expected: Floats) -> float:
    """Gini coefficient of ``y`` ranked by ``expected``, over that of ``y`` ranked by itself: 1 is perfect, 0 is chance.

    Tied rows share their mean rank; nan if all amounts are equal.

    >>> normalised_gini(np.array([0.0, 1.0, 5.0]), np.array([1.0, 2.0, 3.0]))
    1.0
    """
    from scipy.stats import rankdata  # only for scores: the import takes a second, and serving does without

    centre = (len(y) + 1.0) / 2.0
    best = float((y * (rankdata(y) - centre)).sum())
    return float((y * (rankdata(expected) - centre)).sum() / best) if best > 0.0 else float("nan")
