"""Exact nearest neighbours of many customers: a k-d tree in rotated coordinates, distances in the original ones.

Standardised features all spread alike, and then a k-d tree has no good direction to cut: with 40 features a query
compares a customer with nearly all points. Principal axes spread unevenly, so far fewer points are compared. The
rotation only proposes candidates: what is returned is computed from the features themselves, one after another, so that
a customer's neighbours have the same bits alone as in a batch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEAF_POINTS = 64
SLACK = 1e-9  # relative; rotating a point moves its distances by some 1e-14
PAIRS = 50_000  # customers and candidates compared at once: it bounds the memory and does not change the result


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Points (n, features), their principal axes (features, features) and the tree of the rotated points."""

    points: Floats
    axes: Floats
    tree: cKDTree

    @staticmethod
    def of(points: Floats) -> "Neighbours":
        """The tree of these points, two or more."""
        _, axes = np.linalg.eigh(np.atleast_2d(np.cov(points, rowvar=False)))
        return Neighbours(points, axes, cKDTree(rotated(points, axes), leafsize=LEAF_POINTS))

    def nearest(self, Z: Floats, count: int, within: float = np.inf) -> tuple[Floats, Rows]:
        """Distances and numbers (rows, count) of the points nearest to each row, ascending; ties by number.

        Points farther than ``within`` are left out: their distance is infinite and their number n.
        """
        distance, number = np.empty((len(Z), count)), np.empty((len(Z), count), dtype=np.int64)
        rows, candidates = np.arange(len(Z)), count + 1
        while len(rows):
            step, open_ = max(1, PAIRS // candidates), []
            for start in range(0, len(rows), step):
                part = rows[start : start + step]
                distance[part], number[part], tied = self._candidates(Z[part], count, candidates, within)
                open_.append(part[tied])
            # Their last place is tied but for rounding: the rotation must not decide which point takes it.
            rows, candidates = np.concatenate(open_), min(4 * candidates, len(self.points) + 1)
        outside = distance > within
        return np.where(outside, np.inf, distance), np.where(outside, len(self.points), number)

    def _candidates(self, Z: Floats, count: int, candidates: int, within: float) -> tuple[Floats, Rows, Mask]:
        """The ``count`` nearest among so many candidates, and which rows need more candidates to know them."""
        found = self.tree.query(rotated(Z, self.axes), candidates, distance_upper_bound=within * (1 + SLACK))
        near, number = np.asarray(found[0]), np.asarray(found[1], dtype=np.int64)
        distance, number = self._ordered(Z, number)
        tied = np.isfinite(near[:, -1]) & (near[:, -1] <= near[:, count - 1] * (1 + SLACK) + SLACK**2)
        return distance[:, :count], number[:, :count], tied

    def _ordered(self, Z: Floats, number: Rows) -> tuple[Floats, Rows]:
        """Candidates in the order of their distances in the original features; a number of n is no candidate."""
        there = number < len(self.points)
        squared = squared_distances(Z[:, None, :], self.points[np.where(there, number, 0)])
        distance = np.where(there, np.sqrt(squared), np.inf)
        order = np.lexsort((number, distance), axis=1)
        return np.take_along_axis(distance, order, axis=1), np.take_along_axis(number, order, axis=1)


def rotated(Z: Floats, axes: Floats) -> Floats:
    """Z times ``axes``, summed one feature at a time: the order of a sum must not depend on the number of rows."""
    total = np.zeros((len(Z), axes.shape[1]))
    for column, axis in zip(Z.T, axes, strict=True):
        total += column[:, None] * axis[None, :]
    return total


def squared_distances(one: Floats, other: Floats) -> Floats:
    """Squared Euclidean distances over the last axis, summed in the order of ``scipy.spatial.cKDTree``.

    Models of earlier versions were fitted and have answered with its distances, so every bit stays the same.
    """
    squared = (one - other) ** 2
    features = squared.shape[-1]
    whole = features - features % 4
    lanes = [np.zeros(squared.shape[:-1]) for _ in range(4)]
    for feature in range(whole):
        lanes[feature % 4] += squared[..., feature]
    total = lanes[0] + lanes[1] + lanes[2] + lanes[3]
    for feature in range(whole, features):
        total += squared[..., feature]
    return np.asarray(total, dtype=np.float64)
