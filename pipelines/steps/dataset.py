"""The dataset step: canonical tables and a study's question become one table of customers at their cutoffs."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import narwhals as nw
import pandas as pd

from experiments.dataset import FORMAT, read_dataset, write_dataset
from experiments.kinds import kind_of
from experiments.splits import day_of
from experiments.study import PredictStudy, SegmentStudy, Study
from features.engines import Engine, Tables, counted, given, open_tables, to_pandas
from features.entities import Entity, about
from features.errors import BadTable, HistoryTooShort
from features.executors.draw import Draw, draw
from features.families import missing_tables
from features.past import acting_table, acts, buyers
from features.snapshot import feature_names
from features.windows import Frame
from models import tasks
from models.learners import read_of_everybody
from pipelines.extracts import drawn_tables
from pipelines.snapshots import code_of, family_of, features_code, stored_snapshots, sweep
from pipelines.studies import find_study
from pipelines.undated import undated_features
from pipelines.workspace import Workspace


def build_dataset(workspace: Workspace, study: Study, engine: Engine = "polars") -> Path:
    """The study's dataset on the current canonical tables; found, not made again, where it is there already.

    All engines give the same bytes, so the engine does not name the dataset. A build that was cut off goes on with
    the snapshots it had made.
    """
    canonical = workspace.require("canonical")
    name = f"{study.name}-{_identity(canonical.name, study)}"
    folder = workspace.write_once("datasets", name, lambda folder: _write(workspace, folder, canonical, study, engine))
    sweep(workspace, canonical)
    return folder


def activity_span(tables: Tables) -> tuple[float, float]:
    """Times of the first and the last sale, in days since 1970-01-01 UTC.

    Without orders, of the first and the last event; without events, the first start and the last start or end of a
    contract.
    """
    acting, at = acting_table(tables), nw.col("at_days")
    latest = nw.max_horizontal("at_days", "ended_at_days") if acting == "subscriptions" else at
    ends = to_pandas(acts(tables).select(first=at, last=latest).select(nw.col("first").min(), nw.col("last").max()))
    first, last = float(ends["first"].iloc[0]), float(ends["last"].iloc[0])
    if not first <= last:
        raise HistoryTooShort(
            f"the canonical {acting} hold no row that counts: look into rejects/ for what was refused and why"
        )
    return first, last


def check_labels(tables: Tables, study: Study) -> None:
    """BadTable if the source lacks the table by which the study's task is labelled."""
    if not isinstance(study, SegmentStudy):
        needed = tasks.task(study.task).LABELLED_BY[0] if isinstance(study, PredictStudy) else "orders"
        if needed not in tables:
            raise BadTable(
                f"found {', '.join(sorted(tables))}, the study {study.name} needs {needed!r}: "
                f"give the source {needed}.sql"
            )


def _write(workspace: Workspace, folder: Path, canonical: Path, study: Study, engine: Engine) -> None:
    tables, kind = open_tables(canonical, engine), kind_of(study)
    check_labels(tables, study)
    cutoffs = kind.cutoffs(study, *activity_span(tables))
    left_out = missing_tables(given(tables))
    drawn = draw(tables, cutoffs, study.sample.rows, study.sample.seed, study.who)
    facts: dict[str, Any] = {
        "canonical": canonical.name,
        "currency": currency_of(canonical),
        "cutoffs": [str(day_of(cutoff)) for cutoff in cutoffs],
        "entity": study.entity,
        "families_left_out": {name: f"needs {', '.join(needs)}" for name, needs in left_out.items()},
        "study": study.name,
        "tables": sorted(tables),
    }
    if undated := undated_features(canonical, feature_names(given(tables))):
        facts["undated"] = undated
    if study.who != "buyers":
        facts["who"] = study.who
    if drawn.share < 1:
        facts["drawn"] = {"customers": drawn.ids().height, "of": drawn.positions.height, "share": drawn.share}
    found = _Everybody.of(workspace, canonical, study, cutoffs, drawn, engine)
    columns = kind.columns(study, feature_names(given(tables)))
    everybody = found.read() if isinstance(study, PredictStudy) else ()
    question, products = kind.question(study), kind.products(study, tables)
    write_dataset(folder, found.rows(study), columns, question, facts, everybody, products)


def currency_of(canonical: Path) -> str:
    """The shop's currency, as the source declares it; empty where the tables have no manifest."""
    manifest = canonical / "manifest.json"
    return str(json.loads(manifest.read_text())["currency"]) if manifest.exists() else ""


