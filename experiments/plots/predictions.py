"""Plots of a predictor that are the same for every target: scores by cutoff, and permutation importance."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.contest import Scored
from experiments.plots.style import COLOURS, GREY, figure
from experiments.rolling import Problem
from models.charts import Chart, Panel, Series, Style
from models.learners import learner
from models.predictor import Predictor, predict
from models.words import feature_words

IMPORTANCE_ROWS = 2_000
IMPORTANCE_SHUFFLES = 3
IMPORTANCE_SHOWN = 15
IMPORTANCE_COLUMNS = 2 * IMPORTANCE_SHOWN


def scores_by_cutoff(problem: Problem, tested: Sequence[Scored]) -> Chart:
    """The target's main scores of each contestant at each test cutoff."""
    names = tuple(map(problem.name, problem.tests))
    panels = tuple(
        Panel(words, "test cutoff", "", tuple(_line(each, name, each is tested[0]) for each in tested), x_names=names)
        for name, words in problem.target.lines(problem.question).items()
    )
    return Chart("scores_by_cutoff", "Scores over time", panels)


def _line(each: Scored, name: str, ours: bool) -> Series:
    values = np.array([scores[name] for scores in each.by_cutoff])
    style: Style = "ours" if ours else "other"
    return Series(each.contestant.label, np.arange(len(values), dtype=np.float64), values, style)


def importance_plot(path: Path, title: str, problem: Problem, ours: Scored) -> None:
    """The most important features: those whose shuffling raises the loss most at the newest test cutoff."""
    names, rises = permutation_importance(problem, ours)
    order = np.argsort(rises.mean(axis=1))[-IMPORTANCE_SHOWN:]
    with figure(path, title, 8, 0.32 * len(order) + 1.3) as (_, axes):
        means, spread = rises.mean(axis=1)[order], rises.std(axis=1)[order]
        axes.barh(
            range(len(order)), means, xerr=spread, color=COLOURS[0], height=0.7, error_kw={"ecolor": GREY, "lw": 1}
        )
        axes.set_yticks(range(len(order)), [feature_words(names[i], problem.dataset.currency) for i in order])
        axes.set_xlabel(
            f"rise of {problem.target.LOSS_WORDS} when the feature is shuffled, with its spread over shuffles"
        )
        axes.grid(axis="y", visible=False)
        axes.margins(y=0.02)


def permutation_importance(problem: Problem, ours: Scored) -> tuple[list[str], NDArray[np.float64]]:
    """Names of columns, and the rise of the model's loss when one is shuffled: (columns, shuffles).

    It shuffles the ``IMPORTANCE_COLUMNS`` to which the model itself gives most weight, among at most
    ``IMPORTANCE_ROWS`` customers of the newest test cutoff.
    """
    random = np.random.default_rng(problem.search.seed)
    sample = problem.dataset.sample(ours.model.features)
    newest = sample.where(problem.scored(sample, problem.tests[-1]))
    rows = np.sort(random.permutation(len(newest))[:IMPORTANCE_ROWS])
    X, y, names = newest.X.iloc[rows].reset_index(drop=True), newest.y[rows], heaviest(ours.model)

    def loss(X: pd.DataFrame) -> float:
        return float(problem.target.loss(y, predict(ours.model, X), problem.question).mean())

    base = loss(X)
    shuffles = range(IMPORTANCE_SHUFFLES)
    rises = [[loss(X.assign(**{name: random.permutation(X[name])})) - base for _ in shuffles] for name in names]
    return names, np.array(rises).reshape(len(names), IMPORTANCE_SHUFFLES)


def heaviest(model: Predictor) -> list[str]:
    """The columns to which the model gives most weight; all that it reads if it gives no weights."""
    weights = learner(model.learner).importance(model.model)
    ordered = sorted(model.features, key=lambda name: -weights.get(name, 0.0))
    return ordered[:IMPORTANCE_COLUMNS] if weights else ordered
