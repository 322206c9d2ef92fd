"""Customers without groups: data that resemble the real ones in everything but that they fall into clusters.

A Gaussian copula (Sklar 1959; Nelsen 2006, section 2.3) with the data's own marginals and rank correlations: every
column has exactly the values of the customers, every pair of columns nearly their rank correlation, and there is one
cloud. Shuffled columns are no such null: correlated columns without groups separate better than uncorrelated ones.

Many customers share a value, as those who bought once do, and tied ranks understate how strongly two columns depend on
each other. So the correlation of the normal variables is the one whose *draws*, ties and all, have the rank
correlations of the customers (NORTA: Cario & Nelson 1997).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from models.segments.clusterers import Floats
from models.segments.preprocessing import raw_matrix
from models.segments.segmenter import Prepared, prepare_like

DRAWS = 19
"""Draws of a test: a clustering that is better than all of them is better than chance at the 5 % level."""
CORRECTIONS = 8
"""Of the correlation: by then a draw has the customers' rank correlations to within what draws differ by."""
TRIAL_DRAW = 1_000_003
"""Number of the draw that the correlation is corrected by; no test takes it."""
LARGEST_CORRELATION = 0.9999


def copula(customers: Prepared, columns: Sequence[str], seed: int, draws: int) -> Iterator[Prepared]:
    """``draws`` times as many customers without groups, with ``columns`` in their units, and preprocessed again.

    Null is replaced by the median, as preprocessing does. Draw i is the same whatever the number of draws.
    """
    raw = raw_matrix(customers.X, columns)
    filled = np.where(np.isnan(raw), _medians(raw), raw)
    values, root = np.sort(filled, axis=0), _root(_correlation(filled, seed))
    for draw in range(draws):
        normal = np.random.default_rng([seed, draw]).standard_normal(filled.shape)
        again = _drawn(values, _product(normal, root))
        yield prepare_like(pd.DataFrame(again, columns=list(columns)), customers.preprocessing)


def _medians(raw: Floats) -> Floats:
    """The median of each column; 0 where every value is null."""
    known = ~np.isnan(raw).all(axis=0)
    found = np.zeros(raw.shape[1])
    found[known] = np.nanmedian(raw[:, known], axis=0)
    return found


def _correlation(filled: Floats, seed: int) -> Floats:
    """Correlation (columns, columns) of normal variables whose draws have the rank correlations of the columns.

    It starts from 2 sin(π ρ / 6), which is exact without ties (Pearson 1907), and is corrected by what a draw lacks. A
    constant column is correlated with none.
    """
    wanted = _rank_correlation(filled)
    found = 2.0 * np.sin(np.pi / 6.0 * wanted)
    normal = np.random.default_rng([seed, TRIAL_DRAW]).standard_normal(filled.shape)
    values = np.sort(filled, axis=0)
    for _ in range(CORRECTIONS):
        drawn = _drawn(values, _product(normal, _root(found)))
        found = np.clip(found + wanted - _rank_correlation(drawn), -LARGEST_CORRELATION, LARGEST_CORRELATION)
        np.fill_diagonal(found, 1.0)
    return found


def _rank_correlation(filled: Floats) -> Floats:
    """Spearman's, of each pair of columns; equal values have the mean of their ranks."""
    ranks = stats.rankdata(filled, axis=0)
    spread = ranks.std(axis=0)
    scaled = (ranks - ranks.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(np.einsum("ni,nj->ij", scaled, scaled) / len(filled), dtype=np.float64)


def _drawn(values: Floats, normal: Floats) -> Floats:
    """The sorted ``values`` of each column in the order of normal deviates."""
    order = np.argsort(np.argsort(normal, axis=0), axis=0)
    return np.take_along_axis(values, order, axis=0)


def _root(correlation: Floats) -> Floats:
    """A matrix whose product with its transpose is the correlation, which may be singular."""
    value, vector = np.linalg.eigh(correlation)
    return np.asarray(vector * np.sqrt(np.maximum(value, 0.0)), dtype=np.float64)


def _product(normal: Floats, root: Floats) -> Floats:
    """Normal deviates with the correlation; summed one column at a time, so that threads do not change a bit."""
    total = np.zeros_like(normal)
    for column, weights in zip(normal.T, root.T, strict=True):
        total += column[:, None] * weights[None, :]
    return total
