"""Segmentation studies: search for a clustering, compare it with data without structure, judge whether it is sound.

The functions are those of ``experiments.kinds.Kind``.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from experiments.cards import Customers, cards
from experiments.config import Promotion, Search, Segments
from experiments.contest import Contestant, Scored
from experiments.dataset import Dataset
from experiments.search.trials import Trial, best
from experiments.search.workers import each_of
from experiments.separation import Separation
from experiments.splits import day_of, next_midnight
from experiments.study import SegmentStudy
from experiments.verdict import Difference, Verdict, decide
from features.engines import Tables
from features.errors import BadInput
from features.windows import Frame
from models.artifact import Loaded
from models.intervals import clustered_mean
from models.sample import Floats
from models.segments import preprocessing, segmenter, strata, use
from models.segments import scores as cluster_scores
from models.segments.clusterers import Clusterer, Labels, clusterer, clusterers
from models.segments.distances import Distances
from models.segments.identity import Before
from models.segments.shared import SharedFolder
from models.segments.soundness import SOUND, soundness
from models.segments.use import Period

DIRECTION = "maximize"
INHERITS = True
SILHOUETTE_ROWS = 5_000


@dataclass(frozen=True)
class Problem:
    """Customers at the newest date: clusters are found in ``features``; all columns of the dataset describe them.

    ``shared`` is the folder in which all fits of the study, whatever the process, store work that others can reuse.
    ``champion`` are the segments in force, whose ids are kept.
    """

    dataset: Dataset
    features: tuple[str, ...]
    wanted: Segments
    baselines: tuple[str, ...]
    search: Search
    promotion: Promotion
    shared: SharedFolder = field(default_factory=SharedFolder.new)
    champion: Loaded | None = None

    @cached_property
    def everybody(self) -> pd.DataFrame:
        """All columns of all customers today; of a dataset on disk, a view of its memory map."""
        return at(self.dataset, self.dataset.cutoffs[-1])

    @cached_property
    def chosen(self) -> Labels:
        """Row numbers in ``everybody`` of the customers that are fitted."""
        return strata.drawn(self.everybody, self.search.customers, self.search.seed)

    @cached_property
    def customers(self) -> pd.DataFrame:
        """The columns that clusterers read of the customers that are fitted: all, or the sample that the study sets.

        Parameters are searched, the chosen model fitted and its scores computed on the same customers, because
        ``min_samples`` means another density among more of them.
        """
        kinds = clusterers().values()
        read = (*self.features, *strata.COLUMNS, *use.COLUMNS, *(name for kind in kinds for name in kind.NEEDS))
        needed = [name for name in dict.fromkeys(read) if name in self.everybody.columns]
        return rows_of(self.everybody, needed, self.chosen)

    @cached_property
    def periods(self) -> list[Period]:
        """Of the customers that are fitted, those there at both ends of each period before today, the oldest first."""
        today = ids_at(self.dataset, self.dataset.cutoffs[-1])[self.chosen]
        return [self._period(today, start, end) for start, end in pairwise(self.dataset.cutoffs)]

    def _period(self, today: Labels, start: float, end: float) -> Period:
        ids = [ids_at(self.dataset, cutoff) for cutoff in (start, end)]
        both = today[np.isin(today, ids[0]) & np.isin(today, ids[1])]
        frames = [
            rows_of(at(self.dataset, cutoff), self.customers.columns, np.flatnonzero(np.isin(there, both)))
            for cutoff, there in zip((start, end), ids, strict=True)
        ]
        return Period(frames[0], frames[1], end - start)

    def before(self, clusterer: str) -> Before | None:
        """The segments in force, for a refit with ``clusterer`` on today's customers; None if there are none."""
        if self.champion is None or self.champion.manifest["kind"] != "segmenter":
            return None
        read = self.champion.model.features
        X = None if self.dataset.lacks(read) else self.dataset.read(read).iloc[-len(self.everybody) :]
        return segmenter.before_refit(self.champion.model, X, clusterer)


def at(dataset: Dataset, cutoff: float) -> pd.DataFrame:
    """All columns of the customers at one cutoff, a view: rows are in order of the cutoffs."""
    first, last = np.searchsorted(dataset.as_of, [cutoff, np.nextafter(cutoff, np.inf)])
    return dataset.inputs.iloc[first:last]


