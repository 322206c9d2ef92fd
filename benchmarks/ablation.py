"""What each feature family adds: ``python -m benchmarks.ablation --home workspace [--study churn ...]``.

For each family two differences of the study's loss over its test cutoffs, customers resampled whole: the family added
to those of orders alone (purchase, cadence, basket), and taken from all. Above 0 the family helps. The study's first
learner with its defaults, calibrated, the same folds and rows for all; without ``--home`` a shop is simulated.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.contest import TUNED, Contestant, Scored
from experiments.dataset import Dataset, read_dataset
from experiments.predict import prepare
from experiments.prediction_verdict import difference
from experiments.rolling import losses, rolling_test
from experiments.studies import load_study
from experiments.study import PredictStudy
from experiments.verdict import Difference
from features.families import families
from pipelines.simulation.simulate import simulate
from pipelines.steps.dataset import build_dataset
from pipelines.steps.ingest import ingest_step
from pipelines.workspace import Workspace

ORDERS = ("purchase", "cadence", "basket")


def test(study: PredictStudy, dataset: Dataset, names: Sequence[str]) -> Scored:
    """The learner on the features of these families."""
    patterns = tuple(f"{name}_*" for name in names)
    features = study.features.model_copy(update={"include": patterns})
    problem = prepare(study.model_copy(update={"features": features}), dataset)
    return rolling_test(problem, Contestant(TUNED, study.learners[0], {}))


def ablate(study: PredictStudy, dataset: Dataset) -> None:
    """Print one row a family."""
    problem = prepare(study, dataset)
    customer = problem.customers_at(problem.tests)

    def lead(ours: Scored, other: Scored) -> str:
        return starred(
            difference(
                problem, np.concatenate(losses(problem, other)) - np.concatenate(losses(problem, ours)), customer
            )
        )

    there = [name for name in families() if any(column.startswith(f"{name}_") for column in dataset.features)]
    base, whole = test(study, dataset, ORDERS), test(study, dataset, there)
    for score in problem.target.headline(problem.question)[:2]:
        print(f"{study.name}: {score} {base.scores[score]:.4f} from orders, {whole.scores[score]:.4f} from all")
    print(f"all families gain {lead(whole, base)}\n\n| family | added to orders | taken from all |\n|---|---|---|")
    for name in [name for name in there if name not in ORDERS]:
        added = lead(test(study, dataset, [*ORDERS, name]), base)
        taken = lead(whole, test(study, dataset, [other for other in there if other != name]))
        print(f"| {name} | {added} | {taken} |", flush=True)


def starred(found: Difference) -> str:
    """Mean and interval; a star where the whole interval is above 0."""
    return f"{found}{' *' if found.low > 0 else ''}"


def main() -> None:
    """Ablate the studies asked for on the canonical tables of a workspace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--customers", type=int, default=3_000)
    parser.add_argument("--study", action="append")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.home or Path(folder))
        if not arguments.home:
            simulate(workspace.home / "raw" / "simulated", customers=arguments.customers, seed=7)
            ingest_step(workspace, "simulated", "", None)
        for name in arguments.study or ["churn", "next_purchase"]:
            study = load_study(name)
            ablate(study, read_dataset(build_dataset(workspace, study)))


if __name__ == "__main__":
    main()
