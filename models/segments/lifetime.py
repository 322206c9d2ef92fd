"""What a segment's customers will be worth over a year: a Markov chain of segments (Pfeifer & Carraway 2000).

A customer of segment i spends what its customers spent in the last period, then moves on as they did: with m the mean
spend of each segment and P the shares that moved from one to another, the value of T periods is
m + P m + ... + P^(T-1) m. It extends the last period and knows no season; its interval knows chance alone.
"""

from dataclasses import dataclass

import numpy as np

from models.segments.clusterers import Floats, Labels

DRAWS, CONFIDENCE = 300, 0.9
YEAR_DAYS = 365.0


@dataclass(frozen=True)
class Expected:
    """Expected spend of a year of one customer in the segment, with a 90 % bootstrap interval over customers."""

    mean: float
    low: float
    high: float


def values_of_a_year(
    before: Labels, after: Labels, spend: Floats, days: float, labels: Labels, seed: int
) -> dict[int, Expected]:
    """The value of each of ``labels``, without discount, that somebody had at the start of the period.

    ``before`` and ``after`` (n,) are the labels of the same customers at the ends of a period of so many ``days``,
    ``spend`` (n,) what they spent in it. A part of a period counts as that part of its spend.
    """
    place = {int(label): row for row, label in enumerate(labels)}
    one, other = (np.array([place[int(label)] for label in each], dtype=np.int64) for each in (before, after))
    k, n, random = len(labels), len(spend), np.random.default_rng(seed)
    whole = _value(one, other, spend, np.ones(n), k, days)
    drawn = [
        _value(one, other, spend, np.bincount(random.integers(n, size=n), minlength=n).astype(float), k, days)
        for _ in range(DRAWS)
    ]
    edge = (1.0 - CONFIDENCE) / 2.0
    low, high = np.nanquantile(np.array(drawn), (edge, 1.0 - edge), axis=0)
    there = np.bincount(one, minlength=k) > 0
    return {
        int(label): Expected(float(whole[row]), float(low[row]), float(high[row]))
        for row, label in enumerate(labels)
        if there[row]
    }


def _value(one: Labels, other: Labels, spend: Floats, weight: Floats, k: int, days: float) -> Floats:
    """(k,) value of a year; 0 for a segment that nobody was in."""
    size = np.maximum(np.bincount(one, weights=weight, minlength=k), 1e-12)
    moved = np.bincount(one * k + other, weights=weight, minlength=k * k).reshape(k, k) / size[:, None]
    mean = np.bincount(one, weights=weight * spend, minlength=k) / size
    periods, value, later = YEAR_DAYS / days, np.zeros(k), mean
    while periods > 0:
        value = value + min(periods, 1.0) * later
        later, periods = moved @ later, periods - 1.0
    return value
