"""Intervals of means, ratios and calibration slopes over rows, where the rows of one customer depend on each other."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.calibration import logit
from models.logit import newton
from models.sample import Floats

Z_90 = 1.645
NAN = float("nan")
DRAWN_AT_ONCE = 1_000_000
"""Customers drawn in one step. It bounds the memory and does not change the result."""


def clustered_mean(
    each: Floats, customer: NDArray[np.int64], draws: int, confidence: float, seed: int
) -> tuple[float, float, float]:
    """(mean of ``each``, low, high): the interval contains the share ``confidence`` of ``draws`` resampled means.

    ``customer`` numbers the customer of each row. Customers are resampled with all their rows, because these are not
    independent; pass ``np.arange(len(each))`` where every row is a customer of its own. The same arguments give the
    same interval.

    >>> clustered_mean(np.ones(6), np.array([0, 0, 0, 1, 1, 2]), draws=10, confidence=0.9, seed=0)
    (1.0, 1.0, 1.0)
    """
    _, number = np.unique(customer, return_inverse=True)
    total = np.bincount(number, weights=each).astype(np.float64)
    rows = np.bincount(number).astype(np.float64)
    random = np.random.default_rng(seed)
    means = np.concatenate([_means(total, rows, size, random) for size in _steps(draws, len(rows))])
    edge = (1.0 - confidence) / 2.0
    low, high = np.quantile(means, (edge, 1.0 - edge))
    return float(each.mean()), float(low), float(high)


def _steps(draws: int, customers: int) -> list[int]:
    """``draws`` divided into steps of at most about ``DRAWN_AT_ONCE`` customers each."""
    step = max(1, DRAWN_AT_ONCE // customers)
    return [min(step, draws - done) for done in range(0, draws, step)]


def _means(total: Floats, rows: Floats, draws: int, random: np.random.Generator) -> Floats:
    drawn = random.integers(len(rows), size=(draws, len(rows)))
    return np.asarray(total[drawn].sum(axis=1) / rows[drawn].sum(axis=1), dtype=np.float64)


def clustered_ratio(
    expected: Floats, observed: Floats, customer: NDArray[np.int64], z: float = Z_90
) -> tuple[float, float, float]:
    """(sum of ``expected`` over sum of ``observed``, low, high) by the delta method, customers being independent.

    nan if nothing was observed.

    >>> clustered_ratio(np.array([1.0, 1.0]), np.array([1.0, 1.0]), np.array([0, 1]))
    (1.0, 1.0, 1.0)
    """
    total = float(observed.sum())
    if not len(observed) or total <= 0.0:
        return NAN, NAN, NAN
    ratio = float(expected.sum()) / total
    error = float(np.sqrt((_by_customer(expected - ratio * observed, customer) ** 2).sum())) / total
    return ratio, ratio - z * error, ratio + z * error


def clustered_slope(y: Floats, p: Floats, customer: NDArray[np.int64], z: float = Z_90) -> tuple[float, float, float]:
    """(slope of y's logistic regression on logit(p), low, high), by the sandwich estimator with customers as clusters
    (Liang & Zeger 1986).

    nan if y or p is constant.
    """
    log_odds = logit(p)
    if not len(y) or np.ptp(log_odds) < 1e-9 or y.min() == y.max():
        return NAN, NAN, NAN
    intercept, slope = newton(log_odds[:, None], y, ridge=1e-9)
    design = np.column_stack([np.ones(len(y)), log_odds])
    fitted = expit(intercept + slope * log_odds)
    bread = np.linalg.pinv((design * (fitted * (1.0 - fitted))[:, None]).T @ design)
    scores = np.column_stack([_by_customer(column * (y - fitted), customer) for column in design.T])
    error = float(np.sqrt((bread @ (scores.T @ scores) @ bread)[1, 1]))
    return float(slope), float(slope) - z * error, float(slope) + z * error


def _by_customer(each: Floats, customer: NDArray[np.int64]) -> Floats:
    """Sums of the rows of each customer."""
    _, number = np.unique(customer, return_inverse=True)
    return np.asarray(np.bincount(number, weights=each), dtype=np.float64)
