"""Is one curve as good as a model of its own for each horizon? ``python -m benchmarks.curves --home or cdnow cj``.

``next_purchase`` with its three horizons, and three studies of one horizon each, untuned, tested on the same cutoffs
and customers: log-loss at each horizon, and how far the curve is behind (its loss minus the other's, above 0 the curve
is worse). Then the curves of a million customers, drawn from these: how many fall from one horizon to the next.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.shop import workspace_of
from experiments import predict
from experiments.contest import Contestant, Scored
from experiments.dataset import read_dataset
from experiments.rolling import Problem, rolling_test
from experiments.splits import day_of
from experiments.study import PredictStudy, validated
from models.curves import happened
from models.intervals import clustered_mean
from models.losses import log_loss
from models.predictor import predict as answers
from models.sample import Floats
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study
from pipelines.workspace import Workspace

MILLION, AT_ONCE = 1_000_000, 100_000


def main() -> None:
    """Print a table for each workspace."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, nargs="*", default=[None])
    asked = parser.parse_args()
    print("| shop | horizon | curve | a model of its own | curve is behind by | BG/NBD |\n|---|---|---|---|---|---|")
    for home in asked.home:
        with workspace_of(home) as workspace:
            report(workspace)


def report(workspace: Workspace) -> None:
    """Rows of one workspace, and the crossings."""
    study = find_study(workspace, "next_purchase")
    assert isinstance(study, PredictStudy)
    problem = prepared(workspace, study)
    whole = tested(problem, study.learners[0])
    bgnbd = tested(problem, "bgnbd")
    dates = [day_of(cutoff) for cutoff in problem.tests]
    customer = problem.customers_at(problem.tests)
    for place, days in enumerate(problem.question.horizons):
        content = study.model_dump() | {"horizon_days": [days]}
        content["cutoffs"] = content["cutoffs"] | {"test": dates}
        alone = prepared(workspace, validated(PredictStudy, content, study.name))
        own = tested(alone, study.learners[0])
        one, other, third = (loss_at(each, k, days) for each, k in ((whole, place), (own, 0), (bgnbd, place)))
        behind = clustered_mean(one - other, customer, 500, 0.9, 0)
        cells = f"{one.mean():.4f} | {other.mean():.4f} | {behind[0]:+.4f} [{behind[1]:+.4f}, {behind[2]:+.4f}]"
        print(f"| {workspace.home.name} | {days:g} | {cells} | {third.mean():.4f} |", flush=True)
    loss = problem.target.LOSS
    brier = f"integrated Brier: curve {whole.scores[loss]:.4f}, BG/NBD {bgnbd.scores[loss]:.4f}"
    print(f"\n{brier}; falling curves among a million customers: {crossings(problem, whole)}\n", flush=True)


def prepared(workspace: Workspace, study: PredictStudy) -> Problem:
    """The study's problem."""
    return predict.prepare(study, read_dataset(build_dataset(workspace, study)))


def tested(problem: Problem, learner: str) -> Scored:
    """A learner with its defaults."""
    return rolling_test(problem, Contestant("untuned", learner, {}))


def loss_at(tested: Scored, place: int, days: float) -> Floats:
    """Log-loss of each row at one horizon."""
    y = np.concatenate([happened(each, (days,))[:, 0] for each in tested.outcomes])
    return log_loss(y, np.concatenate([each[:, place] for each in tested.answers]))


def crossings(problem: Problem, tested: Scored) -> int:
    """Curves of a million customers, drawn with replacement from the newest cutoff, that fall somewhere."""
    sample = problem.dataset.sample(tested.model.features)
    X = sample.where(problem.scored(sample, problem.tests[-1])).X
    random, falling = np.random.default_rng(0), 0
    for _ in range(MILLION // AT_ONCE):
        drawn = X.iloc[random.integers(len(X), size=AT_ONCE)]
        noisy = drawn * random.lognormal(0.0, 0.1, drawn.shape)  # so that they are not the same few customers again
        falling += int((np.diff(answers(tested.model, noisy), axis=1) < 0.0).any(axis=1).sum())
    return falling


if __name__ == "__main__":
    main()
