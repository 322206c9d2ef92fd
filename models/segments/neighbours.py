"""Exact nearest neighbours of many customers: a k-d tree in rotated coordinates, distances in the original ones.

Standardised features all spread alike, and then a k-d tree has no good direction to cut: in 40 features a query compares
a customer with nearly all points. Along principal axes the first few directions spread most, so far fewer are compared.
The rotation only proposes candidates; what is returned is computed from the features themselves, one after another, so
that a customer's neighbours have the same bits alone as in a batch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

LEAF_POINTS = 64
SLACK = 1e-9  # relative; rotating a point moves its distances by some 1e-14
BLOCK = 4_000  # customers whose candidates are compared at once


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
        blocks = [self._block(Z[start : start + BLOCK], count, within) for start in range(0, len(Z), BLOCK)]
        if not blocks:
            return np.zeros((0, count)), np.zeros((0, count), dtype=np.int64)
        distance, number = (np.concatenate(arrays) for arrays in zip(*blocks, strict=True))
        return distance, number

    def _block(self, Z: Floats, count: int, within: float) -> tuple[Floats, Rows]:
        turned = rotated(Z, self.axes)
        near, number = self.tree.query(turned, count + 1, distance_upper_bound=within * (1 + SLACK))
        distance, number = self._ordered(Z, number[:, :count])
        radius = near[:, count - 1] * (1 + SLACK) + SLACK**2
        for row in np.flatnonzero(near[:, count] <= radius):
            # The last place is tied but for rounding: which point takes it must not depend on the rotation.
            tied = np.array(self.tree.query_ball_point(turned[row], radius[row]), dtype=np.int64)
            distances, numbers = self._ordered(Z[[row]], tied[None, :])
            distance[row], number[row] = distances[0, :count], numbers[0, :count]
        outside = distance > within
        return np.where(outside, np.inf, distance), np.where(outside, len(self.points), number)

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
