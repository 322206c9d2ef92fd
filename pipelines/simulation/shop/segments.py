"""The latent segments: what kinds of customers there really are, which no model ever sees.

Rates are a day. A segment is a tendency, not a label: every customer draws own rates around it (gamma), so segments
overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Demand by month, January first; only the proportions count.
FLAT_YEAR = (1.0,) * 12
_GIFT_YEAR = (0.15, 0.7, 0.5, 0.3, 0.7, 0.3, 0.2, 0.2, 0.4, 1.0, 3.2, 4.2)
_SALE_YEAR = (2.2, 0.7, 0.7, 0.7, 0.8, 1.0, 2.0, 0.7, 0.6, 0.7, 2.0, 0.9)
_MILD_YEAR = (0.9, 0.9, 0.95, 1.0, 1.0, 0.95, 0.9, 0.9, 1.0, 1.05, 1.25, 1.3)

# Demand by local hour. Nobody buys between midnight and six, so no purchase falls into the hour that a clock
# change skips or repeats.
_OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 0, 1, 4, 8, 9, 8, 6, 7, 8, 7, 5, 2, 1, 0.5, 0.3, 0.2, 0.1, 0)
_DAY_HOURS = (0, 0, 0, 0, 0, 0, 0.5, 1, 2, 4, 6, 7, 7, 6, 5, 5, 5, 5, 5, 5, 4, 3, 1, 0.5)
_EVENING_HOURS = (0, 0, 0, 0, 0, 0, 0.3, 1, 1, 1, 2, 2, 3, 3, 2, 2, 3, 4, 6, 8, 9, 8, 4, 2)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One latent segment; numbers are the means of what its customers draw."""

    name: str
    share: float
    gap_days: float
    """Days between two purchases of an active customer."""
    likeness: float
    """Gamma shape of the customers' own rates: small is a mixed lot, large is all alike."""
    regularity: float
    """Gamma shape of one customer's gaps: 1 is memoryless, large is clockwork."""
    lifetime_days: float
    one_time: float
    """Share who never come back after the first purchase."""
    lines: float
    """Lines an order."""
    quantity: float
    """Units a line."""
    tastes: tuple[float, ...]
    """Weight of each category of the catalogue."""
    year: tuple[float, ...]
    hours: tuple[float, ...]
    weekend: float
    """Demand of a Saturday or Sunday, over a weekday's."""
    returns: float
    """Share of lines sent back."""
    discounts: float
    """Share of orders with a voucher."""
    visits: float
    """Web visits before a purchase that do not end in one."""
    browsing: float
    """Idle visits a day."""
    opens: float
    clicks: float
    answers: float
    """Share of orders that are answered by a survey or a review."""
    company: float
    """Share who buy for a company."""


SEGMENTS = (
    Segment(
        name="routine shoppers", share=0.22, gap_days=30, likeness=2.5, regularity=2.6, lifetime_days=780,
        one_time=0.06, lines=2.6, quantity=1.6, tastes=(5, 1, 1, 1, 1, 4, 3, 1), year=_MILD_YEAR, hours=_DAY_HOURS,
        weekend=0.9, returns=0.03, discounts=0.15, visits=0.28, browsing=0.014, opens=0.45, clicks=0.20, answers=0.17,
        company=0.10,
    ),
    Segment(
        name="seasonal gifters", share=0.18, gap_days=45, likeness=2, regularity=1.0, lifetime_days=780, one_time=0.18,
        lines=2.2, quantity=1.4, tastes=(1, 1, 4, 6, 1, 1, 1, 1), year=_GIFT_YEAR, hours=_EVENING_HOURS, weekend=1.2,
        returns=0.06, discounts=0.25, visits=0.7, browsing=0.007, opens=0.30, clicks=0.15, answers=0.10, company=0.05,
    ),
    Segment(
        name="bargain hunters", share=0.18, gap_days=48, likeness=2, regularity=1.0, lifetime_days=500, one_time=0.15,
        lines=2.0, quantity=1.8, tastes=(2, 2, 2, 1, 3, 2, 1, 2), year=_SALE_YEAR, hours=_EVENING_HOURS, weekend=1.3,
        returns=0.07, discounts=0.65, visits=0.98, browsing=0.028, opens=0.60, clicks=0.35, answers=0.09, company=0.06,
    ),
    Segment(
        name="trade buyers", share=0.08, gap_days=20, likeness=2.5, regularity=3.0, lifetime_days=850, one_time=0.04,
        lines=4.0, quantity=8.0, tastes=(2, 1, 2, 5, 0.5, 1, 5, 1), year=_MILD_YEAR, hours=_OFFICE_HOURS, weekend=0.15,
        returns=0.02, discounts=0.30, visits=0.14, browsing=0.007, opens=0.35, clicks=0.10, answers=0.14, company=0.85,
    ),
    Segment(
        name="style explorers", share=0.16, gap_days=38, likeness=2, regularity=1.2, lifetime_days=430, one_time=0.12,
        lines=1.9, quantity=1.2, tastes=(0.5, 0.5, 0.5, 1, 7, 4, 0.5, 2), year=_MILD_YEAR, hours=_EVENING_HOURS,
        weekend=1.1, returns=0.24, discounts=0.30, visits=1.54, browsing=0.035, opens=0.40, clicks=0.30, answers=0.20,
        company=0.03,
    ),
    Segment(
        name="passers-by", share=0.18, gap_days=90, likeness=1.5, regularity=1.0, lifetime_days=160, one_time=0.50,
        lines=1.4, quantity=1.2, tastes=(1, 1, 1, 2, 1, 1, 1, 3), year=FLAT_YEAR, hours=_DAY_HOURS, weekend=1.0,
        returns=0.08, discounts=0.35, visits=0.56, browsing=0.0035, opens=0.15, clicks=0.08, answers=0.05, company=0.08,
    ),
)  # fmt: skip


def column(name: str) -> Floats:
    """One trait over the segments, in their order."""
    return np.array([getattr(segment, name) for segment in SEGMENTS], dtype=np.float64)


def labels(values: Sequence[str], numbers: Ints) -> pl.Series:
    """Text for numbers, which everything is drawn as: a polars column at once, NumPy's text is slow and large.

    >>> labels(("a", "b"), np.array([1, 0])).to_list()
    ['b', 'a']
    """
    return pl.Series(list(values), dtype=pl.String).gather(numbers)