@dataclass(frozen=True)
class _Everybody:
    """Who is there at each cutoff, with their features if the study reads any, and the tables that label them."""

    tables: Tables
    frames: Sequence[tuple[float, Frame]]
    whose: Frame | None

    @staticmethod
    def of(
        workspace: Workspace, canonical: Path, study: Study, cutoffs: Sequence[float], drawn: Draw, engine: Engine
    ) -> "_Everybody":
        """Those of the tables in ``canonical``, or of an extract of the drawn customers."""
        source = canonical
        # Of a single date, usually the one that is published, everybody's snapshot is needed anyway.
        if drawn.share < 1 and len(cutoffs) > 1:
            source = drawn_tables(workspace, canonical, family_of(canonical), drawn, study.sample.seed)
        tables = open_tables(source, engine)
        whose = None if drawn.share == 1 else _names(tables, drawn, study.entity)
        return _Everybody(tables, _frames(workspace, source, tables, study, cutoffs), whose)

    def rows(self, study: Study) -> Iterator[pd.DataFrame]:
        """The dataset's rows, one frame a cutoff."""
        for as_of, frame in self.frames:
            about_it = about(self.tables, as_of, study.entity)
            yield to_pandas(kind_of(study).rows(study, self._drawn(frame), about_it, as_of))

    def read(self) -> Iterator[pd.DataFrame]:
        """What learners read of all buyers, one frame a cutoff."""
        columns = read_of_everybody()
        for as_of, frame in self.frames:
            if not set(columns) <= set(frame.collect_schema().names()):
                return  # without orders
            found = to_pandas(self._drawn(frame).select("customer_id", *columns))
            found.insert(1, "as_of", as_of)
            yield found[~found["purchase_tenure_days"].isna()]

    def _drawn(self, frame: Frame) -> Frame:
        return frame if self.whose is None else frame.join(self.whose, on="customer_id", how="semi")


def _frames(
    workspace: Workspace, source: Path, tables: Tables, study: Study, cutoffs: Sequence[float]
) -> list[tuple[float, Frame]]:
    """Each cutoff with everybody at it: the snapshot, or only who is in it if the study reads no features."""
    if not kind_of(study).SNAPSHOTS:
        return [(as_of, buyers(about(tables, as_of, study.entity), as_of)) for as_of in cutoffs]
    stored = stored_snapshots(workspace, source, tables, cutoffs, study.entity, study.who)
    return [(each.as_of, each.frame) for each in stored]


def _names(tables: Tables, drawn: Draw, entity: Entity) -> Frame:
    """[customer_id] by which a snapshot about ``entity`` names the drawn: their ids, or those of their companies."""
    ids: Frame = nw.from_native(drawn.ids().lazy())
    if entity == "customer":
        return ids
    employers = nw.from_native(counted(tables["customers"].select("customer_id", "company_id").unique()).lazy())
    theirs = employers.join(ids, on="customer_id", how="semi").filter(~nw.col("company_id").is_null())
    return theirs.select(customer_id="company_id").unique()


def _identity(canonical: str, study: Study) -> str:
    """Names what the dataset depends on: the tables, the question, the cutoffs and the code that makes it."""
    asked = {"name", "kind", "entity", "who", "task", "horizon_days", "wanted", "cutoffs", "sample"}
    question = {name: value for name, value in study.model_dump(mode="json").items() if name in asked}
    if isinstance(study, SegmentStudy):
        question["period_days"] = study.segments.period_days
    made_by = [features_code(), code_of(tasks), FORMAT, read_of_everybody()]
    text = json.dumps([canonical, question, *made_by], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def dataset_step(workspace: Workspace, study: str, engine: str = "polars") -> dict[str, Any]:
    """Build, or find, the dataset of a study."""
    folder = build_dataset(workspace, find_study(workspace, study), cast(Engine, engine))
    dataset = read_dataset(folder)
    cutoffs = dataset.facts["cutoffs"]
    drawn = dataset.facts.get("drawn")
    of_whom = f", {drawn['customers']:,} of {drawn['of']:,} customers drawn" if drawn else ""
    when = cutoffs[0] if len(cutoffs) == 1 else f"{len(cutoffs)} cutoffs from {cutoffs[0]} to {cutoffs[-1]}"
    size = f"{len(dataset.frame):,} rows, {len(dataset.features)} features"
    return {
        "dataset": str(folder),
        "rows": len(dataset.frame),
        "features": len(dataset.features),
        "cutoffs": cutoffs,
        "fingerprint": dataset.fingerprint,
        "message": f"dataset {folder.name}: {size}, {when}{of_whom}",
    }
