"""What a row budget costs in accuracy: ``python -m benchmarks.row_budget --home HOME [--study churn] [--rows ...]``.

Each of the study's learners, with its default parameters, is fitted for every test cutoff on all rows, and on those of
the customers that a budget draws. All are scored on the same rows, those of everybody at the test cutoffs. A positive
difference in loss, with the study's interval over customers, is what the budget costs.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.shop import workspace_of
from experiments import predict as kind
from experiments.dataset import read_dataset
from experiments.rolling import Problem, readable
from experiments.study import PredictStudy, validated
from features.engines import open_tables
from features.executors.draw import draw
from models.intervals import clustered_mean
from models.predictor import fit_predictor, known_at, predict
from models.sample import Floats, Mask
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study
from pipelines.workspace import Workspace

EVERYBODY = sys.maxsize


@dataclass(frozen=True)
class Fitted:
    """Of one budget: rows and customers learned from, scores averaged over the cutoffs, and the loss of every row."""

    rows: int
    customers: int
    scores: dict[str, float]
    loss: Floats


def with_everybody(study: PredictStudy) -> PredictStudy:
    """The study without a row budget."""
    return validated(PredictStudy, {**study.model_dump(), "sample": {"rows": EVERYBODY}}, study.name)


def drawn_rows(problem: Problem, workspace: Workspace, study: PredictStudy, rows: int) -> Mask:
    """The dataset's rows of the customers that the budget draws."""
    tables = open_tables(workspace.require("canonical"))
    ids = draw(tables, problem.dataset.cutoffs, rows, study.sample.seed).ids()["customer_id"]
    return problem.dataset.frame["customer_id"].isin(set(ids)).to_numpy()


def fitted_on(problem: Problem, candidate: str, mask: Mask) -> Fitted:
    """The learner fitted on the rows in ``mask`` for each test cutoff, and scored on all rows at it."""
    sample = problem.dataset.sample(readable(problem, candidate))
    losses, scores = [], []
    for cutoff in problem.tests:
        learn, at = known_at(sample.where(mask), cutoff), sample.where(sample.as_of == cutoff)
        answers = predict(fit_predictor(candidate, learn, {}, problem.search.seed, problem.calibrate), at.X)
        losses.append(problem.target.loss(at.y, answers, problem.question))
        scores.append(problem.target.scores(at.y, answers, problem.question))
    return Fitted(
        rows=int(mask.sum()),
        customers=problem.dataset.frame["customer_id"][mask].nunique(),
        scores={name: float(np.mean([each[name] for each in scores])) for name in scores[0]},
        loss=np.concatenate(losses),
    )


def compared(problem: Problem, candidate: str, masks: Sequence[Mask]) -> Iterator[str]:
    """A line of the table for all rows, then one for each budget."""
    everybody = fitted_on(problem, candidate, np.ones(len(problem.dataset.frame), dtype=np.bool_))
    customer = problem.customers_at(problem.tests)
    headline = problem.target.headline(problem.question)
    promotion, seed = problem.promotion, problem.search.seed
    for found in (everybody, *(fitted_on(problem, candidate, mask) for mask in masks)):
        cost = clustered_mean(found.loss - everybody.loss, customer, promotion.draws, promotion.confidence, seed)
        listed = ", ".join(f"{name} {found.scores[name]:.4f}" for name in headline)
        more = "" if found is everybody else f"{cost[0]:+.5f} [{cost[1]:+.5f}, {cost[2]:+.5f}]"
        yield f"| {candidate} | {found.rows:,} | {found.customers:,} | {listed} | {more} |"


def main() -> None:
    """Print one table a study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="workspace with canonical tables; a simulated shop if none")
    parser.add_argument("--study", nargs="+", default=["churn"])
    parser.add_argument("--rows", type=int, nargs="+", default=[25_000, 50_000])
    chosen = parser.parse_args()
    with workspace_of(chosen.home) as workspace:
        for name in chosen.study:
            study = find_study(workspace, name)
            assert isinstance(study, PredictStudy), "only predictions have a loss a row"
            report(workspace, study, chosen.rows)


def report(workspace: Workspace, study: PredictStudy, budgets: Sequence[int]) -> None:
    """Print the table of one study."""
    problem = kind.prepare(study, read_dataset(build_dataset(workspace, with_everybody(study))))
    masks = [drawn_rows(problem, workspace, study, rows) for rows in budgets]
    print(f"\n{study.name}: test cutoffs {len(problem.tests)}, {problem.target.LOSS_WORDS}, lower is better")
    print("| learner | rows | customers | scores | costs |\n|---|---|---|---|---|")
    for candidate in study.learners:
        for line in compared(problem, candidate, masks):
            print(line, flush=True)


if __name__ == "__main__":
    main()
