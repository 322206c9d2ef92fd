"""An attribute as columns of numbers, and as codes of categories."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.sample import Floats

CATEGORIES_MAX = 10
CUSTOMERS_MIN = 10
# If fewer customers than this are in shared categories, the column is a name rather than an attribute.
SHARED_SHARE = 0.5
NUMBERS_MIN = 10
SEPARATOR = ";"


def design(values: "pd.Series[Any]") -> Floats:
    """Columns of an attribute without nulls: a number and its square, or one column a category that several share.

    A list in one text ("garden;kitchen") is one column an entry. Names and constants give no column.
    """
    numbers = _numbers(values)
    if numbers is not None:
        centred = numbers - numbers.mean()
        return np.column_stack([centred, centred**2]) if centred.any() else np.empty((len(values), 0))
    texts = values.astype(str)
    entries = texts.str.get_dummies(SEPARATOR) if texts.str.contains(SEPARATOR, regex=False).any() else None
    dummies = pd.get_dummies(texts, dtype=float) if entries is None else entries.astype(float)
    shared = dummies.loc[:, dummies.sum() >= CUSTOMERS_MIN]
    if shared.empty or (shared.max(axis=1) > 0).mean() < SHARED_SHARE:
        return np.empty((len(values), 0))
    common = shared.sum().sort_values(ascending=False, kind="stable").index[:CATEGORIES_MAX]
    columns = shared[common].to_numpy(dtype=np.float64)
    return columns[:, columns.std(axis=0) > 0]


def categories(values: "pd.Series[Any]") -> npt.NDArray[np.int64]:
    """A code a customer: terciles of a number, the commonest categories, the rest together."""
    numbers = _numbers(values)
    if numbers is not None:
        return np.asarray(np.searchsorted(np.quantile(numbers, [1 / 3, 2 / 3]), numbers), dtype=np.int64)
    texts = values.astype(str)
    common = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[:CATEGORIES_MAX]
    code = {category: place for place, category in enumerate(common, start=1)}
    return np.array([code.get(text, 0) for text in texts], dtype=np.int64)


def _numbers(values: "pd.Series[Any]") -> Floats | None:
    """The attribute as numbers, if it is a date or has more different numbers than a code list would; else None."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return np.asarray((values - values.min()) / pd.Timedelta(days=1), dtype=np.float64)
    if pd.api.types.is_bool_dtype(values) or values.nunique() < NUMBERS_MIN:
        return None
    read = pd.to_numeric(values, errors="coerce")
    return None if read.isna().any() else np.asarray(read, dtype=np.float64)
