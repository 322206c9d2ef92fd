"""Segmentation studies: search for a clustering, compare it with data without structure, judge by separation.

The functions are those of ``experiments.kinds.Kind``.
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn.metrics import silhouette_samples

from experiments.config import Promotion, Search, Segments
from experiments.contest import Contestant, Scored
from experiments.dataset import Dataset
from experiments.rolling import search_rows
from experiments.search.trials import Trial, best
from experiments.splits import day_of, next_midnight
from experiments.study import SegmentStudy
from experiments.verdict import Difference, Verdict, decide
from features.engines import Tables
from features.errors import BadInput
from features.windows import Frame
from models.artifact import Loaded
from models.intervals import clustered_mean
from models.sample import Floats
from models.segments import preprocessing, segmenter
from models.segments import scores as cluster_scores
from models.segments.clusterers import Clusterer, clusterer

DIRECTION = "maximize"
SILHOUETTE_ROWS = 5_000


@dataclass(frozen=True)
class Problem:
    """Customers at one date: clusters are found in ``features``; all columns of the dataset describe the segments."""

    dataset: Dataset
    features: tuple[str, ...]
    wanted: Segments
    baselines: tuple[str, ...]
    search: Search
    promotion: Promotion


def question(study: SegmentStudy) -> None:
    """No label."""


def cutoffs(study: SegmentStudy, first_at: float, last_at: float) -> list[float]:  # noqa: ARG001
    """One date: the midnight after the last order."""
    return [next_midnight(last_at)]


def rows(study: SegmentStudy, snapshot: Frame, tables: Tables, as_of: float) -> Frame:  # noqa: ARG001
    """All customers in the snapshot."""
    return snapshot.with_columns(as_of=nw.lit(as_of))


def candidates(study: SegmentStudy) -> tuple[str, ...]:
    """The study's clusterers."""
    return study.clusterers


def candidate(name: str) -> Clusterer:
    """The clusterer."""
    return clusterer(name)


def prepare(study: SegmentStudy, dataset: Dataset) -> Problem:
    """The problem, with the study's features that differ between customers; BadInput if fewer than two do."""
    chosen = study.features.select(dataset.features)
    differing = tuple(name for name in chosen if dataset.frame[name].nunique() > 1)
    if len(differing) < 2:
        raise BadInput(
            f"customers differ in {len(differing)} of the {len(chosen)} features of study {study.name}, "
            "segments need at least two: widen features.include"
        )
    return Problem(dataset, differing, study.segments, study.baselines, study.search, study.promotion)


@dataclass(frozen=True)
class Separation:
    """A trial's value: silhouette minus that of column-permuted data, minus the penalty for segments of no use."""

    problem: Problem

    @cached_property
    def _customers(self) -> pd.DataFrame:
        dataset = self.problem.dataset
        return dataset.inputs.loc[search_rows(dataset.frame["customer_id"], self.problem.search)].reset_index(drop=True)

    @cached_property
    def _memory(self) -> "tempfile.TemporaryDirectory[str]":
        # One folder for all trials of this process: HDBSCAN builds its tree once for each min_samples.
        return tempfile.TemporaryDirectory(prefix="coterie-trees-")

    def __call__(self, candidate: str, params: Mapping[str, Any]) -> tuple[float, dict[str, float]]:
        """Value and scores of a clusterer with these parameters."""
        memory, seed = Path(self._memory.name), self.problem.search.seed
        fitted = segmenter.fit_clusters(self._customers, self.problem.features, candidate, params, seed, memory)
        labels, _ = segmenter.assign_labels(fitted, self._customers)
        sizes = cluster_scores.sizes(labels)
        if sizes["segments_n"] < 2:
            raise BadInput("fewer than two segments found")
        gap = cluster_scores.permuted_gap(self._customers, fitted, seed, permutations=1, sample=2_000, memory=memory)
        scores = {"silhouette": gap.silhouette, "silhouette_permuted": gap.permuted, "permuted_gap": gap.gap, **sizes}
        return gap.gap - penalty(self.problem.wanted, sizes), {f"validation_{k}": v for k, v in scores.items()}


def penalty(wanted: Segments, sizes: Mapping[str, float]) -> float:
    """The penalty for each segment too few or too many, for too much noise and for too small a smallest segment.

    >>> round(penalty(Segments(most_noise=0.6), {"segments_n": 3, "noise_share": 0.7, "smallest_share": 0.1}), 3)
    0.2
    """
    count = sizes["segments_n"]
    odd_count = max(0.0, wanted.fewest - count, count - wanted.most)
    noise = max(0.0, sizes["noise_share"] - wanted.most_noise)
    return 0.1 * odd_count + noise + 10.0 * max(0.0, wanted.smallest_share - sizes["smallest_share"])


def evaluation(problem: Problem) -> Separation:
    """The silhouette gap to data without joint structure."""
    return Separation(problem)


def choose(problem: Problem, trials: Sequence[Trial]) -> tuple[Trial, str]:  # noqa: ARG001
    """The trial with the largest value."""
    top = best(trials, DIRECTION)
    return top, f"trial {top.slot} is the best of {len(trials)}"


def test(problem: Problem, entrants: Sequence[Contestant], workers: int) -> tuple[list[Scored], str]:  # noqa: ARG001
    """Each contestant fitted on all customers and scored against the same clustering of column-permuted data."""
    return [_scored(problem, each) for each in entrants], ""


def _scored(problem: Problem, contestant: Contestant) -> Scored:
    started, seed = time.perf_counter(), problem.search.seed
    X = problem.dataset.inputs
    model = segmenter.fit_segmenter(X, problem.features, contestant.candidate, contestant.params, seed)
    return Scored(contestant, model, cluster_scores.clustering_scores(X, model, seed), time.perf_counter() - started)


