"""Requests a second and p50/p99 of the running service: ``python -m benchmarks.serving [--requests N]``.

(``-P`` because this file shares its name with a package.)
Without ``--bundle`` it serves a synthetic shop of 20,000 customers with LightGBM churn and
k-means segments. The client is a bare socket in this process, so both share the machine: figures are a lower bound.
"""

import argparse
import http.client
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from experiments.studies import load_study
from features.engines import from_frames, to_pandas
from features.indicators import numbers
from features.snapshot import snapshot
from features.windows import to_days
from models.artifact import save
from models.predictor import fit_predictor
from models.sample import Sample
from models.segments.segmenter import fit_segmenter
from models.tasks import question
from serving.bundle import load_bundle
from serving.launch import command, environment
from serving.publication import write_bundle

START = datetime(2024, 1, 1)
AS_OF = to_days("2025-01-01")
PORT = 3917


def synthetic_orders(customers: int, lines: int, seed: int) -> pl.DataFrame:
    """``lines`` order lines a customer, spread over a year, a third of them in the last quarter."""
    rng = np.random.default_rng(seed)
    n = customers * lines
    days = np.minimum(rng.exponential(rng.choice([40.0, 250.0], customers).repeat(lines)), 364.0)
    return pl.DataFrame(
        {
            "order_id": np.char.add("o", (np.arange(n) // 2).astype(str)),
            "customer_id": np.char.add("c", np.arange(customers).repeat(lines).astype(str)),
            "at": [START + timedelta(days=365 - float(day)) - timedelta(hours=1) for day in days],
            "product_id": np.char.add("p", rng.integers(0, 500, n).astype(str)),
            "quantity": rng.integers(1, 9, n).astype(float),
            "unit_price": rng.lognormal(2, 0.8, n).round(2),
            "kind": rng.choice(["sale", "return"], n, p=[0.95, 0.05]),
        }
    )


def synthetic_bundle(folder: Path, customers: int) -> Path:
    """A bundle like a real one in size and shape; what its models say means nothing."""
    found = to_pandas(snapshot(from_frames({"orders": synthetic_orders(customers, 10, seed=1)}), AS_OF))
    X = found[numbers(found)].drop(columns="customer_id")
    coin = np.random.default_rng(2).random(len(X)) < 1 / (1 + X["purchase_recency_days"].to_numpy() / 30)
    sample = Sample(X, coin.astype(float), np.full(len(X), AS_OF), question("churn", (30.0,)))
    models: dict[str, Any] = {
        "churn": fit_predictor("lightgbm", sample, {}, 1, calibrate=False),
        "segments": fit_segmenter(X, load_study("segments").features.select(X.columns), "kmeans", {"k": 6}, 1),
    }
    for name, model in models.items():
        save(folder / name, model, {})
    version = write_bundle(folder / "draft", {name: folder / name for name in models}, {}, [found], AS_OF)
    return (folder / "draft").rename(folder / version)


@contextmanager
def running(bundle: Path, folder: Path) -> Iterator[None]:
    """The service on PORT, stopped at the end."""
    env = {**environment(bundle), "BENTOML_HOME": str(folder / "bentoml")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command(port=PORT), env=env, cwd=folder, stdout=log, stderr=log)
    try:
        wait_until_ready(process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(process: "subprocess.Popen[bytes]") -> None:
    """Return when /readyz answers 200."""
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the service did not start: run it alone with `coterie serve` and read what it says")


def measure(path: str, bodies: list[bytes], connections: int) -> dict[str, float]:
    """Send every body once over ``connections`` kept-open connections, each one at a time; milliseconds and rate."""
    took: list[float] = []
    started = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(path, bodies[k::connections], took)) for k in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    p50, p99, worst = np.percentile(np.array(took) * 1e3, [50, 99, 100])
    return {"requests_per_s": len(took) / seconds, "p50_ms": float(p50), "p99_ms": float(p99), "max_ms": float(worst)}


def ask(path: str, bodies: list[bytes], took: list[float]) -> None:
    """One connection's requests, one after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    for body in bodies:
        started = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answered = response.read()
        took.append(time.perf_counter() - started)
        if response.status != 200:
            raise SystemExit(f"{path} answered {response.status}: {answered[:300]!r}")


def predict_bodies(ids: list[str], requests: int, size: int) -> list[bytes]:
    """``requests`` bodies of ``size`` customers each, all over the store."""
    rng = np.random.default_rng(3)
    return [json.dumps({"customer_ids": rng.choice(ids, size).tolist()}).encode() for _ in range(requests)]


def history_bodies(requests: int, lines: int) -> list[bytes]:
    """``requests`` bodies of one customer with ``lines`` order lines."""
    orders = synthetic_orders(requests, lines, seed=4).with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    bodies = []
    for (name,), own in orders.group_by("customer_id", maintain_order=True):
        # The first line is a sale, so that every customer can be answered.
        found = [{**line, "kind": line["kind"] if number else "sale"} for number, line in enumerate(own.to_dicts())]
        for line in found:
            del line["customer_id"]
        bodies.append(json.dumps({"customers": [{"customer_id": name, "orders": found}]}).encode())
    return bodies


def main() -> None:
    """Serve, warm up, measure each case, print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--bundle", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bundle = chosen.bundle or synthetic_bundle(folder, chosen.customers)
        ids = [name.decode() for name in load_bundle(bundle).answers.ids]
        n = chosen.requests
        as_of = {} if chosen.bundle is None else {"as_of": datetime.now(UTC).isoformat()}
        histories = [json.dumps({**json.loads(body), **as_of}).encode() for body in history_bodies(n // 4, 20)]
        cases = {
            "/predict 1 customer, 1 connection": ("/predict", predict_bodies(ids, n, 1), 1),
            "/predict 1 customer, 8 connections": ("/predict", predict_bodies(ids, n, 1), 8),
            "/predict 100 customers, 1 connection": ("/predict", predict_bodies(ids, n // 4, 100), 1),
            "/predict_history 20 lines, 1 connection": ("/predict_history", histories, 1),
        }
        results = {}
        with running(bundle, folder):
            for name, (path, bodies, connections) in cases.items():
                measure(path, bodies[:50], 1)
                results[name] = measure(path, bodies, connections)
        for name, figures in results.items():
            print(f"{name:42s}" + "".join(f"  {key} {value:8.1f}" for key, value in figures.items()))
        print(json.dumps({"cores": os.cpu_count(), "customers": len(ids), "results": results}))


if __name__ == "__main__":
    main()
