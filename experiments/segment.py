"""Segmentation studies: search for a clustering, compare it with data without structure, judge whether it is sound.

The functions are those of ``experiments.kinds.Kind``.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from experiments.cards import Customers, cards
from experiments.contest import Contestant, Scored
from experiments.dataset import Dataset
from experiments.search.trials import Trial
from experiments.search.workers import each_of
from experiments.segment_choice import chosen
from experiments.segment_problem import Problem, at, rows_of
from experiments.segment_trial import OBJECTIVES, SegmentTrial
from experiments.splits import day_of, next_midnight
from experiments.study import SegmentStudy
from experiments.verdict import Difference, Verdict, decide
from features.engines import Tables
from features.errors import BadInput
from features.windows import Frame
from models.artifact import Loaded
from models.intervals import clustered_mean
from models.sample import Floats
from models.segments import preprocessing, segmenter, staleness, variables
from models.segments.clusterers import Clusterer, clusterer
from models.segments.distances import Distances
from models.segments.soundness import SOUND, soundness

DIRECTIONS = ("maximize",) * len(OBJECTIVES)
SNAPSHOTS = True
INHERITS = True
SLICED = False
SILHOUETTE_ROWS = 5_000


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


def columns(study: SegmentStudy, features: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001
    """All features."""
    return features


def products(study: SegmentStudy, tables: Tables) -> None:
    """None: what matters of products is in the features."""


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


def common(problem: Problem) -> Any:
    """How columns are chosen, where the study searches them."""
    return None if problem.ranking is None else variables


def evaluation(problem: Problem) -> SegmentTrial:
    """Separation, use, stability and simplicity of a clustering."""
    limits = (problem.wanted, problem.promotion, problem.search.seed, problem.shared)
    return SegmentTrial(problem.customers, problem.features, problem.ranking, problem.periods, *limits)


def choose(problem: Problem, trials: Sequence[Trial]) -> tuple[Trial, str]:
    """Of the trials on the front, the first by the study's rule whose segments are sound; the very first if none is."""
    return chosen(evaluation(problem), trials)


def test(problem: Problem, entrants: Sequence[Contestant], workers: int) -> tuple[list[Scored], str]:
    """Each contestant fitted on the study's sample and scored against the same clustering of customers without groups.

    Everybody is assigned to the segments of the first, which is to be registered, and describes them.
    """
    ours, *others = each_of(_scored, [(evaluation(problem), each) for each in entrants], workers)
    started = time.perf_counter()
    before, day = problem.before(ours.model.clusterer), str(day_of(problem.dataset.cutoffs[-1]))
    model = segmenter.described(ours.model, problem.everybody, problem.dataset.currency, before, day)
    model = replace(
        model,
        reference=staleness.reference(model, problem.everybody),
        soundness=soundness(ours.scores, problem.promotion.min_stability),
        cards=cards(model, about_customers(problem, model)),
    )
    return [replace(ours, model=model, seconds=ours.seconds + time.perf_counter() - started), *others], ""


def about_customers(problem: Problem, model: segmenter.Segmenter) -> Customers:
    """Whom the cards of the model's segments are made from."""
    label, _ = segmenter.assign_labels(model, problem.everybody)
    period = problem.periods[-1] if problem.periods else None
    return Customers(problem.everybody, label, problem.chosen, period, problem.dataset.currency, problem.search.seed)


def _scored(about: SegmentTrial, contestant: Contestant) -> Scored:
    started = time.perf_counter()
    model = about.fitted(contestant.candidate, contestant.params)
    return Scored(contestant, model, about.test_scores(model), time.perf_counter() - started)


def metrics(problem: Problem, tested: Sequence[Scored]) -> dict[str, float]:  # noqa: ARG001
    """None beside the scores."""
    return {}


def facts(problem: Problem, ours: Scored) -> dict[str, Any]:
    """The date of its customers, and its parameters."""
    as_of = str(day_of(problem.dataset.cutoffs[-1]))
    window = {"first_cutoff": as_of, "last_cutoff": as_of, "labels_end": as_of}
    columns = {} if problem.ranking is None else variables.of(ours.contestant.params)
    return {"training_window": window, "params": {**columns, **ours.model.params}}