def metrics(problem: Problem, tested: Sequence[Scored]) -> dict[str, float]:  # noqa: ARG001
    """None beside the scores."""
    return {}


def facts(problem: Problem, ours: Scored) -> dict[str, Any]:
    """The date of its customers, and its parameters."""
    as_of = str(day_of(problem.dataset.cutoffs[-1]))
    window = {"first_cutoff": as_of, "last_cutoff": as_of, "labels_end": as_of}
    return {"training_window": window, "params": dict(ours.model.params)}


def evidence(problem: Problem, tested: Sequence[Scored]) -> dict[str, list[Floats]]:  # noqa: ARG001
    """None: the gate assigns the customers again."""
    return {}


def pictures(problem: Problem, folder: Path, title: str, tested: Sequence[Scored]) -> None:  # noqa: ARG001
    """Plots of the segments' medians, a map, revenue, and the silhouette gaps."""
    from experiments.plots import segments

    model, X, as_of = tested[0].model, problem.dataset.inputs, day_of(problem.dataset.cutoffs[-1])
    segments.profile_plot(folder / "segment_profile.png", f"Who the segments are, {as_of}", model, X)
    where = f"Where {len(X):,} customers lie, {as_of}"
    segments.map_plot(folder / "segment_map.png", where, model, X, problem.search.seed)
    segments.revenue_plot(folder / "segment_revenue.png", "What the segments bring", model)
    segments.reality_plot(folder / "structure.png", "Is there structure? Silhouette against shuffled data", tested)


def summary(problem: Problem, tested: Sequence[Scored]) -> tuple[str, list[str]]:
    """Who was clustered, and the segment catalogue."""
    day = day_of(problem.dataset.cutoffs[-1])
    how = f"{len(problem.dataset.frame):,} customers as of {day}; "
    lines = ["| id | segment | customers | revenue | |", "|---|---|---|---|---|"]
    for each in tested[0].model.catalogue:
        revenue = "–" if each.revenue_share is None else f"{each.revenue_share:.0%}"
        lines.append(f"| {each.id} | {each.name} | {each.share:.0%} | {revenue} | {each.description} |")
    return how + "the gap is silhouette above that of column-permuted data.", lines


def judge(problem: Problem, ours: Loaded, theirs: Loaded | None, found: Mapping[str, list[Floats]]) -> Verdict:  # noqa: ARG001
    """Compare silhouettes of the same customers in the same space, that of the study's features."""
    X, seed = problem.dataset.inputs, problem.search.seed
    scores = ours.manifest["scores"]
    if ours.manifest["dataset_fingerprint"] != problem.dataset.fingerprint:
        scores = cluster_scores.clustering_scores(X, ours.model, seed)
    if verdict := without_structure(problem.promotion, scores):
        return verdict
    Z = preprocessing.transform(preprocessing.fit(X, problem.features), X)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(X))[:SILHOUETTE_ROWS])
    own = silhouettes(ours.model, X, Z, chosen)

    def ahead_of(model: segmenter.Segmenter) -> Difference:
        return difference(problem, own - silhouettes(model, X, Z, chosen))

    baselines = {
        name: ahead_of(segmenter.fit_segmenter(X, problem.features, name, {}, seed)) for name in problem.baselines
    }
    verdict = decide(problem.promotion, "silhouette", baselines, ahead_of(theirs.model) if theirs else None)
    return Verdict(verdict.promote, verdict.reason, {**structure(scores), **verdict.scores})


def structure(scores: Mapping[str, float]) -> dict[str, float]:
    """The scores of structure and stability; nan where the manifest leaves one out because it was not defined."""
    return {name: scores.get(name, float("nan")) for name in ("permuted_gap", "permuted_gap_low", "jaccard_min")}


def without_structure(promotion: Promotion, scores: Mapping[str, float]) -> Verdict | None:
    """A refusal if the clustering is mostly noise, no better than chance, or unstable, else None."""
    found, noise = structure(scores), scores.get("noise_share", 0.0)
    if scores.get("segments_n", 2.0) < 2:
        reason = f"fewer than two segments among all customers: {noise:.0%} of them belong to no group"
    elif not found["permuted_gap_low"] > 0:
        reason = f"no structure beyond chance: silhouette gap to column-permuted data {found['permuted_gap']:+.4f}, "
        reason += f"at least {found['permuted_gap_low']:+.4f}"
    elif not found["jaccard_min"] >= promotion.min_stability:
        reason = f"a segment is not stable: Jaccard {found['jaccard_min']:.2f} over bootstrap refits, "
        reason += f"promotion.min_stability is {promotion.min_stability:g}"
    else:
        return None
    return Verdict(False, reason, {name: value for name, value in found.items() if value == value})


def silhouettes(model: segmenter.Segmenter, X: pd.DataFrame, Z: Floats, chosen: "np.ndarray[Any, Any]") -> Floats:
    """Silhouettes of the ``chosen`` rows in ``Z`` under the model's labels; 0 if these have fewer than two labels."""
    label, _ = segmenter.assign_labels(model, X)
    if len(np.unique(label[chosen])) < 2:
        return np.zeros(len(chosen))
    return np.asarray(silhouette_samples(Z[chosen], label[chosen]), dtype=np.float64)


def difference(problem: Problem, each: Floats) -> Difference:
    """Mean of ``each`` (advantages per customer), with the study's bootstrap interval."""
    draws, confidence = problem.promotion.draws, problem.promotion.confidence
    return Difference(*clustered_mean(each, np.arange(len(each)), draws, confidence, problem.search.seed))
