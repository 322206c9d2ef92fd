"""Silhouettes of customers under any labels, from distances that are computed once."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import pairwise_distances, silhouette_samples

from models.segments.clusterers import Floats, Labels

SAMPLE = 5_000  # customers that a silhouette is computed on: its cost grows with their square


@dataclass(frozen=True)
class Distances:
    """Distances (m, m) between the ``chosen`` customers (m,), which silhouettes under any labels share."""

    chosen: Labels
    between: Floats

    @staticmethod
    def of(Z: Floats, seed: int, sample: int = SAMPLE) -> "Distances":
        """Between at most ``sample`` of the customers ``Z`` (n, features)."""
        chosen = drawn(len(Z), seed, sample)
        return Distances(chosen, pairwise_distances(Z[chosen]))

    def silhouettes(self, label: Labels) -> Floats:
        """Silhouette (Rousseeuw 1987) of each chosen customer (m,), in [-1, 1]; 0 for fewer than two groups.

        ``label`` (n,) are the labels of all customers. Noise counts as its own group: dropping it would reward
        clusterers that leave out the hard customers.
        """
        mine = label[self.chosen]
        groups = len(np.unique(mine))
        if groups < 2 or groups >= len(mine):
            return np.zeros(len(mine))
        return np.asarray(silhouette_samples(self.between, mine, metric="precomputed"), dtype=np.float64)


def drawn(rows: int, seed: int, sample: int) -> Labels:
    """Every row, or ``sample`` of them in their order."""
    if rows <= sample:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, sample, replace=False))