def evidence(problem: Problem, tested: Sequence[Scored]) -> dict[str, list[Floats]]:  # noqa: ARG001
    """None: the gate assigns the customers again."""
    return {}


def pictures(problem: Problem, folder: Path, title: str, tested: Sequence[Scored]) -> None:
    """Plots of the segments' medians, a map, revenue and the silhouette gaps, and the page that has all of them."""
    from experiments.plots import segments
    from experiments.plots.segments_page import segments_page

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


def in_short(problem: Problem, tested: Sequence[Scored]) -> str:  # noqa: ARG001
    """Whether the segments are sound, and why."""
    return verdict_of(tested[0].model)


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


def verdict_of(model: segmenter.Segmenter) -> str:
    """The verdict as the page of a run has it, in bold."""
    found = model.soundness
    return "" if found is None else f"**{found.verdict[:1].upper()}{found.verdict[1:]}**: {found.reason}."


def judge(problem: Problem, ours: Loaded, theirs: Loaded | None, found: Mapping[str, list[Floats]]) -> Verdict:  # noqa: ARG001
    """Refuse what is not sound; else compare silhouettes of the same customers, by the columns of both models."""
    seed, shared = problem.search.seed, problem.shared.path
    scores = ours.manifest["scores"]
    if ours.manifest["dataset_fingerprint"] != problem.dataset.fingerprint:
        scores = evaluation(problem).test_scores(ours.model)
    sound = soundness(scores, problem.promotion.min_stability)
    if sound.verdict != SOUND:
        return Verdict(False, str(sound), structure(scores), unsound=sound.verdict)
    fitted = segmenter.prepare(problem.customers, space_of(ours, theirs, problem.customers))
    some = np.sort(np.random.default_rng(seed).permutation(len(problem.everybody))[:SILHOUETTE_ROWS])
    rivals = {name: segmenter.fit_clusters(fitted, name, {}, seed, shared) for name in problem.baselines}
    judged = [ours.model, *rivals.values(), *([theirs.model] if theirs else [])]
    read = dict.fromkeys((*fitted.preprocessing.features, *(name for model in judged for name in model.features)))
    compared = rows_of(problem.everybody, [name for name in read if name in problem.everybody.columns], some)
    distances = Distances.of(preprocessing.transform(fitted.preprocessing, compared), seed, SILHOUETTE_ROWS)

    def silhouettes(model: segmenter.Segmenter) -> Floats:
        return distances.silhouettes(segmenter.assign_labels(model, compared)[0])

    own = silhouettes(ours.model)
    baselines = {name: difference(problem, own - silhouettes(rival)) for name, rival in rivals.items()}
    champion = difference(problem, own - silhouettes(theirs.model)) if theirs else None
    verdict = decide(problem.promotion, "silhouette", baselines, champion)
    return Verdict(verdict.promote, verdict.reason, {**structure(scores), **verdict.scores})


def space_of(ours: Loaded, theirs: Loaded | None, customers: pd.DataFrame) -> tuple[str, ...]:
    """The columns that the challenger or the champion clusters by, as far as customers have them."""
    both = [loaded.model.preprocessing.features for loaded in (ours, theirs) if loaded is not None]
    return tuple(name for name in dict.fromkeys(name for names in both for name in names) if name in customers.columns)


def structure(scores: Mapping[str, float]) -> dict[str, float]:
    """The scores of structure and stability; nan where the manifest leaves one out because it was not defined."""
    return {name: scores.get(name, float("nan")) for name in ("copula_gap", "copula_gap_low", "jaccard_min")}


def difference(problem: Problem, each: Floats) -> Difference:
    """Mean of ``each`` (advantages per customer), with the study's bootstrap interval."""
    draws, confidence = problem.promotion.draws, problem.promotion.confidence
    return Difference(*clustered_mean(each, np.arange(len(each)), draws, confidence, problem.search.seed))
