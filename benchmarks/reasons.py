"""What reasons are good for: ``python -m benchmarks.reasons --home workspace [--study churn ...]``.

For each study, over its newest test cutoff: how often models of two seeds name the same two families, and the same two
columns; by how much a score moves when the columns of the two families named are replaced by the usual values, beside
two other families; what reasons cost. Of a simulated shop also whether the cause of leaving is among the two families
named.

**The cause of leaving.** The simulation writes no cause. It is derived from the truth, by the simulation's own hazard:
the factor that raises a leaver's hazard most above that of the median customer. ``FAMILIES_OF`` says which families
could show a cause; chance is the same share with the causes shuffled among the leavers.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from benchmarks.shop import workspace_of
from experiments.dataset import Dataset, read_dataset
from experiments.predict import prepare
from experiments.rolling import Problem, readable
from experiments.study import PredictStudy
from features.families import family_of
from models.learners import learner
from models.predictor import Predictor, fit_predictor
from models.reasons.families import sums_by_family
from models.sample import Floats
from models.scores import roc_auc
from models.usual import is_share_of_customers
from pipelines.simulation.people.lifetimes import DROPOUT_BY_SATISFACTION, NEUTRAL_SATISFACTION
from pipelines.simulation.people.population import DROPOUT_BY_USAGE, USAGE_A_DAY, USAGE_SPREAD
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study
from pipelines.workspace import Workspace
from serving import predictions

SEEDS = (7, 8)
TOP = 2
MANY = 100_000
GOAL_FAMILIES, GOAL_CAUSE = 0.9, 0.7
LEAVING_DAYS = (60.0, 30.0)
"""Leavers are those who begin to leave within so many days before the cutoff, and after it."""
FAMILIES_OF = {
    "satisfaction": ("basket", "feedback", "loyalty", "sensitivity"),
    "use": ("journey", "usage"),
    "lifetime": ("cadence", "channel", "loyalty", "profile", "purchase"),
}
"""Which families could show a cause: bad service, little use of the app, and a short life by segment and origin."""


@dataclass(frozen=True)
class Explained:
    """Two models of other seeds and the customers (n) of the newest test cutoff; ``sums`` (n, families) of each."""

    models: tuple[Predictor, Predictor]
    customers: pd.Series
    X: pd.DataFrame
    families: tuple[str, ...]
    sums: tuple[Floats, Floats]
    columns: tuple[Floats, Floats]


def explained(problem: Problem, study: PredictStudy) -> Explained:
    """Fit the study's first learner with its defaults, at both seeds, for the newest test cutoff."""
    name = study.learners[0]
    sample = problem.dataset.sample(readable(problem, name))
    learn, at = problem.learnt(sample, problem.tests[-1]), problem.scored(sample, problem.tests[-1])
    X, models = sample.where(at).X, tuple(fit_predictor(name, learn, {}, seed, calibrate=False) for seed in SEEDS)
    sums, columns, families = [], [], ()
    for model in models:
        names, each = learner(name).contributions(model.model, X)
        families, summed = sums_by_family(names, each)
        sums.append(summed)
        columns.append(each[:, :-1])
    ids = problem.dataset.frame["customer_id"][at].reset_index(drop=True)
    return Explained(models, ids, X, families, tuple(sums), tuple(columns))


def top(contributions: Floats) -> "np.ndarray":
    """(n, TOP) places of the largest."""
    return np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :TOP]


def agreement(one: Floats, other: Floats) -> float:
    """Share of the first's top places that are among the other's, mean over rows."""
    return float((top(one)[:, :, None] == top(other)[:, None, :]).any(axis=2).mean())


def deleted(found: Explained, families: "np.ndarray") -> Floats:
    """(n,) by how much the score moves when the columns of each row's ``families`` (n, k) have the usual values."""
    model, values = found.models[0], found.X.to_numpy(np.float64)
    usual = np.array([typical(name, model.usual[name]) for name in found.X.columns])
    owner = np.array(
        [found.families.index(family_of(name)) if family_of(name) in found.families else -1 for name in found.X.columns]
    )
    named = (owner[None, :, None] == families[:, None, :]).any(axis=2)
    without = pd.DataFrame(np.where(named, usual, values), columns=found.X.columns)
    return np.abs(score(model, found.X) - score(model, without))


def typical(name: str, usual: float | None) -> float:
    """The usual value; of a yes or no, the more frequent one."""
    if usual is None:
        return float("nan")
    return float(usual >= 0.5) if is_share_of_customers(name) else usual


def score(model: Predictor, X: pd.DataFrame) -> Floats:
    """What contributions sum to."""
    _, each = learner(model.learner).contributions(model.model, X)
    return each.sum(axis=1)


def others(found: Explained) -> "np.ndarray":
    """(n, TOP) families drawn from those not at the top of each row."""
    random = np.random.default_rng(0)
    chance = random.random(found.sums[0].shape)
    np.put_along_axis(chance, top(found.sums[0]), 2.0, axis=1)
    return np.argsort(chance, axis=1)[:, :TOP]


