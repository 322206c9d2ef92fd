"""Segmentation studies: search for a clustering, compare it with data without structure, judge by separation.

The functions are those of ``experiments.kinds.Kind``.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from experiments.config import Promotion, Search, Segments
from experiments.contest import Contestant, Scored
from experiments.dataset import Dataset
from experiments.search.trials import Trial, best
from experiments.search.workers import each_of
from experiments.splits import day_of, next_midnight
from experiments.study import SegmentStudy
from experiments.verdict import Difference, Verdict, decide
from features.engines import Tables
from features.errors import BadInput
from features.windows import Frame
from models.artifact import Loaded
from models.intervals import clustered_mean
from models.sample import Floats
from models.segments import nulls, preprocessing, segmenter, strata
from models.segments import scores as cluster_scores
from models.segments.clusterers import Clusterer, Labels, clusterer, clusterers
from models.segments.scores import Distances
from models.segments.segmenter import Prepared
from models.segments.shared import SharedFolder

DIRECTION = "maximize"
SILHOUETTE_ROWS = 5_000
SEARCH_SILHOUETTE_ROWS = 2_000


@dataclass(frozen=True)
class Problem:
    """Customers at one date: clusters are found in ``features``; all columns of the dataset describe the segments.

    ``shared`` is the folder in which all fits of the study, whatever the process, store work that others can reuse.
    """

    dataset: Dataset
    features: tuple[str, ...]
    wanted: Segments
    baselines: tuple[str, ...]
    search: Search
    promotion: Promotion
    shared: SharedFolder = field(default_factory=SharedFolder.new)

    @cached_property
    def everybody(self) -> pd.DataFrame:
        """All columns of all customers; of a dataset on disk, a view of its memory map."""
        return self.dataset.inputs

    @cached_property
    def customers(self) -> pd.DataFrame:
        """The columns that clusterers read of the customers that are fitted: all, or the sample that the study sets.

        Parameters are searched, the chosen model fitted and its scores computed on the same customers, because
        ``min_samples`` means another density among more of them.
        """
        kinds = clusterers().values()
        needed = dict.fromkeys((*self.features, *strata.COLUMNS, *(name for kind in kinds for name in kind.NEEDS)))
        chosen = strata.drawn(self.everybody, self.search.customers, self.search.seed)
        return rows_of(self.everybody, [name for name in needed if name in self.everybody.columns], chosen)


def rows_of(X: pd.DataFrame, columns: Iterable[str], chosen: Labels) -> pd.DataFrame:
    """The ``chosen`` rows of these columns, read from X one column at a time."""
    return pd.DataFrame({name: X[name].to_numpy()[chosen] for name in columns})


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
    differing = tuple(name for name in chosen if dataset.frame[name].min() < dataset.frame[name].max())
    if len(differing) < 2:
        raise BadInput(
            f"customers differ in {len(differing)} of the {len(chosen)} features of study {study.name}, "
            "segments need at least two: widen features.include"
        )
    return Problem(dataset, differing, study.segments, study.baselines, study.search, study.promotion)


@dataclass(frozen=True)
class Separation:
    """A trial's value: silhouette minus that of customers without groups, minus the penalty for segments of no use.

    What does not depend on a trial's parameters is computed once: the preprocessed customers, one draw of the null and
    the distances between them in each process, trees and neighbours in the folder ``shared`` for all processes.
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
        return found - null - penalty(self.wanted, sizes), {f"validation_{k}": v for k, v in scores.items()}

    def _null_silhouette(self, fitted: segmenter.Segmenter) -> float:
        """Mean silhouette of the same clustering of customers without groups."""
        null, distances = self._null(fitted.features)
        again = cluster_scores.refit(fitted, null, self.shared.path)
        return float(distances.silhouettes(segmenter.labels_of(again, null, self.shared.path)).mean())

    @cached_property
    def _real(self) -> tuple[Prepared, Distances]:
        return self._measured(segmenter.prepare(self.customers, self.features))

    def _null(self, columns: tuple[str, ...]) -> tuple[Prepared, Distances]:
        if columns not in self._nulls:
            (null,) = nulls.copula(self._real[0], columns, self.seed, draws=1)
            self._nulls[columns] = self._measured(null)
        return self._nulls[columns]

    @cached_property
    def _nulls(self) -> dict[tuple[str, ...], tuple[Prepared, Distances]]:
        return {}

    def _measured(self, customers: Prepared) -> tuple[Prepared, Distances]:
        return customers, Distances.of(customers.Z, self.seed, SEARCH_SILHOUETTE_ROWS)


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
    return Separation(problem.customers, problem.features, problem.wanted, problem.search.seed, problem.shared)


def choose(problem: Problem, trials: Sequence[Trial]) -> tuple[Trial, str]:  # noqa: ARG001
    """The trial with the largest value."""
    top = best(trials, DIRECTION)
    return top, f"trial {top.slot} is the best of {len(trials)}"


def test(problem: Problem, entrants: Sequence[Contestant], workers: int) -> tuple[list[Scored], str]:
    """Each contestant fitted on the study's sample and scored against the same clustering of customers without groups.

    Everybody is assigned to the segments of the first, which is to be registered, and describes them.
    """
    about = (problem.customers, problem.features, problem.search.seed, problem.shared.path)
    ours, *others = each_of(_scored, [(*about, each) for each in entrants], workers)
    started = time.perf_counter()
    model = segmenter.described(ours.model, problem.everybody, problem.dataset.currency)
    return [replace(ours, model=model, seconds=ours.seconds + time.perf_counter() - started), *others], ""


