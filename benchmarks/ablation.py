"""What each feature family adds: ``python -m benchmarks.ablation --home workspace [--study churn ...]``.

For each family two differences of log-loss over the study's test cutoffs, customers resampled whole: added to what
orders alone say (purchase, cadence, basket), and taken away from everything. Above 0 the family helps. LightGBM with
its defaults, calibrated, the same folds and rows for all; without ``--home`` a shop of 3,000 customers is simulated.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from experiments.evaluate import TUNED, Contestant, Tested, customers_at, lead, rolling_test

from experiments.dataset import Dataset, read_dataset
from experiments.studies import load_study
from experiments.study import StudyConfig
from features.families import families
from pipelines.simulation.simulate import simulate
from pipelines.steps.dataset import build_dataset
from pipelines.steps.ingest import ingest_step
from pipelines.workspace import Workspace

ORDERS = ("purchase", "cadence", "basket")
LEARNER = Contestant(TUNED, "lightgbm", {})


def reading(study: StudyConfig, names: Sequence[str]) -> StudyConfig:
    """The study, with the features of these families only."""
    patterns = tuple(f"{name}_*" for name in names)
    return study.model_copy(update={"features": study.features.model_copy(update={"include": patterns})})


def test(study: StudyConfig, dataset: Dataset, names: Sequence[str]) -> Tested:
    """The learner on the features of these families."""
    return rolling_test(reading(study, names), dataset, LEARNER)


def ablate(study: StudyConfig, dataset: Dataset) -> None:
    """Print one row a family."""
    there = [name for name in families() if any(column.startswith(f"{name}_") for column in dataset.features)]
    base, whole = test(study, dataset, ORDERS), test(study, dataset, there)
    customer = customers_at(dataset, base.cutoffs)
    both = lead(study, customer, whole, base)
    print(
        f"\n{study.name}: log-loss {base.scores['log_loss']:.4f} from orders, {whole.scores['log_loss']:.4f} from all"
    )
    print(f"AUC {base.scores['roc_auc']:.4f} and {whole.scores['roc_auc']:.4f}; all families gain {interval(both)}\n")
    print("| family | added to orders | taken from all |\n|---|---|---|")
    for name in there:
        if name in ORDERS:
            continue
        added = lead(study, customer, test(study, dataset, [*ORDERS, name]), base)
        taken = lead(study, customer, whole, test(study, dataset, [other for other in there if other != name]))
        print(f"| {name} | {interval(added)} | {interval(taken)} |", flush=True)


def interval(found: tuple[float, float, float]) -> str:
    """Mean and interval; a star where the whole interval is above 0."""
    mean, low, high = found
    return f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]{' *' if low > 0 else ''}"


def main() -> None:
    """Ablate the studies asked for on the canonical tables of a workspace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--customers", type=int, default=3_000)
    parser.add_argument("--study", action="append")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Workspace(arguments.home or Path(folder))
        if not arguments.home:
            simulate(home.home / "raw" / "simulated", customers=arguments.customers, seed=7)
            ingest_step(home, "simulated", "", None)
        for name in arguments.study or ["churn", "next_purchase"]:
            study = load_study(name)
            ablate(study, read_dataset(build_dataset(home, study)))


if __name__ == "__main__":
    main()
