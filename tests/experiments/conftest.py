"""Small datasets with a known rule, and tracking stores that are created once."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from experiments.dataset import Dataset, write_dataset
from experiments.kinds import kind_of
from experiments.run import StudyResult, run_study
from experiments.search import workers
from experiments.search.trials import Space, Trial, search
from experiments.splits import calendar_cutoffs
from experiments.studies import parse_study
from experiments.study import PredictStudy, SegmentStudy, Study
from experiments.tracking.runs import open_client
from experiments.tracking.stores import Stores
from models.tasks import question

FEATURES = (
    "purchase_recency_days",
    "purchase_tenure_days",
    "purchase_orders_n",
    "purchase_days_n",
    "purchase_spend",
    "purchase_order_value_mean",
    "noise_a",
)
JANUARY_2024 = 19723.0
HORIZON_DAYS = 30.0
QUESTION = question("churn", [HORIZON_DAYS])


def panel(customers: int, cutoffs: int, seed: int = 0) -> pd.DataFrame:
    """Customers who bought lately and often buy again with P = expit(1.5 + log1p(orders) - recency / 20)."""
    random = np.random.default_rng(seed)
    dates = calendar_cutoffs(JANUARY_2024, JANUARY_2024 + 16.0 * cutoffs, "half-month")[:cutoffs]
    n = customers * len(dates)
    recency = random.exponential(40, n).round(3)
    orders = random.geometric(0.3, n).astype(float)
    value = random.lognormal(4, 0.5, n).round(2)
    p = 1 / (1 + np.exp(-(1.5 + np.log1p(orders) - recency / 20)))
    return pd.DataFrame(
        {
            "customer_id": np.tile([f"c{i:04d}" for i in range(customers)], len(dates)),
            "as_of": np.repeat(dates, customers),
            "label": (random.random(n) < p).astype(float),
            "purchase_recency_days": recency,
            "purchase_tenure_days": recency + random.exponential(100, n).round(3) * (orders > 1),
            "purchase_orders_n": orders,
            "purchase_days_n": orders,
            "purchase_spend": orders * value,
            "purchase_order_value_mean": value,
            "noise_a": random.normal(size=n),
        }
    )


def groups(customers: int, seed: int = 0) -> pd.DataFrame:
    """Customers of four well separated kinds at one date."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, 4, customers)
    recency, days = np.array([5, 300, 20, 200])[kind], np.array([40, 2, 3, 30])[kind]
    spread = random.lognormal(0, 0.08, (customers, 4))
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(customers)],
            "as_of": JANUARY_2024,
            "purchase_recency_days": recency * spread[:, 0],
            "purchase_days_n": (days * spread[:, 1]).round() + 1,
            "purchase_order_value_mean": np.array([50, 80, 400, 20])[kind] * spread[:, 2],
            "purchase_tenure_days": 400 * spread[:, 3],
            "purchase_spend": days * np.array([50, 80, 400, 20])[kind] * spread[:, 2],
        }
    )


@pytest.fixture
def forked_workers(forks: ForkServerContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are forked with everything imported, which takes seconds in the spawned ones of a real search."""
    monkeypatch.setattr(workers, "get_context", lambda _: forks)


@pytest.fixture(scope="session")
def make_dataset(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Dataset]:
    """``make(frame)``: the frame as a dataset on disk, read back."""

    def make(frame: pd.DataFrame) -> Dataset:
        features = [name for name in frame.columns if name not in ("customer_id", "as_of", "label")]
        labelled = "label" in frame.columns
        return write_dataset(
            tmp_path_factory.mktemp("dataset"),
            [frame],
            features,
            QUESTION if labelled else None,
            {"canonical": "test"},
        )

    return make


@pytest.fixture(scope="session")
def dataset(make_dataset: Callable[..., Dataset]) -> Dataset:
    return make_dataset(panel(customers=400, cutoffs=14))


@pytest.fixture(scope="session")
def group_dataset(make_dataset: Callable[..., Dataset]) -> Dataset:
    return make_dataset(groups(customers=300))


def study(**changes: Any) -> PredictStudy:
    """A quick predict study: logistic regression against the constant."""
    content: dict[str, Any] = {
        "name": "churn",
        "kind": "predict",
        "task": "churn",
        "horizon_days": HORIZON_DAYS,
        "learners": ["logistic"],
        "baselines": ["constant"],
        "cutoffs": {"every": "half-month", "test": 2, "min_history_days": 0},
        "search": {"trials": 6, "validation_folds": 2},
        "promotion": {"draws": 200},
    }
    return cast(PredictStudy, parse_study(content | changes, "test"))


def group_study(**changes: Any) -> SegmentStudy:
    content: dict[str, Any] = {
        "name": "segments",
        "kind": "segment",
        "clusterers": ["kmeans", "hdbscan"],
        "baselines": ["rfm"],
        "search": {"trials": 4, "metric": "copula_gap"},
        "features": {"include": ["purchase_recency_days", "purchase_days_n", "purchase_order_value_mean"]},
        "promotion": {"draws": 200},
    }
    return cast(SegmentStudy, parse_study(content | changes, "test"))


@pytest.fixture(scope="session")
def empty_tracking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs; creating its tables takes seconds, copying it no time."""
    folder = tmp_path_factory.mktemp("empty")
    open_client(Stores(f"sqlite:///{folder / 'mlflow.db'}", None, ""))
    return folder / "mlflow.db"


@pytest.fixture(scope="session")
def make_stores(tmp_path_factory: pytest.TempPathFactory, empty_tracking: Path) -> Callable[[], Stores]:
    """``make()``: new stores in a new folder."""

    def make() -> Stores:
        folder = tmp_path_factory.mktemp("home")
        shutil.copy(empty_tracking, folder / "mlflow.db")
        return Stores(f"sqlite:///{folder / 'mlflow.db'}", None, f"sqlite:///{folder / 'optuna.db'}")

    return make


@pytest.fixture(scope="session")
def segments_run(group_dataset: Dataset, make_stores: Callable[[], Stores]) -> tuple[Stores, StudyResult]:
    """A finished study of segments, whose refits take seconds, and its stores."""
    stores = make_stores()
    return stores, run_study(group_study(), group_dataset, stores, trials=2)


def searched(config: Study, dataset: Dataset, folder: Path, **more: Any) -> list[Trial]:
    """The search of a study, stored in ``folder``."""
    kind = kind_of(config)
    problem = kind.prepare(config, dataset)
    each = {name: kind.candidate(name) for name in kind.candidates(config)}
    space = Space(each, config.search, kind.DIRECTIONS, kind.common(problem))
    evaluate = kind.evaluation(problem)
    return search(space, evaluate, f"sqlite:///{folder / 'optuna.db'}", "it", **more)


def with_labels(dataset: Dataset, label: "pd.Series[float]") -> Dataset:
    """The same dataset with other labels."""
    return replace(dataset, frame=dataset.frame.assign(label=label), fingerprint="other labels")


def flipped_where(dataset: Dataset, unknown: "pd.Series[bool]") -> Dataset:
    """The dataset with the labels of these rows flipped."""
    return with_labels(dataset, dataset.frame["label"].where(~unknown, 1 - dataset.frame["label"]))