def _scored(
    customers: pd.DataFrame, features: Sequence[str], seed: int, shared: Path, contestant: Contestant
) -> Scored:
    started = time.perf_counter()
    prepared = segmenter.prepare(customers, features)
    model = segmenter.fit_clusters(prepared, contestant.candidate, contestant.params, seed, shared)
    scores = cluster_scores.clustering_scores(customers, model, seed, memory=shared)
    return Scored(contestant, model, scores, time.perf_counter() - started)


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

    model, X, as_of = tested[0].model, problem.customers, day_of(problem.dataset.cutoffs[-1])
    who, currency = f"Who the segments are, {as_of}", problem.dataset.currency
    segments.profile_plot(folder / "segment_profile.png", who, model, X, currency)
    where = f"Where {_counted(problem)} customers lie, {as_of}"
    segments.map_plot(folder / "segment_map.png", where, model, X, problem.search.seed)
    segments.revenue_plot(folder / "segment_revenue.png", "What the segments bring", model)
    segments.reality_plot(folder / "structure.png", "Is there structure? Silhouette against one cloud", tested)


def _counted(problem: Problem) -> str:
    """How many customers were fitted, ``10,000 of 400,000`` if not all."""
    fitted, n = len(problem.customers), len(problem.everybody)
    return f"{n:,}" if fitted == n else f"{fitted:,} of {n:,}"


def summary(problem: Problem, tested: Sequence[Scored]) -> tuple[str, list[str]]:
    """Who was clustered, and the segment catalogue."""
    day = day_of(problem.dataset.cutoffs[-1])
    how = f"{len(problem.everybody):,} customers as of {day}; "
    if len(problem.customers) < len(problem.everybody):
        how += f"segments were fitted and scored on {len(problem.customers):,} of them, drawn in proportion by recency "
        how += "and spend, and then everybody was assigned; "
    lines = ["| id&emsp; | segment | customers&emsp; | revenue&emsp; | |", "|---|---|---|---|---|"]
    for each in tested[0].model.catalogue:
        revenue = "–" if each.revenue_share is None else f"{each.revenue_share:.0%}"
        lines.append(f"| {each.id} | {each.name} | {each.share:.0%} | {revenue} | {each.description} |")
    how += "the gap is silhouette above that of one cloud with the same columns and rank correlations."
    return how, lines


def judge(problem: Problem, ours: Loaded, theirs: Loaded | None, found: Mapping[str, list[Floats]]) -> Verdict:  # noqa: ARG001
    """Compare silhouettes of the same customers in the same space, that of the study's features."""
    seed, shared = problem.search.seed, problem.shared.path
    scores = ours.manifest["scores"]
    if ours.manifest["dataset_fingerprint"] != problem.dataset.fingerprint:
        scores = cluster_scores.clustering_scores(problem.customers, ours.model, seed, memory=shared)
    if verdict := without_structure(problem.promotion, scores):
        return verdict
    fitted = segmenter.prepare(problem.customers, problem.features)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(problem.everybody))[:SILHOUETTE_ROWS])
    rivals = {name: segmenter.fit_clusters(fitted, name, {}, seed, shared) for name in problem.baselines}
    judged = [ours.model, *rivals.values(), *([theirs.model] if theirs else [])]
    read = dict.fromkeys((*problem.features, *(name for model in judged for name in model.features)))
    compared = rows_of(problem.everybody, [name for name in read if name in problem.everybody.columns], chosen)
    distances = Distances.of(preprocessing.transform(fitted.preprocessing, compared), seed, SILHOUETTE_ROWS)

    def silhouettes(model: segmenter.Segmenter) -> Floats:
        return distances.silhouettes(segmenter.assign_labels(model, compared)[0])

    own = silhouettes(ours.model)
    baselines = {name: difference(problem, own - silhouettes(rival)) for name, rival in rivals.items()}
    champion = difference(problem, own - silhouettes(theirs.model)) if theirs else None
    verdict = decide(problem.promotion, "silhouette", baselines, champion)
    return Verdict(verdict.promote, verdict.reason, {**structure(scores), **verdict.scores})


def structure(scores: Mapping[str, float]) -> dict[str, float]:
    """The scores of structure and stability; nan where the manifest leaves one out because it was not defined."""
    return {name: scores.get(name, float("nan")) for name in ("copula_gap", "copula_gap_low", "jaccard_min")}


def without_structure(promotion: Promotion, scores: Mapping[str, float]) -> Verdict | None:
    """A refusal if the clustering is mostly noise, no better than chance, or unstable, else None."""
    found, noise = structure(scores), scores.get("noise_share", 0.0)
    if scores.get("segments_n", 2.0) < 2:
        reason = f"fewer than two segments among all customers: {noise:.0%} of them belong to no group"
    elif not found["copula_gap_low"] > 0:
        reason = f"no structure beyond chance: silhouette gap to customers without groups {found['copula_gap']:+.4f}, "
        reason += f"{found['copula_gap_low']:+.4f} beyond the best of {nulls.DRAWS} draws"
    elif not found["jaccard_min"] >= promotion.min_stability:
        reason = f"a segment is not stable: Jaccard {found['jaccard_min']:.2f} over bootstrap refits, "
        reason += f"promotion.min_stability is {promotion.min_stability:g}"
    else:
        return None
    return Verdict(False, reason, {name: value for name, value in found.items() if value == value})


def difference(problem: Problem, each: Floats) -> Difference:
    """Mean of ``each`` (advantages per customer), with the study's bootstrap interval."""
    draws, confidence = problem.promotion.draws, problem.promotion.confidence
    return Difference(*clustered_mean(each, np.arange(len(each)), draws, confidence, problem.search.seed))
