"""What tracking costs: a study with Optuna's storage and MLflow's nested runs against the bare objective.

    python -m benchmarks.tracking [--customers 3000] [--rounds 3] [--trials 10]

Both sides evaluate the same parameters of the same LightGBM study in one process, trial by trial in turn. Prints
seconds a trial and the overhead; exit status 1 if the median over the rounds is above 5%.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from experiments.dataset import Dataset, write_dataset
from experiments.predict import evaluation, prepare
from experiments.run import record_trial
from experiments.search.objective import Objective
from experiments.search.trials import Space, Trial, search
from experiments.splits import calendar_cutoffs
from experiments.studies import load_study, parse_study
from experiments.study import PredictStudy
from experiments.tracking.runs import open_client, open_experiment, start_study
from experiments.tracking.stores import Stores
from models.learners import learner
from models.tasks import question

LIMIT = 0.05


def synthetic(folder: Path, customers: int) -> Dataset:
    """12 monthly cutoffs, 40 features of which four tell who buys."""
    random = np.random.default_rng(0)
    cutoffs = calendar_cutoffs(19723.0, 19723.0 + 365.0, "month")[:12]
    rows = customers * len(cutoffs)
    X = pd.DataFrame({f"feature_{i:02d}": random.lognormal(size=rows) for i in range(40)})
    p = 1 / (1 + np.exp(-(X.iloc[:, :4].apply(np.log).sum(axis=1) - 1)))
    frame = X.assign(
        customer_id=np.tile([f"c{i:06d}" for i in range(customers)], len(cutoffs)),
        as_of=np.repeat(cutoffs, customers),
        label=(random.random(rows) < p).astype(float),
    )
    return write_dataset(folder, [frame], list(X.columns), question("churn", [30.0]), {})


def measure(config: PredictStudy, dataset: Dataset, folder: Path) -> tuple[float, float]:
    """Seconds of a stored and mirrored search, and of the same evaluations bare; opening the stores is not counted.

    After each tracked trial its parameters are evaluated bare, so both sides meet the same minute of the machine.
    """
    stores = Stores(f"sqlite:///{folder / 'mlflow.db'}", None, f"sqlite:///{folder / 'optuna.db'}")
    client = open_client(stores)
    study = start_study(client, open_experiment(client, stores, config.name), config, dataset)
    evaluate = evaluation(prepare(config, dataset))
    objective = Objective(evaluate)
    objective("lightgbm", {"n_estimators": 1})  # both sides start with their folds cut
    bare = 0.0

    def after(trial: Trial) -> None:
        nonlocal bare
        record_trial(study, None, trial)
        started = time.perf_counter()
        objective(trial.candidate, trial.params)
        bare += time.perf_counter() - started

    started = time.perf_counter()
    space = Space({"lightgbm": learner("lightgbm")}, config.search, "minimize")
    search(space, evaluate, stores.storage_url, "benchmark", on_trial=after)
    return time.perf_counter() - started - bare, bare


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=10)
    chosen = parser.parse_args()
    shipped = load_study("churn").adjusted(trials=chosen.trials).model_dump()
    changes = {"cutoffs": shipped["cutoffs"] | {"every": "month"}, "baselines": ["constant"], "features": {}}
    config = parse_study(shipped | changes, "benchmark")
    overheads = []
    with tempfile.TemporaryDirectory() as temporary:
        dataset = synthetic(Path(temporary) / "data", chosen.customers)
        for turn in range(chosen.rounds):
            tracked, bare = measure(config, dataset, Path(temporary) / f"home-{turn}")
            overheads.append(tracked / bare - 1)
            print(
                f"round {turn + 1}: tracked {tracked / chosen.trials:.3f} s a trial, bare "
                f"{bare / chosen.trials:.3f} s, overhead {overheads[-1]:+.1%}",
                flush=True,
            )
    print(f"median overhead {median(overheads):+.1%} ({len(dataset.frame):,} rows, limit {LIMIT:.0%})")
    return int(median(overheads) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
