"""The service beside what else one would serve a model with: ``python -m benchmarks.serving [--folder FOLDER]``.

Contestants, one after the other in one run, each with one worker: the service with 1,450 and 1,000,000 customers, a
service written by hand with FastAPI, and ``mlflow models serve``. A load generator in a process of its own keeps 1, 16
or 64 connections busy; its ceiling against a server that does nothing comes first. FOLDER keeps the bundles, which are
made once. Prints a table and one JSON line. CPU is that of the serving processes a request, which other work on the
machine moves less than the rate.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil

from benchmarks.http.bundles import DISTINCT, bundle_of, synthetic_orders
from serving.launch import LOOPBACK, command, environment

PORT = 3917
LOAD = (sys.executable, "-m", "benchmarks.http.load")
FOLDER = Path(tempfile.gettempdir()) / "coterie-benchmark"
CONNECTIONS = (1, 16, 64)
START_SECONDS = 120
MLFLOW_READY = "/ping"
JSON = {"Content-Type": "application/json"}
Figures = dict[str, Any]


@dataclass(frozen=True)
class Contestant:
    """A server: how it is started, where it says that it is ready, what it is asked."""

    name: str
    start: Sequence[str]
    environment: Mapping[str, str]
    bodies: list[bytes]
    path: str = "/predict"
    ready: str = "/readyz"
    connections: Sequence[int] = CONNECTIONS
    more: dict[str, tuple[str, list[bytes], int]] = field(default_factory=dict)
    """Further cases: name to path, bodies and connections."""
    histories: list[bytes] = field(default_factory=list)
    """Bodies of histories, of which the first is asked as soon as the service is ready."""


def main() -> None:
    """Run all contestants and print what they did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where bundles are kept")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each case is measured")
    parser.add_argument("--customers", type=int, nargs="+", default=[DISTINCT, 1_000_000])
    parser.add_argument("--only", help="run the contestants whose name has this in it")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, Figures] = {}
    for contestant in contestants(chosen.folder, chosen.customers):
        if not chosen.only or chosen.only in contestant.name:
            results.update(run(contestant, chosen.folder, chosen.seconds))
    print(json.dumps({"cores": os.cpu_count(), "results": results}))


def contestants(folder: Path, sizes: Sequence[int]) -> Iterator[Contestant]:
    """The empty server first: it shows what the load generator can do at most."""
    yield Contestant("nothing", [*LOAD, str(PORT), "--serve"], os.environ, [b"{}"])
    for customers in sizes:
        yield service(bundle_of(folder, customers), folder, customers)
    yield by_hand(bundle_of(folder, sizes[0]), sizes[0])
    yield mlflow_serve(bundle_of(folder, sizes[0]).parent)


def service(bundle: Path, folder: Path, customers: int) -> Contestant:
    """The service itself, also with 100 and 1,000 customers a request and with histories."""
    env = {**environment(bundle), "BENTOML_HOME": str(folder / "bentoml")}
    many = {f"{n} ids": ("/predict", predict_bodies(customers, n), 16) for n in (100, 1_000)}
    histories = history_bodies(200, 20)
    more = {**many, "history of 20 lines": ("/predict_history", histories, 1)}
    name, bodies = f"coterie, {customers:,} customers", predict_bodies(customers, 1)
    return Contestant(name, command(port=PORT), env, bodies, more=more, histories=histories)


def by_hand(bundle: Path, customers: int) -> Contestant:
    """FastAPI and uvicorn, as fast as uvicorn is with what is installed."""
    env = {**os.environ, "BENCHMARK_FOLDER": str(bundle.parent), "BENCHMARK_CUSTOMERS": str(customers)}
    start = [sys.executable, "-m", "uvicorn", "benchmarks.http.by_hand:app", "--port", str(PORT), "--no-access-log"]
    more = {"100 ids": ("/predict", predict_bodies(customers, 100), 16)}
    return Contestant(f"FastAPI, {customers:,} customers", start, env, predict_bodies(customers, 1), more=more)


def mlflow_serve(made: Path) -> Contestant:
    """``mlflow models serve`` of the booster alone; the features come with each request, since it has no store."""
    import lightgbm as lgb
    import mlflow.lightgbm
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    model = made / "mlflow"
    booster = lgb.Booster(model_file=made / "models" / "churn" / "lightgbm.txt")
    names = booster.feature_name()
    if not model.is_dir():
        signature = ModelSignature(Schema([ColSpec("double", name) for name in names]))
        mlflow.lightgbm.save_model(booster, model, signature=signature, pip_requirements=[])
    features = np.load(made / "features.npy")
    bodies = [json.dumps({"dataframe_split": {"columns": names, "data": [split(row)]}}).encode() for row in features]
    start = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local"]
    start += ["--host", LOOPBACK, "--port", str(PORT), "--workers", "1"]
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it starts whatever uvicorn is found
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": found}
    return Contestant("mlflow models serve", start, env, bodies, "/invocations", MLFLOW_READY)


