"""Products that go together: the cosine of who (or which order) has them, shrunk towards 0 where few have both."""

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_matrix, vstack

from models.plain import array_bytes, array_from
from models.ranking.heads import heads
from models.ranking.histories import Matrix

BLOCK = 2_000
"""Products whose pairs are counted at a time: all pairs of 70,000 would not fit into memory."""


def cosines(having: Matrix, shrink: float, most: int, fewest: int) -> Matrix:
    """(products, products): for each product its ``most`` nearest others, those that ``fewest`` rows have with it.

    ``having`` (rows, products) has ones. The value is both / (sqrt(one * other) + shrink).
    """
    counts = np.asarray(having.sum(axis=0)).ravel()
    turned = having.T.tocsr()
    blocks = []
    for start in range(0, having.shape[1], BLOCK):
        both = (turned[start : start + BLOCK] @ having).tocsr()
        own = np.repeat(np.arange(start, start + both.shape[0]), np.diff(both.indptr))
        kept = (both.data >= fewest) & (own != both.indices)
        both.data = np.where(kept, both.data / (np.sqrt(counts[own] * counts[both.indices]) + shrink), 0.0)
        blocks.append(_nearest(both, most))
    return vstack(blocks).tocsr() if blocks else csr_matrix((0, 0))


def _nearest(values: Matrix, most: int) -> Matrix:
    """The highest values of each row, equal ones by column."""
    row, column, value = heads(values, most)
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    kept = np.arange(len(row)) - np.searchsorted(row, row) < most
    found = csr_matrix((value[kept], (row[kept], column[kept])), shape=values.shape)
    found.sort_indices()
    return found


def dump_matrix(name: str, matrix: Matrix) -> dict[str, bytes]:
    """A sparse matrix as its three arrays."""
    return {
        f"{name}_starts.npy": array_bytes(matrix.indptr.astype(np.int64)),
        f"{name}_columns.npy": array_bytes(matrix.indices.astype(np.int32)),
        f"{name}_values.npy": array_bytes(matrix.data.astype(np.float64)),
    }


def load_matrix(files: Mapping[str, bytes], name: str, columns_n: int) -> Matrix:
    """What :func:`dump_matrix` wrote; ValueError if the arrays are no matrix of so many columns."""
    starts = array_from(files, f"{name}_starts.npy", np.int64, (None,))
    columns = array_from(files, f"{name}_columns.npy", np.int32, (None,))
    values = array_from(files, f"{name}_values.npy", np.float64, columns.shape)
    found = csr_matrix((values, columns, starts), shape=(len(starts) - 1, columns_n))
    found.check_format(full_check=True)
    return found
