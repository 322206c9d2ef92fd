"""Which families of features move a model's scores, over the newest test cutoff."""

from pathlib import Path

import numpy as np

from experiments.contest import Scored
from experiments.plots.style import COLOURS, figure
from experiments.rolling import Problem
from models.learners import learner
from models.reasons.families import sums_by_family
from models.wording import FAMILIES

MOST_ROWS = 10_000
"""Customers that the means are made of, drawn with the study's seed."""
SCALE = {"amount": "the logarithm of the amount"}
"""What contributions are in, by target; for others log odds."""


def said_by_family(problem: Problem, ours: Scored) -> dict[str, float]:
    """Mean absolute contribution of each family to the score of a customer, the largest first; families that add
    nothing are left out. Empty if the learner's score is no sum of columns."""
    random = np.random.default_rng(problem.search.seed)
    sample = problem.dataset.sample(ours.model.features)
    newest = np.flatnonzero(problem.scored(sample, problem.tests[-1]))
    rows = np.sort(random.permutation(newest)[:MOST_ROWS])
    X = sample.table.take(sample.places[rows])
    found = learner(ours.model.learner).contributions(ours.model.model, X)
    if found is None or not len(X):
        return {}
    families, sums = sums_by_family(*found)
    means = dict(zip(families, np.abs(sums).mean(axis=0).tolist(), strict=True))
    return {name: means[name] for name in sorted(means, key=lambda name: (-means[name], name)) if means[name] > 0.0}


def reasons_plot(path: Path, title: str, problem: Problem, means: dict[str, float]) -> None:
    """A bar a family, the one that moves scores most on top."""
    names = list(means)[::-1]
    scale = SCALE.get(problem.question.target, "log odds")
    with figure(path, title, 8, 0.32 * len(names) + 1.3) as (_, axes):
        axes.barh(range(len(names)), [means[name] for name in names], color=COLOURS[0], height=0.7)
        axes.set_yticks(range(len(names)), [f"{name}: {FAMILIES.get(name, name)}" for name in names])
        axes.set_xlabel(f"by how much a family moves a customer's score, on average, in {scale}")
        axes.grid(axis="y", visible=False)
        axes.margins(y=0.02)
