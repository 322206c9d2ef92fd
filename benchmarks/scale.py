"""The whole road at growing sizes: ``python -m benchmarks.scale --home DIR [--customers 10000 100000 1000000]``.

Simulate, ingest, dataset, train three studies (10 trials, two workers), promote, publish, score: each step is the
command a user would type, in a process of its own, and its seconds, processor seconds and peak memory (the whole
process tree, seen from outside) are appended to ``DIR/scale.jsonl``. Steps that are there are not run again, so a run
that was cut off goes on. A step whose memory exceeds the limit of its size is stopped, and the benchmark fails.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines.memory import tree_memory_mb

STUDIES = ("churn", "next_purchase", "segments")
LIMIT_MB = {10_000: 4_000, 100_000: 4_000, 1_000_000: 8_000}
GOAL_SECONDS = {100_000: 600, 1_000_000: 3_600}
RESULTS = "scale.jsonl"
EVERY_SECONDS = 0.2

Measured = dict[str, Any]


def steps(customers: int, trials: int) -> dict[str, list[str]]:
    """Each step's name and its command line, in order."""
    found = {
        "simulate": ["simulate", "--customers", str(customers)],
        "ingest": ["ingest", "simulated"],
        "dataset churn": ["dataset", "churn"],
    }
    for study in STUDIES:
        found[f"train {study}"] = ["train", study, "--trials", str(trials), "--workers", "2"]
    for study in STUDIES:
        found[f"promote {study}"] = ["promote", study]
    return found | {"publish": ["publish"], "score": ["score"]}


def measured(command: Sequence[str], limit_mb: float, log: Path) -> Measured:
    """Run a step to its end, or until its tree holds more than ``limit_mb``; its output goes to ``log``."""
    started, peak, over = time.monotonic(), 0.0, False
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, "-m", "pipelines.cli", *command], stdout=out, stderr=out)
        done = 0
        while not done:
            done, status, usage = os.wait4(process.pid, os.WNOHANG)
            peak = max(peak, tree_memory_mb(process.pid))
            if peak > limit_mb and not over:
                over = True
                process.terminate()
            time.sleep(EVERY_SECONDS)
        process.returncode = os.waitstatus_to_exitcode(status)
    return {
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(peak),
        "status": "over the limit" if over else process.returncode,
    }


def recorded(results: Path) -> dict[tuple[int, str], Measured]:
    """The finished steps by size and name."""
    lines = results.read_text().splitlines() if results.is_file() else []
    return {(found["customers"], found["step"]): found for found in map(json.loads, lines)}


def run(home: Path, customers: int, trials: int, limit_mb: float) -> None:
    """Every step of one size that has not been measured yet; SystemExit at the first that fails."""
    place = home / str(customers)
    place.mkdir(parents=True, exist_ok=True)
    for step, command in steps(customers, trials).items():
        if (customers, step) in recorded(home / RESULTS):
            continue
        found = measured([*command, "--home", str(place), "--json"], limit_mb, place / "scale.log")
        print(f"{customers:>9,} {step:20s} {found}", flush=True)
        if found["status"] != 0:
            raise SystemExit(f"{step} for {customers:,} customers ended with {found['status']}: see {place}/scale.log")
        with (home / RESULTS).open("a") as results:
            results.write(json.dumps({"customers": customers, "step": step, **found}) + "\n")


def table(found: Mapping[tuple[int, str], Measured], sizes: Sequence[int]) -> str:
    """Seconds, processor seconds and peak of every step and size as Markdown, with the exponent of growth."""
    names = list(dict.fromkeys(step for size, step in found if size in sizes))
    head = ["step", *(f"{size:,}: s, CPU s, MB" for size in sizes), *(f"{a:,} to {b:,}" for a, b in pairwise(sizes))]
    rows = {name: [found.get((size, name)) for size in sizes] for name in names}
    rows["all"] = [_total(found, size) for size in sizes]
    return "\n".join([_line(head), _line(["---"] * len(head)), *(_row(*row, sizes) for row in rows.items())])


def _row(name: str, found: Sequence[Measured | None], sizes: Sequence[int]) -> str:
    cells = ["–" if each is None else f"{each['seconds']}, {each['cpu_seconds']}, {each['peak_mb']}" for each in found]
    times = [b / a for a, b in pairwise(sizes)]
    return _line([name, *cells, *(growth(*pair, more) for pair, more in zip(pairwise(found), times, strict=True))])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def growth(small: Measured | None, large: Measured | None, times: float) -> str:
    """The exponent by which processor seconds grow with the customers."""
    if small is None or large is None:
        return "–"
    return f"{math.log(large['cpu_seconds'] / small['cpu_seconds']) / math.log(times):.2f}"


def _total(found: Mapping[tuple[int, str], Measured], size: int) -> Measured | None:
    rows = [row for (customers, _), row in found.items() if customers == size]
    if not rows:
        return None
    sums = {key: round(sum(row[key] for row in rows), 1) for key in ("seconds", "cpu_seconds")}
    return {**sums, "peak_mb": max(row["peak_mb"] for row in rows)}


def main() -> None:
    """Run what is missing and print the table; exit status 1 if a limit was broken or a step failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="folder of the workspaces and the results; a temporary one if none")
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000])
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--limit-mb", type=float, help="limit for every size; 4,000 to 100,000 customers, 8,000 above")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coterie-scale-") as scratch:
        measure(chosen.home or Path(scratch), sorted(chosen.customers), chosen.trials, chosen.limit_mb)


def measure(home: Path, sizes: Sequence[int], trials: int, limit_mb: float | None) -> None:
    """Run what is missing in ``home`` and print the table."""
    home.mkdir(parents=True, exist_ok=True)
    try:
        for size in sizes:
            run(home, size, trials, limit_mb or LIMIT_MB.get(size, 8_000))
    finally:
        found = recorded(home / RESULTS)
        print(table(found, sizes))
        for size in sizes:
            total, goal = _total(found, size), GOAL_SECONDS.get(size)
            if total and goal:
                print(f"{size:,} customers: {total['seconds']:.0f} s (goal {goal}), {total['peak_mb']} MB at most")


if __name__ == "__main__":
    main()
