"""What an expert would ask of segments: ``python -m benchmarks.segments --home HOME [--study segments] [--seeds 20]``.

For a workspace with canonical tables, with the clustering that the study's search finds and its rule takes:

- *identity*: fitted on 98 % of the customers and then on all, with other seeds; and a month ago and today. The share of
  common customers whose segment keeps its id, over the largest share that any one-to-one assignment of ids can reach;
  the same of names;
- *idle movers*: of those who bought nothing in 30 and 90 days, the share in another segment after them;
- *use*: variance of the next 90 days' spend that segments of a period before explain, beside as many groups by spend,
  ten of them, and RFM quintile cells;
- *speed*: seconds to assign a million customers, drawn from these;
- with ``--truth``, the folder of a simulation's truth: adjusted Rand index to the hidden groups.

``--prefer`` is another rule than the study's, ``--trials`` another number of them.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import polars as pl
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

from benchmarks.shop import workspace_of
from experiments import segment
from experiments.dataset import read_dataset
from experiments.search.trials import Space, search
from experiments.segment_problem import Problem, ids_at
from experiments.segment_trial import clustered_by
from experiments.study import SegmentStudy, validated
from models.segments import segmenter, variables
from models.segments.clusterers import Floats
from models.segments.segmenter import Segmenter, before_refit, described
from models.segments.use import idle_movers, use_scores
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study
from pipelines.workspace import Workspace

MILLION = 1_000_000
WHAT = {
    "spend R²": "use_spend_r2",
    "log spend R²": "use_log_spend_r2",
    "who buys R²": "use_churn_r2",
    "what is in the orders R²": "use_order_r2",
}


@dataclass(frozen=True)
class Choice:
    """A clustering without the customers it is fitted on."""

    columns: tuple[str, ...]
    weight: Floats
    candidate: str
    params: Mapping[str, Any]

    def fitted(self, X: pd.DataFrame, seed: int) -> Segmenter:
        """The clustering of these customers, without a catalogue."""
        return segmenter.fit_clusters(
            segmenter.prepare(X, self.columns, self.weight), self.candidate, self.params, seed
        )


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="workspace with canonical tables; a simulated shop if none")
    parser.add_argument("--study", default="segments")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--prefer")
    parser.add_argument("--truth", type=Path)
    asked = parser.parse_args()
    with workspace_of(asked.home) as workspace:
        study = cast(SegmentStudy, find_study(workspace, asked.study)).adjusted(trials=asked.trials)
        report(workspace, preferring(study, asked.prefer), asked.seeds, asked.truth)


def preferring(study: SegmentStudy, rule: str | None) -> SegmentStudy:
    """The study with another rule."""
    content = study.model_dump()
    content["segments"]["prefer"] = rule or content["segments"]["prefer"]
    return validated(SegmentStudy, content, study.name)


def report(workspace: Workspace, study: SegmentStudy, seeds: int, truth: Path | None) -> None:
    """Print the table of one workspace."""
    quarter, month = (problem_of(workspace, study, days) for days in (90.0, 30.0))
    choice, k, why = choice_of(quarter, study)
    print(f"{why}\n{choice.candidate} {dict(choice.params)} by {', '.join(choice.columns)}\n")
    found: dict[str, Any] = {"customers": len(quarter.everybody), "groups": k}
    found |= identity(quarter, choice, seeds) | a_month_later(month, choice)
    for problem in (month, quarter):
        period, model = problem.periods[-1], choice.fitted(problem.customers, problem.search.seed)
        found[f"idle movers, {period.days:.0f} days"] = idle_movers(period, model)
    found |= use(quarter, choice, k)
    found["seconds to assign a million"] = a_million(quarter, choice)
    if truth:
        found["adjusted Rand index to the truth"] = to_truth(quarter, choice, truth)
    print("| | |\n|---|---|")
    for name, value in found.items():
        print(f"| {name} | {value if isinstance(value, int) else format(value, '.3f')} |")


def problem_of(workspace: Workspace, study: SegmentStudy, period_days: float) -> Problem:
    """The study with another period between its dates."""
    content = study.model_dump()
    content["segments"]["period_days"] = period_days
    content["name"] = f"{study.name}_{period_days:.0f}"
    asked = validated(SegmentStudy, content, study.name)
    return segment.prepare(asked, read_dataset(build_dataset(workspace, asked)))


def choice_of(problem: Problem, study: SegmentStudy) -> tuple[Choice, int, str]:
    """What the study would register, its number of groups, and why."""
    each = {name: segment.candidate(name) for name in study.clusterers}
    space = Space(each, study.search, segment.DIRECTIONS, segment.common(problem))
    with tempfile.TemporaryDirectory(prefix="coterie-benchmark-") as place:
        tried = search(space, segment.evaluation(problem), f"sqlite:///{place}/optuna.db", "it")
    best, why = segment.choose(problem, tried)
    columns, weight = clustered_by(problem.features, problem.ranking, best.params)
    choice = Choice(columns, weight, best.candidate, variables.without(best.params))
    labels = segmenter.assign_labels(choice.fitted(problem.customers, problem.search.seed), problem.customers)[0]
    return choice, len(np.unique(labels[labels >= 0])), why


def kept(before: pd.DataFrame, after: pd.DataFrame, column: str) -> float:
    """Share of the customers whose value stays, over what the best one-to-one assignment of values reaches."""
    counts = pd.crosstab(before[column].to_numpy(), after[column].to_numpy())
    rows, columns = linear_sum_assignment(-counts.to_numpy())
    best = counts.to_numpy()[rows, columns].sum()
    return float((before[column].to_numpy() == after[column].to_numpy()).sum() / best)


def identity(problem: Problem, choice: Choice, seeds: int) -> dict[str, float]:
    """Ids and names kept when 2 % more customers come, mean and worst of the seeds."""
    X = problem.customers
    shares: dict[str, list[float]] = {"segment_id": [], "segment_name": []}
    for seed in range(seeds):
        some = X.iloc[np.sort(np.random.default_rng(seed).permutation(len(X))[: round(len(X) / 1.02)])]
        old = described(choice.fitted(some, seed), some)
        before = before_refit(old, X, choice.candidate)
        new = described(choice.fitted(X, seed + 1000), X, "", before, "later")
        one, other = segmenter.assign(old, some), segmenter.assign(new, some)
        for column, values in shares.items():
            values.append(kept(one, other, column))
    named = {"segment_id": "ids", "segment_name": "names"}
    return {
        f"{named[c]} kept with 2 % more customers, {how}": float(do(values))
        for c, values in shares.items()
        for how, do in (("mean", np.mean), ("worst", np.min))
    }


def a_month_later(problem: Problem, choice: Choice) -> dict[str, float]:
    """Ids and names kept from a model of a month ago, on the features of then, to one of today, on those of today."""
    period = problem.periods[-1]
    old = described(choice.fitted(period.start, 0), period.start)
    before = before_refit(old, problem.customers, choice.candidate)
    new = described(choice.fitted(problem.customers, 1), problem.customers, "", before, "later")
    one, other = segmenter.assign(old, period.start), segmenter.assign(new, period.end)
    return {f"{name} kept a month later": kept(one, other, f"segment_{name[:-1]}") for name in ("ids", "names")}


def use(problem: Problem, choice: Choice, k: int) -> Mapping[str, float]:
    """Explained variance of ours and of the baselines, raw and log."""
    rivals = {
        f"ours, {k}": choice.fitted(problem.customers, problem.search.seed),
        f"groups by spend, {k}": rival(problem, "value_deciles", {"k": k}),
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
    some = [column for column in ("purchase_spend", "purchase_orders_n") if column in problem.customers]
    return segmenter.fit_clusters(segmenter.prepare(problem.customers, some), name, params, problem.search.seed)


def a_million(problem: Problem, choice: Choice) -> float:
    """Seconds to assign a million customers, drawn with replacement."""
    model = choice.fitted(problem.customers, problem.search.seed)
    drawn = np.random.default_rng(0).integers(len(problem.customers), size=MILLION)
    X = problem.customers[list(model.features)].iloc[drawn]
    started = time.perf_counter()
    segmenter.assign_labels(model, X)
    return time.perf_counter() - started


def to_truth(problem: Problem, choice: Choice, folder: Path) -> float:
    """Adjusted Rand index of today's segments and the simulation's hidden groups."""
    truth = pl.read_parquet(folder / "truth-*.parquet").select("customer_no", "segment")
    hidden = dict(truth.iter_rows())
    ids = ids_at(problem.dataset, problem.dataset.cutoffs[-1])[problem.chosen]
    known = np.array([id_ in hidden for id_ in ids])
    label, _ = segmenter.assign_labels(choice.fitted(problem.customers, problem.search.seed), problem.customers)
    return float(adjusted_rand_score([hidden[id_] for id_ in ids[known]], label[known]))


if __name__ == "__main__":
    main()
