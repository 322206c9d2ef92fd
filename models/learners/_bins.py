"""LightGBM's bins of a sample, made from columns: no matrix of floats is ever built, and all trials share the bins.

LightGBM copies a matrix, then draws rows of it to find the bins. Here the same rows are drawn and the bins filled from
columns, a few thousand rows at a time. The bins, and so the trees, are the same to the last bit.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from models.sample import Floats, Rows

PUSHED_ROWS = 2048
"""Rows that are binned at a time."""

Places = npt.NDArray[np.int32]

ZERO = 1e-35
"""LightGBM's own limit: values nearer to 0 are not listed among those it finds bins for."""


class _Batches(lgb.Dataset):
    """LightGBM's Dataset for data that comes in batches."""

    def get_params(self) -> dict[str, Any]:
        """All parameters: LightGBM leaves out the seed here, and would draw other rows than from a matrix."""
        return dict(self.params or {})


def binned(columns: Sequence[Floats], rows: Rows, settings: dict[str, Any], more: Sequence[Floats] = ()) -> lgb.Dataset:
    """The bins of ``rows`` (n,) of each of ``columns``, and of ``more`` columns (n,), which have just these rows.

    ``settings`` must be those of every training on these bins, apart from what does not change bins: LightGBM refuses
    others.
    """
    # LightGBM's own way to data in batches, without the part that draws rows one by one in Python.
    width = len(columns) + len(more)
    bins = _Batches(None, params=settings)  # type: ignore[arg-type]  # the rows come later
    drawn = bins._create_sample_indices(total_nrow=len(rows))
    bins._init_from_sample(*_listed(_taken(columns, rows, more, drawn), width, len(drawn)), len(drawn), len(rows))
    block = np.empty((PUSHED_ROWS, width))
    for start in range(0, len(rows), PUSHED_ROWS):
        some = np.arange(start, min(start + PUSHED_ROWS, len(rows)))
        for k, values in enumerate(_taken(columns, rows, more, some)):
            block[: len(some), k] = values
        bins._push_rows(block[: len(some)])
    return bins


def _taken(columns: Sequence[Floats], rows: Rows, more: Sequence[Floats], some: Rows) -> Iterator[Floats]:
    """The values of ``some`` of the n rows, a column at a time."""
    chosen = rows[some]
    yield from (values[chosen] for values in columns)
    yield from (values[some] for values in more)


def _listed(columns: Iterable[Floats], width: int, drawn: int) -> tuple[list[Floats], list[Places]]:
    """Of each column the values that LightGBM lists, all but zeros, and their places."""
    # Two large arrays, of which only the pages that are filled take memory, and all of it is given back.
    values, places, ends = np.empty(width * drawn), np.empty(width * drawn, dtype=np.int32), [0]
    for column in columns:
        listed = np.flatnonzero((np.abs(column) > ZERO) | np.isnan(column))
        end = ends[-1] + len(listed)
        values[ends[-1] : end], places[ends[-1] : end] = column[listed], listed
        ends.append(end)
    spans = list(itertools.pairwise(ends))
    return [values[a:b] for a, b in spans], [places[a:b] for a, b in spans]
