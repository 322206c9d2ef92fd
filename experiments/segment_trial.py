"""A trial of a segment study: a clustering of some columns, by four objectives and within the study's limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from experiments.config import Promotion, Segments
from experiments.search.objective import LIMIT
from features.errors import BadInput
from models.segments import nulls, segmenter, use, variables
from models.segments import scores as cluster_scores
from models.segments.clusterers import Floats, clusterer
from models.segments.distances import Distances
from models.segments.rules import told
from models.segments.segmenter import Prepared, Segmenter
from models.segments.shared import SharedFolder
from models.segments.soundness import BEYOND_SHUFFLED
from models.segments.use import Period
from models.segments.variables import Ranking

SILHOUETTE_ROWS = 2_000
VALIDATION = "validation_"
"""Begins the names of a trial's scores."""
OBJECTIVES = ("copula_gap", "use_r2", "stability", "told")
"""Separation beyond one cloud, use, stability and simplicity: a trial's values, the higher the better."""
DRAWS = 1
"""Draws of the null a trial. With the customers of today and of an earlier date, three fits, which all trials of the
same columns can share."""
REFITS = 1
"""Bootstrap refits that tell stability where no earlier date does."""
MONTH_DAYS = 30.0


@dataclass(frozen=True)
class SegmentTrial:
    """Evaluates trials: the four objectives, every score, and by how much each limit of the study is exceeded.

    What does not depend on a trial's parameters is computed once: preprocessed customers, draws of the null and the
    distances between them in each process, trees and neighbours in the folder ``shared`` for all processes. Without a
    ``ranking`` all ``features`` are clustered by.
    """

    customers: pd.DataFrame
    features: tuple[str, ...]
    ranking: Ranking | None
    periods: list[Period]
    wanted: Segments
    promotion: Promotion
    seed: int
    shared: SharedFolder
    _measured: dict[Any, list[tuple[Prepared, Distances]]] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, candidate: str, params: Mapping[str, Any]) -> tuple[tuple[float, ...], dict[str, float]]:
        """Values and scores of a clusterer with these parameters, among them those of ``variables``."""
        columns, weight = clustered_by(self.features, self.ranking, params)
        (real, distances), *null = self._prepared(columns, weight, candidate)
        model = self.fitted(candidate, params, real)
        label = segmenter.labels_of(model, real, self.shared.path)
        sizes = cluster_scores.sizes(label)
        if sizes["segments_n"] < 2:
            raise BadInput("fewer than two segments found: widen features.include, or choose other clusterers")
        # A cloud that is cut badly scores below 0, the score of no groups: that must not raise the gap.
        found, cloud = float(distances.silhouettes(label).mean()), max(0.0, self._null_silhouette(model, null))
        useful = use.use_scores(self.periods, model, self.shared.path)
        scores = {
            "silhouette": found,
            "silhouette_null": cloud,
            "copula_gap": found - cloud,
            "told": told(real.Z, label, self.seed),
            **useful,
            "stability": self._stability(model, real, useful["jaccard_later_mean"]),
            **sizes,
        }
        values = tuple(0.0 if scores[name] != scores[name] else scores[name] for name in OBJECTIVES)
        days = self.periods[-1].days if self.periods else MONTH_DAYS
        named = {f"{VALIDATION}{name}": value for name, value in scores.items()}
        return values, named | limits(self.wanted, self.promotion, scores, days)

    def fitted(self, candidate: str, params: Mapping[str, Any], customers: Prepared | None = None) -> Segmenter:
        """The clustering of a trial with these parameters, without a catalogue."""
        if customers is None:
            customers = segmenter.prepare(self.customers, *clustered_by(self.features, self.ranking, params))
        return segmenter.fit_clusters(customers, candidate, variables.without(params), self.seed, self.shared.path)

    def test_scores(self, model: Segmenter) -> dict[str, float]:
        """Every score of a clustering's final test: all draws of the null, all refits, use."""
        numbers = (self.wanted.fewest, self.wanted.most)
        found = cluster_scores.clustering_scores(
            self.customers, model, self.seed, memory=self.shared.path, limits=numbers
        )
        return found | use.use_scores(self.periods, model, self.shared.path)

    def _null_silhouette(self, model: Segmenter, null: list[tuple[Prepared, Distances]]) -> float:
        """Mean silhouette of the same clustering of customers without groups, over the draws."""
        found = []
        for each, distances in null:
            again = cluster_scores.refit(model, each, self.shared.path)
            found.append(float(distances.silhouettes(segmenter.labels_of(again, each, self.shared.path)).mean()))
        return sum(found) / len(found)

    def _stability(self, model: Segmenter, real: Prepared, later: float) -> float:
        """Mean Jaccard of the segments: out of time where that is known, else over a few refits."""
        if later == later:
            return later
        label = segmenter.labels_of(model, real, self.shared.path)
        each = cluster_scores.jaccard(real, label, model, self.seed, REFITS, self.shared.path)
        return float(np.mean(list(each.values()))) if each else float("nan")

    def _prepared(self, columns: tuple[str, ...], weight: Floats, candidate: str) -> list[tuple[Prepared, Distances]]:
        """The customers and the draws of the null, with distances between some of each; of the last columns asked."""
        needs = tuple(clusterer(candidate).NEEDS)
        key = (columns, weight.tobytes(), needs)
        if key not in self._measured:
            self._measured.clear()  # trials of other columns follow: only the last ones are worth their memory
            real = segmenter.prepare(self.customers, columns, weight)
            drawn = nulls.copula(real, tuple(dict.fromkeys((*columns, *needs))), self.seed, DRAWS)
            self._measured[key] = [(each, Distances.of(each.Z, self.seed, SILHOUETTE_ROWS)) for each in (real, *drawn)]
        return self._measured[key]


def clustered_by(
    features: tuple[str, ...], ranking: Ranking | None, params: Mapping[str, Any]
) -> tuple[tuple[str, ...], Floats]:
    """The columns of a trial with these parameters, and their weights; all, alike, where nothing ranks them."""
    return (features, np.ones(len(features))) if ranking is None else ranking.chosen(params)


def limits(wanted: Segments, promotion: Promotion, scores: Mapping[str, float], days: float) -> dict[str, float]:
    """By how much each limit is exceeded: 0 or less is within it; a score that is not known exceeds none.

    >>> found = {"segments_n": 3.0, "noise_share": 0.7, "smallest_share": 0.1, "stability": 0.8}
    >>> over = limits(Segments(most_noise=0.6), Promotion(), found, 90.0)
    >>> {name: round(value, 2) for name, value in over.items() if value > 0}
    {'over_number': 1.0, 'over_noise': 0.1}
    """
    known = {name: value for name, value in scores.items() if value == value}
    over = {
        "number": max(wanted.fewest - known["segments_n"], known["segments_n"] - wanted.most),
        "noise": known["noise_share"] - wanted.most_noise,
        "smallest_share": wanted.smallest_share - known.get("smallest_share", 0.0),
    }
    if "stability" in known:
        over["stability"] = promotion.min_stability - known["stability"]
    if "idle_movers" in known:
        over["idle_movers"] = known["idle_movers"] - wanted.most_idle_movers * max(1.0, days / MONTH_DAYS)
    if "use_order_r2" in known:
        over["chance"] = known["use_order_chance"] + BEYOND_SHUFFLED - known["use_order_r2"]
    return {f"{LIMIT}{name}": value for name, value in over.items()}
