"""Every feature on every engine: ``python -m benchmarks.engines [--home workspace ...] [--engines duckdb spark]``.

One snapshot of a workspace's canonical tables on Polars and on the others: seconds, and how many columns differ in any
bit and by more than 1e-9. Spark runs on a standalone master with two workers on loopback, started here and stopped at
the end. Without ``--home`` a shop of 2,000 customers is simulated.
"""

import argparse
import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import polars as pl

from benchmarks.shop import simulated
from features.engines import Engine, frame_to_pandas, open_tables
from features.executors.many import computed
from features.snapshot import snapshots
from features.windows import to_datetime, to_days
from pipelines.workspace import Workspace

WORKERS = 2
SECONDS_TO_START = 60


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """A Spark session on a standalone master with WORKERS workers on loopback; all of it ends with the block."""
    import pyspark
    from pyspark.sql import SparkSession

    master, started = f"spark://127.0.0.1:{free_port()}", []
    node = Path(pyspark.__file__).parent / "bin" / "spark-class"
    places = os.environ | {"SPARK_WORKER_DIR": str(folder / "work"), "SPARK_LOCAL_DIRS": str(folder / "local")}
    arguments = [["master.Master", "--host", "127.0.0.1", "--port", master.rpartition(":")[2], "--webui-port", "0"]]
    own = ["--host", "127.0.0.1", "--cores", "1", "--memory", "5g", "--webui-port", "0"]
    arguments += [["worker.Worker", *own, master]] * WORKERS
    try:
        for number, (name, *rest) in enumerate(arguments):
            log = (folder / f"{number}.log").open("w")
            command = [str(node), f"org.apache.spark.deploy.{name}", *rest]
            started.append(subprocess.Popen(command, env=places, stdout=log, stderr=log))
            wait_until_said(folder / f"{number}.log", "Successfully registered" if number else "elected leader")
        settings = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.executor.memory": "4g",
            "spark.sql.shuffle.partitions": str(WORKERS),
            "spark.log.level": "ERROR",
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
        }
        session = SparkSession.builder.master(master).appName("coterie").config(map=settings).getOrCreate()
        yield
        session.stop()
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def spark_is_there() -> bool:
    """Whether pyspark and Java are installed."""
    return importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_said(log: Path, words: str) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while words not in log.read_text(encoding="utf-8"):
        if time.monotonic() > until:
            sys.exit(f"Spark did not say '{words}' in {SECONDS_TO_START} s:\n{log.read_text(encoding='utf-8')}")
        time.sleep(0.2)


def features_on(folder: Path, engine: Engine, as_of: float) -> tuple[float, pd.DataFrame]:
    """Seconds, and all features."""
    began = time.perf_counter()
    ((_, rows),) = computed(snapshots(open_tables(folder, engine), [as_of]))
    return time.perf_counter() - began, frame_to_pandas(rows)


def compare(folder: Path, engines: list[Engine]) -> bool:
    """One line an engine; whether all are equal to 1e-9."""
    last = pl.read_parquet(folder / "orders.parquet", columns=["at"])["at"].max()
    as_of = to_days(last) - 30  # type: ignore[arg-type]
    took, expected = features_on(folder, "polars", as_of)
    shape = f"{len(expected):,} customers, {expected.shape[1] - 1} columns as of {to_datetime(as_of):%Y-%m-%d}"
    print(f"\n{folder.name}: {shape}\n\n| engine | seconds | differ in a bit | by more than 1e-9 |\n|---|---|---|---|")
    print(f"| polars | {took:.1f} | | |", flush=True)
    apart_n = 0
    for engine in engines:
        took, found = features_on(folder, engine, as_of)
        if found["customer_id"].tolist() != expected["customer_id"].tolist():
            sys.exit(f"{engine} has other customers than polars")
        bits = sum(not found[name].equals(expected[name]) for name in expected)
        apart = [name for name in expected if differs(found[name], expected[name])]
        apart_n += len(apart)
        print(f"| {engine} | {took:.1f} | {bits} | {len(apart)} {', '.join(apart)} |", flush=True)
    return apart_n == 0


def differs(x: pd.Series, y: pd.Series) -> bool:
    """Whether a value is apart by more than 1e-9, relative to 1 or to its size."""
    if not pd.api.types.is_numeric_dtype(y):
        return not x.equals(y)
    apart = (x - y).abs() > 1e-9 * y.abs().clip(lower=1)
    return bool((apart | (x.isna() != y.isna())).any())


def main() -> int:
    """Exit status 1 if an engine's values are apart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, nargs="*", default=[])
    parser.add_argument("--engines", nargs="+", default=["duckdb", "spark"] if spark_is_there() else ["duckdb"])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        homes = [Workspace(home) for home in chosen.home] or [simulated(Path(place))]
        if "spark" in chosen.engines:
            stack.enter_context(cluster(Path(place)))
        equal = [compare(home.current("canonical"), chosen.engines) for home in homes]  # type: ignore[arg-type]
    return 0 if all(equal) else 1


if __name__ == "__main__":
    sys.exit(main())
