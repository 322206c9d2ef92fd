"""The demo: a simulated shop goes the whole road and one question is answered over HTTP."""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow.parquet as pq

from experiments.studies import load_study, shipped_studies
from pipelines.commands import command_here, typed
from pipelines.simulation.simulate import simulate
from pipelines.steps.ingest import ingest_step
from pipelines.steps.promote import promote_step
from pipelines.steps.publish import publish_bundle
from pipelines.steps.report import summary
from pipelines.steps.score import score_all
from pipelines.steps.serve import ask, running_service
from pipelines.steps.train import train_step
from pipelines.workspace import Workspace
from serving.every_answer import SCORES

SEED = 7
DAYS = 730


def run_demo(workspace: Workspace, customers: int, trials: int) -> dict[str, Any]:
    """Every stage once, each reported as it ends; the result's message is the summary a newcomer reads."""
    started = time.monotonic()
    raw = workspace.home / "raw" / "simulated"
    timed("simulate", lambda: simulate(raw, customers=customers, seed=SEED, days=DAYS))
    ingested = timed("ingest", lambda: ingest_step(workspace, "simulated", "", None))
    decided = []
    # Rankings take minutes and are left to the reader.
    for study in (name for name in shipped_studies() if load_study(name).kind != "rank"):
        timed(f"train {study}", partial(train_step, workspace, study, trials, 2))
        decided.append(timed(f"promote {study}", partial(promote_step, workspace, study))["message"])
    timed("publish", lambda: publish_bundle(workspace))
    scored = timed("score", lambda: score_all(workspace))
    question, answer = timed("ask the service", lambda: one_question(workspace))
    report = summary(workspace)
    lines = [
        "What was decided (advantage: how much lower the model's loss is, with its interval; above 0 it is better)",
        *("  " + line for line in decided),
        "",
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
        *what_next(workspace),
    ]
    return {**report, "question": question, "answer": answer, "message": "\n".join(lines)}


def what_next(workspace: Workspace) -> list[str]:
    """What to type next, word for word, and what it does."""
    meaning = {
        typed(
            "ui", home=workspace.home, coterie=command_here()
        ): "compare the runs in the MLflow UI, http://127.0.0.1:5000",
        typed("serve", home=workspace.home, coterie=command_here()): "keep the service running, http://127.0.0.1:3000",
        typed("init", "my_shop", "--raw", "DIR", coterie=command_here()): "begin with your own data, the files in DIR",
    }
    width = max(map(len, meaning))
    return [f"  {command:{width}}  {what}" for command, what in meaning.items()]


def timed(step: str, do: Callable[[], Any]) -> Any:
    """Run a step; one line on the error stream when it is done."""
    started = time.monotonic()
    print(f"{step} ...", end="", flush=True, file=sys.stderr)
    result = do()
    print(f"\r{step}: {time.monotonic() - started:.1f} s", flush=True, file=sys.stderr)
    return result


def one_question(workspace: Workspace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Start the service, ask about a customer of whom most can be answered, stop it."""
    scores = pq.read_table(workspace.require("scores") / SCORES).to_pandas()
    question = {"customer_ids": [scores.loc[scores.notna().sum(axis=1).idxmax(), "customer_id"]]}
    with running_service(workspace) as address:
        return question, ask(address, "/predict", question)