def causes(truth: pl.DataFrame) -> pd.DataFrame:
    """customer_id; ``cooling`` in days since 1970; the cause of leaving: the factor highest above the median's."""
    use = -DROPOUT_BY_USAGE * np.log(truth["usage_rate"].to_numpy() / USAGE_A_DAY) / USAGE_SPREAD
    factors = pd.DataFrame(
        {
            "satisfaction": DROPOUT_BY_SATISFACTION * (NEUTRAL_SATISFACTION - truth["satisfaction"].to_numpy()),
            "use": use,
            "lifetime": np.log(truth["dropout_rate"].to_numpy()) - use,
        }
    )
    cooling = truth["cooling_at"].dt.timestamp("us").to_numpy() / 86_400e6
    cause = (factors - factors.median()).idxmax(axis=1)
    return pd.DataFrame({"customer_id": truth["customer_no"].to_list(), "cooling": cooling, "cause": cause})


def cause_named(found: Explained, as_of: float, truth: pl.DataFrame) -> tuple[int, float, float, dict[str, str]]:
    """Leavers, the share whose cause is among their two families, that share by chance, and by cause.

    By cause also whether its families add more to the score of its leavers than of others: AUC, .5 is chance.
    """
    about = causes(truth).set_index("customer_id").reindex(found.customers)
    before, after = LEAVING_DAYS
    leaves = about["cooling"].between(as_of - before, as_of + after).to_numpy()
    cause = about["cause"].to_numpy()[leaves]
    raised = [{found.families[place] for place in row} for row in top(np.maximum(found.sums[0], 0.0))[leaves]]
    hits = named(cause, raised)
    random = np.random.default_rng(0)
    chance = np.mean([named(random.permutation(cause), raised).mean() for _ in range(200)])
    each = {name: f"{hits[cause == name].mean():.2f} of {(cause == name).sum()}" for name in sorted(set(cause))}
    for name, about_it in FAMILIES_OF.items():
        own = [place for place, family in enumerate(found.families) if family in about_it]
        auc = roc_auc((cause == name).astype(np.float64), found.sums[0][leaves][:, own].sum(axis=1))
        each[f"{name}, AUC of its families"] = f"{auc:.2f}"
    return len(cause), float(hits.mean()), float(chance), each


def named(cause: Sequence[str], families: Sequence[set[str]]) -> "np.ndarray":
    return np.array([bool(names & set(FAMILIES_OF[why])) for why, names in zip(cause, families, strict=True)])


def report(study: PredictStudy, dataset: Dataset, truth: pl.DataFrame | None) -> None:
    """Print a study's figures, one a line."""
    problem = prepare(study, dataset)
    found = explained(problem, study)
    same, columns = agreement(*found.sums), agreement(*found.columns)
    print(f"{study.name}: {len(found.X):,} customers, {study.learners[0]}, {len(found.families)} families")
    print(f"  top-2 agreement of two seeds: families {same:.2f} (goal {GOAL_FAMILIES}), columns {columns:.2f}")
    ours, theirs = deleted(found, top(found.sums[0])), deleted(found, others(found))
    print(
        f"  score moves by {ours.mean():.2f} without the two families named, {theirs.mean():.2f} without two others; "
        f"more for {(ours > theirs).mean():.0%} of customers"
    )
    cost(found.models[0], found.X)
    if truth is not None and study.task == "churn":
        leavers, share, chance, each = cause_named(found, problem.newest, truth)
        beside = f"(goal {GOAL_CAUSE}, chance {chance:.2f})"
        print(f"  of {leavers} leavers the cause is among the two families for {share:.2f} {beside}")
        print(f"  by cause: {each}", flush=True)


def cost(model: Predictor, X: pd.DataFrame) -> None:
    """Print what an answer takes, without and with reasons: of many customers and of one."""
    many = pd.concat([X] * (MANY // len(X) + 1), ignore_index=True).iloc[:MANY]
    plain = replace(model, usual={})
    for name, rows, times in ((f"{MANY:,} customers", many, 1), ("one customer", X.iloc[:1], 200)):
        took = []
        for each in (plain, model):
            about = np.ones(len(rows), dtype=np.bool_)
            predictions.columns(each, rows, about)
            began = time.process_time()
            for _ in range(times):
                predictions.as_json(each, predictions.columns(each, rows, about), 20_000.0)
            took.append((time.process_time() - began) / times * 1e3)
        print(f"  {name}: {took[0]:,.1f} ms without reasons, {took[1]:,.1f} ms with (processor)", flush=True)


def truth_of(workspace: Workspace) -> pl.DataFrame | None:
    """The truth of a simulated shop; None of any other."""
    folder = workspace.home / "raw" / "simulated" / "truth"
    return pl.read_parquet(folder / "truth-*.parquet") if folder.exists() else None


def main() -> None:
    """The figures of the studies asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--study", action="append")
    chosen = parser.parse_args()
    with workspace_of(chosen.home) as workspace:
        for name in chosen.study or ["churn", "next_purchase", "value"]:
            study = find_study(workspace, name)
            report(study, read_dataset(build_dataset(workspace, study)), truth_of(workspace))


if __name__ == "__main__":
    main()
