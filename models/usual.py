"""The usual value of each feature, for a reason to compare a customer with: stored with the model as plain numbers."""

import numpy as np

from features.families import is_flag
from features.indicators import split
from models.sample import Sample


def usual_values(sample: Sample) -> dict[str, float | None]:
    """By feature: the median of those who have a value at the sample's newest cutoff; None if nobody has one.

    Of a flag or the indicator of a level it is the share of customers for whom it holds, 0 to 1. The cutoff's rows are
    one a customer, so nobody counts more often for a longer history.
    """
    newest: Sample = sample.once("newest", lambda: sample.where(sample.as_of == sample.as_of.max()))
    return sample.once("usual", lambda: {name: _usual(newest, name) for name in sample.names})


def _usual(sample: Sample, name: str) -> float | None:
    values = sample.column(name)
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    return float(known.mean() if is_share_of_customers(name) else np.median(known))


def is_share_of_customers(name: str) -> bool:
    """Whether the feature is 1 or 0, so that what is usual is how many customers have it.

    >>> [is_share_of_customers(name) for name in ("profile_country=france", "profile_consent", "purchase_orders_n")]
    [True, True, False]
    """
    column, level = split(name)
    return level is not None or is_flag(column)
