"""A sample of customers that is fitted in place of everybody: in proportion by recency and by spend."""

import numpy as np
import pandas as pd

from models.segments.clusterers import Floats, Labels
from models.segments.names import RECENCY, SPEND

COLUMNS = (RECENCY, SPEND)
RECENCY_CLASSES = 5


def drawn(X: pd.DataFrame, rows: int, seed: int) -> Labels:
    """Row numbers, ascending, of ``rows`` of the customers ``X``; of all where there are no more.

    Customers are put in order by fifths of recency and, within a fifth, by spend; every n-th is drawn, from a random
    start, so that everybody is equally likely. Any range of spend within a fifth, the few best customers too, gets its
    share of the sample to within one customer. Nulls are a class of their own; a column that X lacks does not divide.
    """
    if len(X) <= rows:
        return np.arange(len(X))
    random = np.random.default_rng(seed)
    order = np.lexsort((random.random(len(X)), _column(X, SPEND), _classes(_column(X, RECENCY))))
    positions = ((random.random() + np.arange(rows)) * (len(X) / rows)).astype(np.int64)
    return np.sort(order[positions]).astype(np.int64)


def _column(X: pd.DataFrame, name: str) -> Floats:
    return X[name].to_numpy(dtype=np.float64) if name in X.columns else np.zeros(len(X))


def _classes(values: Floats) -> Labels:
    """The fifth of each value, 0 to 4; nulls come after all."""
    known = values[~np.isnan(values)]
    edges = np.quantile(known, np.arange(1, RECENCY_CLASSES) / RECENCY_CLASSES) if len(known) else np.zeros(0)
    return np.where(np.isnan(values), RECENCY_CLASSES, np.searchsorted(edges, values, side="left")).astype(np.int64)
