"""Is the product better than what takes an afternoon? ``python -m benchmarks.accuracy --home or cdnow cj``.

For each workspace with canonical tables, and each shipped prediction: the product (search, then the chosen parameters),
the same untuned, and every baseline of the study, all tested at the study's own cutoffs. *Ahead of plain* is the mean
loss of the untuned trees on 22 columns minus one's own, with a 90 % interval, customers resampled whole. Slope and
level (predicted over what came) are over all test cutoffs; *within* counts the cutoffs and horizons whose intervals
touch .9 to 1.1 and .95 to 1.05.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.shop import workspace_of
from experiments import predict
from experiments.contest import Scored, contestants
from experiments.dataset import read_dataset
from experiments.reliability import ALL, LEVELS, SLOPES, Reliability, reliability
from experiments.rolling import Problem, losses, rolling_test
from experiments.search.trials import Space, search
from experiments.study import PredictStudy
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study
from pipelines.workspace import Workspace

STUDIES = ("churn", "next_purchase", "value")
PLAIN = "plain"


def main() -> None:
    """Print a table for each workspace and study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, nargs="*", default=[None], help="workspaces; a simulated shop if none")
    parser.add_argument("--studies", nargs="*", default=list(STUDIES))
    parser.add_argument("--trials", type=int, default=12)
    asked = parser.parse_args()
    for home in asked.home:
        with workspace_of(home) as workspace:
            for name in asked.studies:
                report(workspace, name, asked.trials)


def report(workspace: Workspace, name: str, trials: int) -> None:
    """One table."""
    study = find_study(workspace, name).adjusted(trials=trials)
    assert isinstance(study, PredictStudy)
    problem = predict.prepare(study, read_dataset(build_dataset(workspace, study)))
    started = time.perf_counter()
    tested = list(everyone(problem, study))
    plain = next(each for each in tested if each.contestant.candidate == PLAIN)
    heads = problem.target.headline(problem.question)
    print(f"\n### {workspace.home.name}, {name}: {len(problem.dataset.frame):,} rows, {trials} trials\n")
    print(f"| | {' | '.join(heads)} | ahead of plain | slope | level | within |")
    print(f"|---{'|---' * (len(heads) + 4)}|")
    for each in tested:
        scores = " | ".join(f"{each.scores[head]:.4f}" for head in heads)
        print(f"| {each.contestant.label} | {scores} | {ahead(problem, plain, each)} | {reliable(problem, each)} |")
    print(f"\n{time.perf_counter() - started:.0f} s", flush=True)


def everyone(problem: Problem, study: PredictStudy) -> Iterator[Scored]:
    """The product, untuned, and the baselines."""
    each = {name: predict.candidate(name) for name in predict.candidates(study)}
    space = Space(each, study.search, predict.DIRECTIONS, None)
    with tempfile.TemporaryDirectory(prefix="coterie-benchmark-") as place:
        found = search(space, predict.evaluation(problem), f"sqlite:///{place}/optuna.db", "it")
    best, _ = predict.choose(problem, found)
    defaults = each[best.candidate].DEFAULTS
    for contestant in contestants(best.candidate, best.params, defaults, study.baselines):
        yield rolling_test(problem, contestant)


def ahead(problem: Problem, plain: Scored, other: Scored) -> str:
    """How much smaller the losses are than those of plain trees."""
    if plain is other:
        return ""
    gain = np.concatenate(losses(problem, plain)) - np.concatenate(losses(problem, other))
    return str(predict.difference(problem, gain, problem.customers_at(problem.tests)))


def reliable(problem: Problem, tested: Scored) -> str:
    """Slope and level over all cutoffs (of the longest horizon), and how many cutoffs and horizons are within."""
    found = reliability(problem, tested)
    whole = [each for each in found if each.cutoff == ALL][-1]
    single = [each for each in found if each.cutoff != ALL]
    slopes, levels = sum(map(_slope_within, single)), sum(map(_level_within, single))
    return f"{whole.slope} | {whole.level} | slope {slopes}, level {levels} of {len(single)}"


def _slope_within(found: Reliability) -> bool:
    return not found.slope.outside(SLOPES)


def _level_within(found: Reliability) -> bool:
    return not found.level.outside(LEVELS)


if __name__ == "__main__":
    main()
