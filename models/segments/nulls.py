"""Customers without groups: data that resemble the real ones in everything but that they fall into clusters.

A Gaussian copula (Sklar 1959; Nelsen 2006, section 2.3) with the data's own marginals and rank correlations: every
column has exactly the values of the customers, every pair of columns nearly their rank correlation, and there is one
cloud. Shuffled columns are no such null: correlated columns without groups separate better than uncorrelated ones.
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


def copula(customers: Prepared, columns: Sequence[str], seed: int, draws: int) -> Iterator[Prepared]:
    """``draws`` times as many customers without groups, with ``columns`` in their units, and preprocessed again.

    Null is replaced by the median, as preprocessing does. Draw i is the same whatever the number of draws.
    """
    raw = raw_matrix(customers.X, columns)
    filled = np.where(np.isnan(raw), _medians(raw), raw)
    values, root = np.sort(filled, axis=0), _root(_correlation(filled))
    for draw in range(draws):
        normal = np.random.default_rng([seed, draw]).standard_normal(filled.shape)
        order = np.argsort(np.argsort(_product(normal, root), axis=0), axis=0)
        again = np.take_along_axis(values, order, axis=0)
        yield prepare_like(pd.DataFrame(again, columns=list(columns)), customers.preprocessing)


def _medians(raw: Floats) -> Floats:
    """The median of each column; 0 where every value is null."""
    known = ~np.isnan(raw).all(axis=0)
    found = np.zeros(raw.shape[1])
    found[known] = np.nanmedian(raw[:, known], axis=0)
    return found


def _correlation(filled: Floats) -> Floats:
    """Correlation (columns, columns) of normal variables with the rank correlations of the columns: 2 sin(π ρ / 6)
    (Pearson 1907). A constant column is correlated with none."""
    ranks = stats.rankdata(filled, axis=0)
    spread = ranks.std(axis=0)
    scaled = (ranks - ranks.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    rank_correlation = np.einsum("ni,nj->ij", scaled, scaled) / len(filled)
    found = 2.0 * np.sin(np.pi / 6.0 * rank_correlation)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found, dtype=np.float64)


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
