"""The value of a trial: how far its clustering separates customers, beyond one cloud and within the study's limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from experiments.config import Segments
from features.errors import BadInput
from models.segments import nulls, segmenter
from models.segments import scores as cluster_scores
from models.segments.distances import Distances
from models.segments.segmenter import Prepared
from models.segments.shared import SharedFolder

SILHOUETTE_ROWS = 2_000
VALIDATION = "validation_"
"""Begins the names of a trial's scores."""
DRAWS = 2
"""Draws of the null a trial: with the customers, three fits that all trials of the same preprocessing can share."""


@dataclass(frozen=True)
class Separation:
    """A trial's value: silhouette minus that of customers without groups, minus the penalty for segments of no use.

    What does not depend on a trial's parameters is computed once: the preprocessed customers, draws of the null and the
    distances between them in each process, trees and neighbours in the folder ``shared`` for all processes.
    """

    customers: pd.DataFrame
    features: tuple[str, ...]
    wanted: Segments
    seed: int
    shared: SharedFolder

    def __call__(self, candidate: str, params: Mapping[str, Any]) -> tuple[float, dict[str, float]]:
        """Value and scores of a clusterer with these parameters."""
        real, distances = self._real
        fitted = segmenter.fit_clusters(real, candidate, params, self.seed, self.shared.path)
        label = segmenter.labels_of(fitted, real, self.shared.path)
        sizes = cluster_scores.sizes(label)
        if sizes["segments_n"] < 2:
            raise BadInput("fewer than two segments found: widen features.include, or choose other clusterers")
        # A cloud that is cut badly scores below 0, the score of no groups: that must not raise the gap.
        found, null = float(distances.silhouettes(label).mean()), max(0.0, self._null_silhouette(fitted))
        scores = {"silhouette": found, "silhouette_null": null, "copula_gap": found - null, **sizes}
        return found - null - penalty(self.wanted, sizes), {f"{VALIDATION}{k}": v for k, v in scores.items()}

    def _null_silhouette(self, fitted: segmenter.Segmenter) -> float:
        """Mean silhouette of the same clustering of customers without groups, over the draws."""
        found = []
        for null, distances in self._null(fitted.features):
            again = cluster_scores.refit(fitted, null, self.shared.path)
            found.append(float(distances.silhouettes(segmenter.labels_of(again, null, self.shared.path)).mean()))
        return sum(found) / len(found)

    @cached_property
    def _real(self) -> tuple[Prepared, Distances]:
        return self._measured(segmenter.prepare(self.customers, self.features))

    def _null(self, columns: tuple[str, ...]) -> list[tuple[Prepared, Distances]]:
        if columns not in self._nulls:
            self._nulls[columns] = [
                self._measured(null) for null in nulls.copula(self._real[0], columns, self.seed, DRAWS)
            ]
        return self._nulls[columns]

    @cached_property
    def _nulls(self) -> dict[tuple[str, ...], list[tuple[Prepared, Distances]]]:
        return {}

    def _measured(self, customers: Prepared) -> tuple[Prepared, Distances]:
        return customers, Distances.of(customers.Z, self.seed, SILHOUETTE_ROWS)


def penalty(wanted: Segments, sizes: Mapping[str, float], prefix: str = "") -> float:
    """The penalty for each segment too few or too many, for too much noise and for too small a smallest segment.

    >>> round(penalty(Segments(most_noise=0.6), {"segments_n": 3, "noise_share": 0.7, "smallest_share": 0.1}), 3)
    0.2
    """
    count, noise_share, smallest = (
        sizes[f"{prefix}{name}"] for name in ("segments_n", "noise_share", "smallest_share")
    )
    odd_count = max(0.0, wanted.fewest - count, count - wanted.most)
    noise = max(0.0, noise_share - wanted.most_noise)
    return 0.1 * odd_count + noise + 10.0 * max(0.0, wanted.smallest_share - smallest)
