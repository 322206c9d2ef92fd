"""A small shop, its fitted models as a bundle, and the real service answering from it on a free loopback port."""

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from features.engines import Tables, from_frames, to_pandas
from features.entities import about
from features.indicators import numbers
from features.snapshot import feature_names, snapshot
from features.windows import to_days
from models.artifact import save
from models.learners import cannot_answer, learner, learners
from models.predictor import Predictor, fit_predictor
from models.question import Question
from models.sample import Sample
from models.segments.segmenter import fit_segmenter
from models.targets import target
from models.tasks import labelled, question, tasks
from serving.bundle import Bundle, load_bundle
from serving.launch import command, environment
from serving.publication import write_bundle

START = datetime(2024, 1, 1)
AS_OF = to_days("2025-06-01")
CUTOFFS = [to_days(day) for day in ("2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01")]


@dataclass(frozen=True)
class Shop:
    """What was bought, the snapshot at ``AS_OF`` and the artifacts of the models fitted before it."""

    orders: pl.DataFrame
    products: pl.DataFrame
    snapshot: pd.DataFrame
    artifacts: dict[str, Path]


def bought(customers: int, seed: int) -> pl.DataFrame:
    """Order lines: each customer with a rate of their own, one line in twelve a return, some at the same moment."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        customer, gap_days = f"c{number:05d}", float(rng.choice([6.0, 20.0, 70.0]))
        at = START + timedelta(days=float(rng.uniform(0, 400)))
        until = START + timedelta(days=float(rng.uniform(100, 650)))
        for order in range(25):
            for _ in range(int(rng.integers(1, 4))):
                price = round(float(rng.lognormal(2, 0.8)), 2)
                kind = "return" if order and rng.random() < 0.08 else "sale"
                discount = round(price / 10, 2) if rng.random() < 0.2 else None
                rows.append((f"{customer}-{order}", customer, at, f"p{rng.integers(30)}", price, discount, kind))
            at += timedelta(days=float(rng.exponential(gap_days)))
            if at > until:
                break
    names = ["order_id", "customer_id", "at", "product_id", "unit_price", "discount", "kind"]
    quantity = rng.integers(1, 9, len(rows)).astype(float)
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        pl.Series("quantity", quantity), pl.col("discount").cast(pl.Float64)
    )


def fitted(tables: Tables, snapshots: dict[float, pl.DataFrame], asked: Question) -> Predictor:
    """A predictor that answers the question, trained on ``snapshots`` by cutoff."""
    name = learner_for(asked)
    dated = [
        to_pandas(labelled(asked, nw.from_native(found.lazy()), about(tables, as_of), as_of))
        for as_of, found in snapshots.items()
    ]
    rows = pd.concat(dated, ignore_index=True)
    y = target(asked.target).labels(rows["label"].to_numpy(), asked)
    X = rows[numbers(rows[list(feature_names(tables))])]
    fewer = {"n_estimators": 60} if "n_estimators" in learner(name).DEFAULTS else {}
    return fit_predictor(name, Sample(X, y, rows["as_of"].to_numpy(), asked), fewer, seed=1, calibrate=True)


def questions() -> dict[str, Question]:
    """A question of each task about buyers, from their orders alone."""
    horizons = {"curve": (7.0, 30.0, 90.0)}
    return {
        name: question(name, horizons.get(found.TARGET, (30.0,)))
        for name, found in tasks().items()
        if found.WHO == "buyers" and found.LABELLED_BY[0] == "orders"
    }


def learner_for(asked: Question) -> str:
    """A learner that can answer the question: trees if possible."""
    return next(name for name in ("lightgbm", "hazard", *learners()) if not cannot_answer(name, asked))


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """1,200 customers, a model of every task, and segments."""
    folder = tmp_path_factory.mktemp("artifacts")
    orders = bought(1_200, seed=7)
    products = pl.DataFrame({"product_id": [f"p{n}" for n in range(30)], "category": [f"k{n % 4}" for n in range(30)]})
    tables = from_frames({"orders": orders, "products": products})
    found = to_pandas(snapshot(tables, AS_OF))
    snapshots = {as_of: snapshot(tables, as_of).to_native().collect() for as_of in CUTOFFS}
    features = ["purchase_recency_days", "purchase_days_n", "purchase_order_value_mean", "purchase_tenure_days"]
    X = found[numbers(found)].drop(columns="customer_id")
    models: dict[str, Any] = {name: fitted(tables, snapshots, asked) for name, asked in questions().items()}
    models["segments"] = fit_segmenter(X, features, "kmeans", {"k": 4}, seed=1)
    for name, model in models.items():
        save(folder / name, model, {"training_window": ["2025-02-01", "2025-05-01"], "scores": {}})
    return Shop(orders, products, found, {name: folder / name for name in models})


def published(folder: Path, *parts: Any) -> Path:
    """The folder of a bundle of ``parts`` (as ``write_bundle`` takes them), below ``folder``, named by its version."""
    version = write_bundle(folder / "draft", *parts)
    return (folder / "draft").rename(folder / version)


@pytest.fixture(scope="session")
def bundle_folder(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's bundle on disk."""
    folder = tmp_path_factory.mktemp("bundles")
    versions = {name: {"version": str(number)} for number, name in enumerate(shop.artifacts, start=1)}
    return published(folder, shop.artifacts, versions, [shop.snapshot], AS_OF, shop.products)


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> Bundle:
    """The shop's bundle, loaded."""
    return load_bundle(bundle_folder)


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path, seconds: float = 90) -> None:
    """Return when the service says it is ready; fail with its log if it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the service did not become ready: {log.read_text()[-2000:]}")


@dataclass(frozen=True)
class Running:
    """A running service: where it answers, where it logs, and its first process."""

    url: str
    log: Path
    pid: int


@pytest.fixture(scope="session")
def running(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service as a user starts it, in its own process."""
    home = tmp_path_factory.mktemp("service")
    port = free_port()
    log = home / "log"
    # Whoever starts it may do so in a project that has a `models/` of its own.
    (home / "models").mkdir()
    (home / "models" / "__init__.py").write_text("raise SystemExit('the models of another project')")
    env = {**environment(bundle_folder), "BENTOML_HOME": str(home / "bentoml"), "no_proxy": "127.0.0.1"}
    with log.open("wb") as sink:
        process = subprocess.Popen(command(port=port), env=env, cwd=home, stdout=sink, stderr=sink)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(url, process, log)
        yield Running(url, log, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def client(running: Running) -> Iterator[httpx.Client]:
    """An HTTP client of the running service."""
    with httpx.Client(base_url=running.url, timeout=30, trust_env=False) as found:
        yield found