def ids_at(dataset: Dataset, cutoff: float) -> Any:
    """Ids of the customers at one cutoff, (n,), ascending."""
    return dataset.frame["customer_id"].to_numpy(dtype=object)[dataset.as_of == cutoff]


def rows_of(X: pd.DataFrame, columns: Iterable[str], chosen: Labels) -> pd.DataFrame:
    """The ``chosen`` rows of these columns, read from X one column at a time."""
    return pd.DataFrame({name: X[name].to_numpy()[chosen] for name in columns})


def question(study: SegmentStudy) -> None:
    """No label."""


def cutoffs(study: SegmentStudy, first_at: float, last_at: float) -> list[float]:
    """The midnight after the last order; and, to see what segments are worth, the two a period and two before it.

    The earlier ones are left out where no period of orders came before them.
    """
    today, period = next_midnight(last_at), study.segments.period_days
    return [
        cutoff
        for cutoff in (today - 2 * period, today - period, today)
        if cutoff in (today,) or cutoff - period >= first_at
    ]


def rows(study: SegmentStudy, snapshot: Frame, tables: Tables, as_of: float) -> Frame:  # noqa: ARG001
    """All customers in the snapshot."""
    return snapshot.with_columns(as_of=nw.lit(as_of))


def candidates(study: SegmentStudy) -> tuple[str, ...]:
    """The study's clusterers."""
    return study.clusterers


def candidate(name: str) -> Clusterer:
    """The clusterer."""
    return clusterer(name)


def prepare(study: SegmentStudy, dataset: Dataset, champion: Loaded | None = None) -> Problem:
    """The problem, with the study's features that differ between customers; BadInput if fewer than two do."""
    chosen, everybody = study.features.select(dataset.features), at(dataset, dataset.cutoffs[-1])
    differing = tuple(name for name in chosen if everybody[name].min() < everybody[name].max())
    if len(differing) < 2:
        raise BadInput(
            f"customers differ in {len(differing)} of the {len(chosen)} features of study {study.name}, "
            "segments need at least two: widen features.include"
        )
    limits = (study.segments, study.baselines, study.search, study.promotion)
    return Problem(dataset, differing, *limits, champion=champion)


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
    limits = (problem.wanted.fewest, problem.wanted.most)
    about = (problem.customers, problem.features, problem.periods, limits, problem.search.seed, problem.shared.path)
    ours, *others = each_of(_scored, [(*about, each) for each in entrants], workers)
    started = time.perf_counter()
    before, day = problem.before(ours.model.clusterer), str(day_of(problem.dataset.cutoffs[-1]))
    model = segmenter.described(ours.model, problem.everybody, problem.dataset.currency, before, day)
    model = replace(
        model,
        soundness=soundness(ours.scores, problem.promotion.min_stability),
        cards=cards(model, about_customers(problem, model)),
    )
    return [replace(ours, model=model, seconds=ours.seconds + time.perf_counter() - started), *others], ""


def about_customers(problem: Problem, model: segmenter.Segmenter) -> Customers:
    """Whom the cards of the model's segments are made from."""
    label, _ = segmenter.assign_labels(model, problem.everybody)
    period = problem.periods[-1] if problem.periods else None
    return Customers(problem.everybody, label, problem.chosen, period, problem.dataset.currency, problem.search.seed)


def _scored(
    customers: pd.DataFrame,
    features: Sequence[str],
    periods: Sequence[Period],
    limits: tuple[int, int],
    seed: int,
    shared: Path,
    contestant: Contestant,
) -> Scored:
    started = time.perf_counter()
    prepared = segmenter.prepare(customers, features)
    model = segmenter.fit_clusters(prepared, contestant.candidate, contestant.params, seed, shared)
    scores = cluster_scores.clustering_scores(customers, model, seed, memory=shared, limits=limits)
    scores |= use.use_scores(periods, model, shared)
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


