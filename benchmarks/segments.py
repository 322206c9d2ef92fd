"""What an expert would ask of segments: ``python -m benchmarks.segments --home HOME [--study segments] [--seeds 20]``.

For a workspace with canonical tables, with k-means at the number of groups of the largest gap, as the search finds it:

- *identity*: fitted on 98 % of the customers and then on all, with other seeds; and a month ago and today. The share of
  common customers whose segment keeps its id, over the largest share that any one-to-one assignment of ids can reach;
  the same of names;
- *idle movers*: of those who bought nothing in 30 and 90 days, the share in another segment after them;
- *use*: variance of the next 90 days' spend that segments of a period before explain, beside as many groups by spend,
  ten of them, and RFM quintile cells;
- with ``--truth``, the folder of a simulation's truth: adjusted Rand index to the hidden groups.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import polars as pl
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

from benchmarks.shop import workspace_of
from experiments.dataset import read_dataset
from experiments.segment import prepare
from experiments.segment_problem import Problem, ids_at
from experiments.separation import Separation
from experiments.study import SegmentStudy, validated
from models.segments import segmenter
from models.segments.segmenter import Segmenter, before_refit, described
from models.segments.use import idle_movers, use_scores
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study
from pipelines.workspace import Workspace

WHAT = {"spend R²": "use_spend_r2", "log spend R²": "use_log_spend_r2", "who buys R²": "use_churn_r2"}


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="workspace with canonical tables; a simulated shop if none")
    parser.add_argument("--study", default="segments")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--truth", type=Path)
    asked = parser.parse_args()
    with workspace_of(asked.home) as workspace:
        report(workspace, cast(SegmentStudy, find_study(workspace, asked.study)), asked.seeds, asked.truth)


def report(workspace: Workspace, study: SegmentStudy, seeds: int, truth: Path | None) -> None:
    """Print the table of one workspace."""
    quarter, month = (problem_of(workspace, study, days) for days in (90.0, 30.0))
    k = chosen_number(quarter)
    found: dict[str, Any] = {"customers": len(quarter.everybody), "groups": k}
    found |= identity(quarter, k, seeds) | a_month_later(month, k)
    for problem in (month, quarter):
        period, model = problem.periods[-1], fitted(problem, problem.customers, k, problem.search.seed)
        found[f"idle movers, {period.days:.0f} days"] = idle_movers(period, model)
    found |= use(quarter, k)
    if truth:
        found["adjusted Rand index to the truth"] = to_truth(quarter, k, truth)
    print("| | |\n|---|---|")
    for name, value in found.items():
        print(f"| {name} | {value if isinstance(value, int) else format(value, '.3f')} |")


def problem_of(workspace: Workspace, study: SegmentStudy, period_days: float) -> Problem:
    """The study with another period between its dates."""
    content = study.model_dump()
    content["segments"]["period_days"] = period_days
    content["name"] = f"{study.name}_{period_days:.0f}"
    asked = validated(SegmentStudy, content, study.name)
    return prepare(asked, read_dataset(build_dataset(workspace, asked)))


def chosen_number(problem: Problem) -> int:
    """The number of groups, within the study's limits, with the largest gap."""
    evaluate = Separation(problem.customers, problem.features, problem.wanted, problem.search.seed, problem.shared)
    limits = range(problem.wanted.fewest, problem.wanted.most + 1)
    return max(limits, key=lambda k: evaluate("kmeans", {"k": k})[0])


def fitted(problem: Problem, X: pd.DataFrame, k: int, seed: int) -> Segmenter:
    """k-means of these customers, without a catalogue."""
    prepared = segmenter.prepare(X, problem.features)
    return segmenter.fit_clusters(prepared, "kmeans", {"k": k}, seed, problem.shared.path)


def kept(before: pd.DataFrame, after: pd.DataFrame, column: str) -> float:
    """Share of the customers whose value stays, over what the best one-to-one assignment of values reaches."""
    counts = pd.crosstab(before[column].to_numpy(), after[column].to_numpy())
    rows, columns = linear_sum_assignment(-counts.to_numpy())
    best = counts.to_numpy()[rows, columns].sum()
    return float((before[column].to_numpy() == after[column].to_numpy()).sum() / best)


def identity(problem: Problem, k: int, seeds: int) -> dict[str, float]:
    """Ids and names kept when 2 % more customers come, mean and worst of the seeds."""
    X = problem.customers
    shares: dict[str, list[float]] = {"segment_id": [], "segment_name": []}
    for seed in range(seeds):
        some = X.iloc[np.sort(np.random.default_rng(seed).permutation(len(X))[: round(len(X) / 1.02)])]
        old = described(fitted(problem, some, k, seed), some)
        new = described(fitted(problem, X, k, seed + 1000), X, "", before_refit(old, X, "kmeans"), "later")
        one, other = segmenter.assign(old, some), segmenter.assign(new, some)
        for column, values in shares.items():
            values.append(kept(one, other, column))
    named = {"segment_id": "ids", "segment_name": "names"}
    return {
        f"{named[c]} kept with 2 % more customers, {how}": float(do(values))
        for c, values in shares.items()
        for how, do in (("mean", np.mean), ("worst", np.min))
    }


def a_month_later(problem: Problem, k: int) -> dict[str, float]:
    """Ids and names kept from a model of a month ago, on the features of then, to one of today, on those of today."""
    period = problem.periods[-1]
    old = described(fitted(problem, period.start, k, 0), period.start)
    new = described(
        fitted(problem, problem.customers, k, 1),
        problem.customers,
        "",
        before_refit(old, problem.customers, "kmeans"),
        "later",
    )
    one, other = segmenter.assign(old, period.start), segmenter.assign(new, period.end)
    return {f"{name} kept a month later": kept(one, other, f"segment_{name[:-1]}") for name in ("ids", "names")}


def use(problem: Problem, k: int) -> Mapping[str, float]:
    """Explained variance of ours and of the baselines, raw and log."""
    ours = fitted(problem, problem.customers, k, problem.search.seed)
    rivals = {f"k-means, {k}": ours, f"groups by spend, {k}": rival(problem, "value_deciles", {"k": k})}
    rivals |= {
        "groups by spend, 10": rival(problem, "value_deciles", {}),
        "RFM quintile cells": rival(problem, "rfm_cells", {}),
    }
    found = {}
    for name, model in rivals.items():
        scores = use_scores(problem.periods, model, problem.shared.path)
        found |= {f"{name}: {what}": scores[key] for what, key in WHAT.items()}
    return found


def rival(problem: Problem, name: str, params: Mapping[str, Any]) -> Segmenter:
    """A baseline of the same customers."""
    prepared = segmenter.prepare(problem.customers, problem.features)
    return segmenter.fit_clusters(prepared, name, params, problem.search.seed)


def to_truth(problem: Problem, k: int, folder: Path) -> float:
    """Adjusted Rand index of today's segments and the simulation's hidden groups."""
    truth = pl.read_parquet(folder / "truth-*.parquet").select("customer_no", "segment")
    hidden = dict(truth.iter_rows())
    ids = ids_at(problem.dataset, problem.dataset.cutoffs[-1])[problem.chosen]
    known = np.array([id_ in hidden for id_ in ids])
    label, _ = segmenter.assign_labels(fitted(problem, problem.customers, k, problem.search.seed), problem.customers)
    return float(adjusted_rand_score([hidden[id_] for id_ in ids[known]], label[known]))


if __name__ == "__main__":
    main()
