"""Bootstrap intervals of a mean over rows, where the rows of one customer depend on each other."""

import numpy as np
from numpy.typing import NDArray

from models.sample import Floats

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
