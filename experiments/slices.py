"""Slices: a model's scores among customers of one kind, because a good mean can hide a group that is served badly.

Slices are by segment (of the segments in force), spend, tenure, country and protected attributes. Groups of few
customers are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.contest import Scored
from experiments.rolling import Problem
from experiments.verdict import Difference
from features.families import is_protected
from features.indicators import split
from models.intervals import clustered_mean
from models.sample import Floats, Mask, Rows, column

FEWEST = 100
"""Customers below which a slice has no scores."""
MOST_LEVELS = 8
SPEND, TENURE = "purchase_spend", "purchase_tenure_days"
TENURES = (("under 90 days", 0.0, 90.0), ("90 days to a year", 90.0, 365.0), ("over a year", 365.0, np.inf))
COUNTRY = "profile_country"


def rows_at(problem: Problem, keys: Sequence[float]) -> Rows:
    """Positions in the dataset of the rows that are tested at the keys, in the order of a test's outcomes."""
    sample = problem.dataset.sample(())
    return np.concatenate([np.flatnonzero(problem.scored(sample, key)) for key in keys])


def slices(problem: Problem, keys: Sequence[float]) -> dict[str, Mask]:
    """Masks over the rows of :func:`rows_at` by the slice's name; only those of enough customers."""
    rows, customer = rows_at(problem, keys), problem.customers_at(keys)
    frame = problem.dataset.frame
    found = {**dict(_by_segment(problem, rows)), **dict(_by_column(frame, problem.dataset.features, rows))}
    return {name: mask for name, mask in found.items() if len(np.unique(customer[mask])) >= FEWEST}


def _by_segment(problem: Problem, rows: Rows) -> Iterator[tuple[str, Mask]]:
    if problem.segments is not None:
        labels = problem.segments[rows]
        for name in sorted(set(labels) - {""}):
            yield f"segment {name}", labels == name


def _by_column(frame: pd.DataFrame, features: Sequence[str], rows: Rows) -> Iterator[tuple[str, Mask]]:
    if SPEND in features:
        spend = column(frame, SPEND)[rows]
        edges = np.quantile(spend[~np.isnan(spend)], (1 / 3, 2 / 3)) if (~np.isnan(spend)).any() else np.zeros(2)
        yield "spend so far: lowest third", spend <= edges[0]
        yield "spend so far: middle third", (spend > edges[0]) & (spend <= edges[1])
        yield "spend so far: highest third", spend > edges[1]
    if TENURE in features:
        tenure = column(frame, TENURE)[rows]
        for words, low, high in TENURES:
            yield f"customer for {words}", (tenure >= low) & (tenure < high)
    yield from _by_level(frame, features, rows)


def _by_level(frame: pd.DataFrame, features: Sequence[str], rows: Rows) -> Iterator[tuple[str, Mask]]:
    """Countries and protected attributes, the most frequent levels of each."""
    levels: dict[str, list[str]] = {}
    for name in features:
        feature, level = split(name)
        if level is not None and (feature == COUNTRY or is_protected(feature)):
            levels.setdefault(feature, []).append(name)
    for feature, names in levels.items():
        masks = {name: column(frame, name)[rows] == 1.0 for name in names}
        for name in sorted(masks, key=lambda each: -int(masks[each].sum()))[:MOST_LEVELS]:
            yield f"{feature.partition('_')[2].replace('_', ' ')}: {split(name)[1]}", masks[name]


def scores_by_slice(problem: Problem, tested: Scored) -> list[dict[str, Any]]:
    """A row a slice: its name, customers, and the target's headline scores over all test cutoffs together."""
    y, answer = np.concatenate(tested.outcomes), np.concatenate(tested.answers)
    customer, found = problem.customers_at(problem.tests), []
    for name, mask in slices(problem, problem.tests).items():
        scores = problem.target.scores(y[mask], answer[mask], problem.question)
        levels = problem.target.levels(y[mask], answer[mask], problem.question)
        observed, expected = list(levels.values())[-1]
        level = float(expected.sum() / observed.sum()) if observed.sum() > 0 else float("nan")
        headline = {each: scores[each] for each in problem.target.headline(problem.question)}
        found.append(
            {"slice": name, "customers": len(np.unique(customer[mask])), **headline, "level": level, "scores": scores}
        )
    return found


def worst_slice(problem: Problem, gain: Floats, keys: Sequence[float]) -> tuple[str, Difference] | None:
    """The slice in which the model is proven worse, ``gain`` (n,) being its advantage a row at the keys; None without
    one.

    With many slices one looks bad by chance, so the intervals are as much wider (Bonferroni).
    """
    customer, masks = problem.customers_at(keys), slices(problem, keys)
    confidence = 1.0 - (1.0 - problem.promotion.confidence) / max(1, len(masks))
    found: dict[str, Difference] = {}
    for name, mask in masks.items():
        draws = max(problem.promotion.draws, int(20 / (1.0 - confidence)))
        found[name] = Difference(*clustered_mean(gain[mask], customer[mask], draws, confidence, problem.search.seed))
    worse: Mapping[str, Difference] = {name: each for name, each in found.items() if each.high < 0}
    return min(worse.items(), key=lambda each: each[1].mean) if worse else None
