"""The highest values of each row of a sparse matrix, without sorting long rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.ranking.histories import Matrix
from models.sample import Floats


def heads(matrix: Matrix, length: int) -> tuple[NDArray[Any], NDArray[Any], Floats]:
    """Row, column and value above 0; of a long row, those from its ``length``-th highest up, with ties."""
    floor = np.zeros(matrix.shape[0])
    for row in np.flatnonzero(np.diff(matrix.indptr) > length):
        values = matrix.data[matrix.indptr[row] : matrix.indptr[row + 1]]
        floor[row] = np.partition(values, len(values) - length)[len(values) - length]
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    kept = (matrix.data > 0.0) & (matrix.data >= floor[rows])
    return rows[kept], matrix.indices[kept], matrix.data[kept]
