"""LightGBM's bins of a sample, made from columns: no matrix of floats is ever built, and all trials share the bins.

LightGBM copies a matrix, then draws rows of it to find the bins. Here the same rows are drawn and the bins filled from
columns, a few thousand rows at a time. The bins, and so the trees, are the same to the last bit.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np

from models.sample import Floats, Rows

PUSHED_ROWS = 8192
"""Rows that are binned at a time."""

ZERO = 1e-35
"""LightGBM's own limit: values nearer to 0 are not listed among those it finds bins for."""


class _Batches(lgb.Dataset):
    """LightGBM's Dataset for data that comes in batches."""

    def get_params(self) -> dict[str, Any]:
        """All parameters: LightGBM leaves out the seed here, and would draw other rows than from a matrix."""
        return dict(self.params)


def binned(columns: Sequence[Floats], rows: Rows, settings: dict[str, Any], more: Sequence[Floats] = ()) -> lgb.Dataset:
    """The bins of ``rows`` (n,) of each of ``columns``, and of ``more`` columns (n,), which have just these rows.

    ``settings`` must be those of every training on these bins, apart from what does not change bins: LightGBM refuses
    others.
    """
    # LightGBM's own way to data in batches, without the part that draws rows one by one in Python.
    bins = _Batches(None, params=settings)  # type: ignore[arg-type]  # the rows come later
    drawn = bins._create_sample_indices(total_nrow=len(rows))
    each = [_listed(values) for values in _taken(columns, rows, more, drawn)]
    bins._init_from_sample([values for values, _ in each], [places for _, places in each], len(drawn), len(rows))
    for start in range(0, len(rows), PUSHED_ROWS):
        some = np.arange(start, min(start + PUSHED_ROWS, len(rows)))
        bins._push_rows(np.column_stack(list(_taken(columns, rows, more, some))))
    return bins


def _taken(columns: Sequence[Floats], rows: Rows, more: Sequence[Floats], some: Rows) -> Iterator[Floats]:
    """The values of ``some`` of the n rows, a column at a time."""
    chosen = rows[some]
    yield from (values[chosen] for values in columns)
    yield from (values[some] for values in more)


def _listed(values: Floats) -> tuple[Floats, "np.ndarray[Any, np.dtype[np.int32]]"]:
    """The values that LightGBM lists, all but zeros, and their places."""
    places = np.flatnonzero((np.abs(values) > ZERO) | np.isnan(values)).astype(np.int32)
    return values[places], places