def split(row: np.ndarray[Any, Any]) -> list[float | None]:
    """A row as JSON has it: null where a value is missing."""
    return [None if np.isnan(value) else float(value) for value in row]


def run(contestant: Contestant, folder: Path, seconds: float) -> dict[str, Figures]:
    """Start it, measure every case, stop it; the figures of each case."""
    cases = {f"{n} connections": (contestant.path, contestant.bodies, n) for n in contestant.connections}
    results = {}
    with running(contestant, folder) as (process, begun):
        print(f"\n{contestant.name}: ready in {begun['ready_s']:.1f} s, {begun['pss_mb']:.0f} MB", flush=True)
        results[contestant.name] = begun
        if contestant.histories:
            results[f"{contestant.name}, histories in turn"] = first_and_hundredth(contestant.histories)
        for name, (path, bodies, connections) in {**cases, **contestant.more}.items():
            figures = measure(process, folder, path, bodies, connections, seconds)
            results[f"{contestant.name}, {name}"] = figures
            print(f"  {name:22s}" + "".join(f"  {key} {value:9.2f}" for key, value in figures.items()), flush=True)
        print(f"  {'memory after the load':22s}  {pss_mb(process):.0f} MB", flush=True)
    return results


def first_and_hundredth(bodies: list[bytes]) -> Figures:
    """Milliseconds of the first history after the start, and of the hundredth: the median of those around it."""
    took = []
    for body in bodies[:110]:
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}/predict_history", body, JSON)
        began = time.perf_counter()
        urllib.request.urlopen(request, timeout=60).read()
        took.append((time.perf_counter() - began) * 1e3)
    figures = {"first_ms": took[0], "hundredth_ms": float(np.median(took[90:]))}
    print("  histories in turn     " + "".join(f"  {key} {value:9.2f}" for key, value in figures.items()), flush=True)
    return figures


@contextmanager
def running(contestant: Contestant, folder: Path) -> Iterator[tuple[psutil.Process, Figures]]:
    """The contestant on PORT, how long it took to be ready and what it needed; stopped at the end."""
    began = time.perf_counter()
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(contestant.start, env=dict(contestant.environment), stdout=log, stderr=log)
    process = psutil.Process(started.pid)
    try:
        wait_until_ready(started, contestant.ready, folder / "log")
        seconds = time.perf_counter() - began
        yield process, {"ready_s": seconds, "cpu_s": cpu_seconds(process), "pss_mb": pss_mb(process)}
    finally:
        family = [process, *process.children(recursive=True)] if started.poll() is None else []
        started.terminate()
        for one in psutil.wait_procs(family, timeout=30)[1]:
            one.kill()


def wait_until_ready(started: "subprocess.Popen[bytes]", path: str, log: Path) -> None:
    """Return when ``path`` answers 200."""
    deadline = time.monotonic() + START_SECONDS
    while started.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"it did not start: {log.read_text()[-2_000:]}")


def measure(
    process: psutil.Process, folder: Path, path: str, bodies: list[bytes], connections: int, seconds: float
) -> Figures:
    """One case, after a second that is not counted."""
    file = folder / "bodies"
    file.write_bytes(b"\n".join(bodies))
    drive = [
        *LOAD,
        str(PORT),
        path,
        str(file),
        "--connections",
        str(connections),
    ]
    subprocess.run([*drive, "--seconds", "1"], check=True, stdout=subprocess.DEVNULL)
    before = cpu_seconds(process)
    done = subprocess.run([*drive, "--seconds", str(seconds)], check=True, stdout=subprocess.PIPE)
    figures: Figures = json.loads(done.stdout)
    return {**figures, "cpu_ms": (cpu_seconds(process) - before) / figures["requests"] * 1e3}


def cpu_seconds(process: psutil.Process) -> float:
    """User and system seconds of a process and all below it."""
    return sum(sum(one.cpu_times()[:2]) for one in [process, *process.children(recursive=True)])


def pss_mb(process: psutil.Process) -> float:
    """Memory of a process and all below it, shared pages counted once."""
    return sum(one.memory_full_info().pss for one in [process, *process.children(recursive=True)]) / 1e6


def predict_bodies(customers: int, size: int, bodies_n: int = 500) -> list[bytes]:
    """Bodies of ``size`` ids each, all over the store."""
    chosen = np.random.default_rng(3).integers(0, customers, (bodies_n, size))
    return [json.dumps({"customer_ids": [f"c{number}" for number in ids]}).encode() for ids in chosen]


def history_bodies(bodies_n: int, lines: int) -> list[bytes]:
    """Bodies of one customer with ``lines`` order lines."""
    orders = synthetic_orders(bodies_n, lines, seed=4).with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    bodies = []
    for (name,), own in orders.group_by("customer_id", maintain_order=True):
        # The first line is a sale, so that every customer can be answered.
        found = [{**line, "kind": line["kind"] if number else "sale"} for number, line in enumerate(own.to_dicts())]
        for line in found:
            del line["customer_id"]
        bodies.append(json.dumps({"customers": [{"customer_id": name, "orders": found}]}).encode())
    return bodies


if __name__ == "__main__":
    main()
