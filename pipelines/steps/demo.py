"""The demo: a simulated shop goes the whole road and one question is answered over HTTP."""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow.parquet as pq

from pipelines.simulation.simulate import simulate
from pipelines.steps.ingest import ingest_step
from pipelines.steps.promote import promote_step
from pipelines.steps.publish import publish_bundle
from pipelines.steps.report import summary
from pipelines.steps.score import SCORES, score_all
from pipelines.steps.serve import ask, running_service
from pipelines.steps.train import train_step
from pipelines.workspace import Workspace

SEED = 7
DAYS = 730


def run_demo(home: Workspace, customers: int, trials: int) -> dict[str, Any]:
    """Every stage once, each told as it ends; the result's message is the summary a newcomer reads."""
    started = time.monotonic()
    raw = home.home / "raw" / "simulated"
    told("simulate", lambda: simulate(raw, customers=customers, seed=SEED, days=DAYS))
    ingested = told("ingest", lambda: ingest_step(home, "simulated", "", None))
    for study in ("segments", "churn", "next_purchase"):
        told(f"train {study}", partial(train_step, home, study, trials, 2))
        told(f"promote {study}", partial(promote_step, home, study))
    told("publish", lambda: publish_bundle(home))
    scored = told("score", lambda: score_all(home))
    question, answer = told("ask the service", lambda: one_question(home))
    report = summary(home)
    lines = [
        report["message"],
        "",
        "Audit",
        *("  " + line.strip() for line in ingested["message"].splitlines()[1:]),
        "",
        "One question to the running service",
        f"  POST /predict {json.dumps(question)}",
        *("  " + line for line in json.dumps(answer["answers"][0], indent=2).splitlines()),
        "",
        f"The road took {time.monotonic() - started:.0f} s for {scored['customers']:,} customers. What to type next:",
        "  make ui      compare the runs in the MLflow UI, http://127.0.0.1:5000",
        "  make serve   keep the service running, http://127.0.0.1:3000",
        "  README.md    bring your own data, in five minutes",
    ]
    return {**report, "question": question, "answer": answer, "message": "\n".join(lines)}


def told(step: str, do: Callable[[], Any]) -> Any:
    """Run a step; one line on the error stream when it is done."""
    started = time.monotonic()
    print(f"{step} ...", end="", flush=True, file=sys.stderr)
    result = do()
    print(f"\r{step}: {time.monotonic() - started:.1f} s", flush=True, file=sys.stderr)
    return result


def one_question(home: Workspace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Start the service, ask about the customer most likely to buy, stop it."""
    scores = pq.read_table(home.require("scores") / SCORES).to_pandas()
    likely = "next_purchase_probability"
    row = scores[likely].idxmax() if likely in scores and scores[likely].notna().any() else 0
    question = {"customer_ids": [scores["customer_id"].iloc[row]]}
    with running_service(home) as address:
        return question, ask(address, "/predict", question)
