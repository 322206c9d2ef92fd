"""A workspace in a notebook."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coterie.pictures import Comparison, comparison_of
from experiments.dataset import read_dataset
from experiments.study import PredictStudy, RankStudy, Study, validated
from experiments.tracking.runs import open_client
from features.errors import NotFound
from pipelines.cli import QUIET
from pipelines.commands import DEFAULT_HOME, HOME_VARIABLE
from pipelines.steps.compare import compare_step
from pipelines.steps.dataset import build_dataset
from pipelines.steps.promote import promote_step
from pipelines.steps.train import train_and_judge
from pipelines.studies import find_study
from pipelines.workspace import Workspace
from serving import segments
from serving.bundle import load_bundle
from serving.lookup import load_lookups

REASON = ("family", "effect", "words", "contribution", "column", "value", "usual")
"""Columns of :meth:`Customer.why` after the model's name."""


def open_workspace(home: str | Path = "") -> "Opened":
    """The workspace in the folder ``home``; if none is given, ``$COTERIE_HOME`` or ``workspace``. Nothing is read."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    return Opened(Workspace(Path(home or os.environ.get(HOME_VARIABLE, DEFAULT_HOME))))


@dataclass(frozen=True)
class Customer:
    """What the models in force say of a customer; ``answer`` is exactly what HTTP answers."""

    customer_id: str
    answer: dict[str, Any]
    as_of: str

    def why(self) -> pd.DataFrame:
        """The reasons for each score, the largest contribution first: a row a model and family.

        model; family; effect, raises or lowers; words; contribution, in log odds (of amounts in the logarithm), before
        the calibration; column, value and usual, NaN for null. No rows for models that give no reasons.
        """
        rows = [
            {"model": name, **reason}
            for name, about in self.answer.items()
            if isinstance(about, dict)
            for reason in about.get("reasons", ())
        ]
        return pd.DataFrame(rows, columns=["model", *REASON])

    def __repr__(self) -> str:
        """``Customer('c1', as of 2026-01-31T00:00:00Z: Frequent buyers)``."""
        segment = (self.answer.get("segment") or {}).get("name", "no segment")
        return f"Customer({self.customer_id!r}, as of {self.as_of}: {segment})"


@dataclass(frozen=True)
class Opened:
    """A workspace; each method does what the command of its name does, and fails with the command's sentence."""

    workspace: Workspace

    def __repr__(self) -> str:
        """``Workspace('workspace')``."""
        return f"Workspace({str(self.workspace.home)!r})"

    def dataset(self, study: str) -> pd.DataFrame:
        """Features and labels of a study, a row a customer and date, as a frame in memory.

        customer_id; as_of, days since 1970-01-01 UTC; label, what the study's task asks (none for segments); then every
        feature, float64 or text, NaN for null.
        """
        found = read_dataset(build_dataset(self.workspace, find_study(self.workspace, study)))
        return found.frame[[name for name in found.frame.columns if "=" not in str(name)]].copy()

    def train(
        self,
        study: str,
        *,
        horizon_days: float | list[float] | None = None,
        trials: int | None = None,
        workers: int = 1,
    ) -> dict[str, Any]:
        """Search, test and register a challenger, with the verdict that ``promote`` would give.

        ``horizon_days`` is another horizon than the study's. The result is what ``coterie train --json`` prints:
        run_id, version, scores by name, baselines, verdict.
        """
        with self.workspace.lock():
            asked = study if horizon_days is None else self._with_horizon(study, horizon_days)
            return train_and_judge(self.workspace, asked, trials, workers)

    def _with_horizon(self, study: str, horizon_days: float | list[float]) -> str:
        """A copy of the study at another horizon, below ``horizons/``; its path."""
        from experiments.studies import to_toml

        found = find_study(self.workspace, study)
        changed = validated(type(found), {**found.model_dump(), **_horizon(found, horizon_days)}, found.name)
        folder = self.workspace.home / "horizons"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{changed.name}.toml"
        path.write_text(to_toml(changed), encoding="utf-8")
        return str(path)

    def promote(self, study: str, although_unsound: str = "") -> dict[str, Any]:
        """Put the challenger in force if it is proven better; ``reason`` says why or why not."""
        with self.workspace.lock():
            return promote_step(self.workspace, study, although_unsound)

    def segments(self) -> pd.DataFrame:
        """The segments in force, most revenue first: names, the group above, size, shares of customers and revenue.

        Raises:
            NotFound: nothing is published, or no segments are.
        """
        bundle = self._bundle()
        listed = [
            each
            for loaded in bundle.models.values()
            if loaded.manifest["kind"] == "segmenter"
            for each in segments.catalogue(loaded.model)
        ]
        if not listed:
            raise NotFound("no segments are published: train and promote a segment study, then `coterie publish`")
        columns = ["id", "name", "name_fr", "group_id", "size", "share", "revenue_share", "description"]
        return pd.DataFrame(listed)[columns]

    def scores(self) -> pd.DataFrame:
        """The last scores of every customer: what ``coterie score`` wrote."""
        return pd.read_parquet(self.workspace.require("scores") / "scores.parquet")

    def customer(self, customer_id: str) -> Customer:
        """One customer's answers from the published bundle; NotFound if the bundle does not know the id."""
        folder = self.workspace.require("bundles")
        reply = load_lookups(folder, folder.name).reply([customer_id])
        body = json.loads(reply.body)
        if reply.status != 200:
            raise NotFound(body["error"])
        (answer,) = body["answers"]
        return Customer(customer_id, answer, body["as_of"])

    def compare(self, one: str, other: str) -> Comparison:
        """Two runs or models side by side (``segments/1``, ``churn@champion``, a run's id); it shows its picture."""
        with self.workspace.lock():
            found = compare_step(self.workspace, one, other)
        return comparison_of(open_client(self.workspace.stores), found)

    def _bundle(self) -> Any:
        folder = self.workspace.require("bundles")
        return load_bundle(folder, expected=folder.name)


def _horizon(study: Study, horizon_days: float | list[float]) -> dict[str, Any]:
    """The changed keys; the name says the horizon, so that it is another model."""
    if not isinstance(study, PredictStudy | RankStudy):
        return {}
    days = horizon_days if isinstance(horizon_days, list) else [horizon_days]
    words = "_".join(f"{day:g}".replace(".", "_") for day in days)
    asked = days if isinstance(study, PredictStudy) else days[0]
    return {"horizon_days": asked, "name": f"{study.name}_{words}d"}