def pictures(problem: Problem, folder: Path, title: str, tested: Sequence[Scored]) -> None:
    """Plots of the segments' medians, a map, revenue and the silhouette gaps, and the page that has all of them."""
    from experiments.plots import segments
    from experiments.report.segments_page import segments_page

    model, X, as_of = tested[0].model, problem.customers, day_of(problem.dataset.cutoffs[-1])
    who, currency = f"Who the segments are, {as_of}", problem.dataset.currency
    segments.profile_plot(folder / "segment_profile.png", who, model, X, currency)
    where = f"Where {_counted(problem)} customers lie, {as_of}"
    segments.map_plot(folder / "segment_map.png", where, model, X, problem.search.seed)
    segments.revenue_plot(folder / "segment_revenue.png", "What the segments bring", model)
    segments.reality_plot(folder / "structure.png", "Is there structure? Silhouette against one cloud", tested)
    page = segments_page(title, str(as_of), model, currency, folder)
    (folder / "report.html").write_text(page, encoding="utf-8")


def tables(problem: Problem, tested: Sequence[Scored]) -> dict[str, dict[str, list[Any]]]:  # noqa: ARG001
    """A row a segment: who they are, how many, what they bring and how to recognise them."""
    model = tested[0].model
    found = {str(card["id"]): card for card in model.cards}
    columns: dict[str, list[Any]] = {name: [] for name in ("id", "name", "customers", "share", "revenue", "rule")}
    for each in model.catalogue:
        rule = found.get(each.id, {}).get("rule")
        row = (
            each.id,
            each.name,
            each.size,
            each.share,
            each.revenue_share,
            "; ".join(rule["conditions"]) if rule else "",
        )
        for values, value in zip(columns.values(), row, strict=True):
            values.append(value)
    return {"segments.json": columns}


def _counted(problem: Problem) -> str:
    """How many customers were fitted, ``10,000 of 400,000`` if not all."""
    fitted, n = len(problem.customers), len(problem.everybody)
    return f"{n:,}" if fitted == n else f"{fitted:,} of {n:,}"


def summary(problem: Problem, tested: Sequence[Scored]) -> tuple[str, list[str]]:
    """Who was clustered, and the segment catalogue."""
    day = day_of(problem.dataset.cutoffs[-1])
    how = f"{verdict_of(tested[0].model)}{len(problem.everybody):,} customers as of {day}; "
    if len(problem.customers) < len(problem.everybody):
        how += f"segments were fitted and scored on {len(problem.customers):,} of them, drawn in proportion by recency "
        how += "and spend, and then everybody was assigned; "
    lines = ["| id&emsp; | segment | customers&emsp; | revenue&emsp; | |", "|---|---|---|---|---|"]
    for each in tested[0].model.catalogue:
        revenue = "–" if each.revenue_share is None else f"{each.revenue_share:.0%}"
        lines.append(f"| {each.id} | {each.name} | {each.share:.0%} | {revenue} | {each.description} |")
    how += "the gap is silhouette above that of one cloud with the same columns and rank correlations."
    return how, lines


def verdict_of(model: segmenter.Segmenter) -> str:
    """The verdict as the page of a run has it, in bold."""
    found = model.soundness
    return "" if found is None else f"**{found.verdict[:1].upper()}{found.verdict[1:]}**: {found.reason}. "


def judge(problem: Problem, ours: Loaded, theirs: Loaded | None, found: Mapping[str, list[Floats]]) -> Verdict:  # noqa: ARG001
    """Refuse what is not sound; else compare silhouettes of the same customers in the space of the study's features."""
    seed, shared = problem.search.seed, problem.shared.path
    scores = ours.manifest["scores"]
    if ours.manifest["dataset_fingerprint"] != problem.dataset.fingerprint:
        limits = (problem.wanted.fewest, problem.wanted.most)
        scores = cluster_scores.clustering_scores(problem.customers, ours.model, seed, memory=shared, limits=limits)
        scores |= use.use_scores(problem.periods, ours.model, shared)
    sound = soundness(scores, problem.promotion.min_stability)
    if sound.verdict != SOUND:
        return Verdict(False, str(sound), structure(scores), unsound=sound.verdict)
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


def difference(problem: Problem, each: Floats) -> Difference:
    """Mean of ``each`` (advantages per customer), with the study's bootstrap interval."""
    draws, confidence = problem.promotion.draws, problem.promotion.confidence
    return Difference(*clustered_mean(each, np.arange(len(each)), draws, confidence, problem.search.seed))
