"""``coterie migration``: who changed segment between two dates, by what they did or because the model changed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from experiments.plots.migration import ribbon_plot
from experiments.splits import day_number, day_of, next_midnight
from experiments.study import SegmentStudy
from experiments.tracking.registry import CHAMPION, Version, aliased_version, artifact_folder, version_named
from experiments.tracking.runs import open_client
from features.engines import Tables, open_tables, to_pandas
from features.errors import BadInput, NotFound
from models import artifact
from models.artifact import Loaded, who
from models.segments.migration import NEWCOMER, flows, share, totals
from models.segments.names import RECENCY
from pipelines.snapshots import StoredSnapshot, family_of, stored_snapshots
from pipelines.steps.dataset import activity_span
from pipelines.studies import find_study
from pipelines.workspace import Workspace

KIND = "migrations"
SPEND = "purchase_spend_365d"
"""What is at stake: what the customers spent in the year before the second date."""
FEW = 5
"""Fewer customers than this have no sum of money in a row, because it would be that of one of them."""


@dataclass(frozen=True)
class Ends:
    """Two dates, in days since 1970-01-01 UTC, and the model at either."""

    start: float
    end: float
    old: Version
    new: Version


def migration_step(
    workspace: Workspace, start: str, end: str, study: str, old_version: str, new_version: str
) -> dict[str, Any]:
    """Write ``migrations/<name>/`` with migration.csv, .json and .png, and log them to the newer model's run.

    Dates are ISO; features are those at the midnight that begins them. Without versions, both are the champion, and
    nobody is moved by the model.

    Raises:
        BadInput: a date is none, is before the first order or after the last, or the study is not about segments.
        NotFound: there is no such version, or no champion.
    """
    canonical = workspace.require("canonical")
    tables, client = open_tables(canonical), open_client(workspace.stores)
    config = find_study(workspace, study)
    if not isinstance(config, SegmentStudy):
        raise BadInput(f"{config.name} predicts, migration is between segments: name a segment study with --study")
    ends = Ends(
        *dates(start, end, tables),
        _version(client, config.name, old_version),
        _version(client, config.name, new_version),
    )
    old, new = (artifact.load(artifact_folder(client, each), each.sha256) for each in (ends.old, ends.new))
    name = f"{config.name}-{day_of(ends.start)}-{day_of(ends.end)}-v{ends.old.version}-v{ends.new.version}"
    name += f"-{family_of(canonical)}"

    def write(draft: Path) -> None:
        _write(draft, found_flows(workspace, canonical, tables, ends, old, new), ends, old, new)

    folder = workspace.write_once(KIND, name, write)
    place = f"migration/{day_of(ends.start)}_{day_of(ends.end)}"
    client.log_artifacts(ends.new.run_id, str(folder), place)
    content = json.loads((folder / "migration.json").read_text(encoding="utf-8"))
    return {**content, "folder": str(folder), "message": in_words(content, folder)}


def dates(start: str, end: str, tables: Tables) -> tuple[float, float]:
    """The midnights that begin the two days, the first not after the second."""
    first_at, last_at = activity_span(tables)
    found = [_midnight(text) for text in (start, end)]
    lowest, highest = day_of(next_midnight(first_at)), day_of(next_midnight(last_at))
    for day in found:
        if not day_number(lowest) <= day <= day_number(highest):
            raise BadInput(f"{day_of(day)} is outside the orders: give dates from {lowest} to {highest}")
    if found[0] > found[1]:
        raise BadInput(f"{start} is after {end}: give the earlier date first")
    return found[0], found[1]


def _midnight(text: str) -> float:
    try:
        return day_number(date.fromisoformat(text))
    except ValueError:
        raise BadInput(f"{text!r} is no date: write it as 2026-01-31") from None


def _version(client: Any, name: str, number: str) -> Version:
    """The version of this number, without one the champion."""
    found = version_named(client, name, number) if number else aliased_version(client, name, CHAMPION)
    if found is None:
        asked = f"version {number}" if number else "champion"
        raise NotFound(f"{name} has no {asked}: see `coterie ui` for its versions, or run train and promote first")
    return found


def found_flows(
    workspace: Workspace, canonical: Path, tables: Tables, ends: Ends, old: Loaded, new: Loaded
) -> pl.DataFrame:
    """The flows between the two dates, see ``models.segments.migration.flows``."""
    entity = new.manifest.get("entity", "customer")
    stored = stored_snapshots(workspace, canonical, tables, sorted({ends.start, ends.end}), entity, who(new))
    before = _assigned(stored[0], {"from": old})
    after = _assigned(stored[-1], {"by_behaviour": old, "to": new}, ends.end - ends.start)
    joined = after.join(before.select("customer_id", "from"), on="customer_id", how="left")
    return flows(joined.with_columns(pl.col("from").fill_null(NEWCOMER)))


def _assigned(stored: StoredSnapshot, models: Mapping[str, Loaded], days: float | None = None) -> pl.DataFrame:
    """[customer_id, the segment by each model, idle, spend], a row a customer, part after part."""
    return pl.concat([_part(to_pandas(part), models, days) for part in stored.parts()])


def _part(X: pd.DataFrame, models: Mapping[str, Loaded], days: float | None) -> pl.DataFrame:
    ids = {name: artifact.table(loaded.model, X)["segment_id"].tolist() for name, loaded in models.items()}
    recency, spend = (
        X[name].to_numpy(dtype=float) if name in X else np.full(len(X), np.nan) for name in (RECENCY, SPEND)
    )
    idle = [None if days is None or value != value else bool(value >= days) for value in recency]
    return pl.DataFrame(
        {"customer_id": X["customer_id"].tolist(), **ids, "idle": idle, "spend": spend},
        schema={
            "customer_id": pl.String,
            **dict.fromkeys(ids, pl.String),
            "idle": pl.Boolean,
            "spend": pl.Float64,
        },
    ).with_columns(pl.col("spend").fill_nan(None))


def _write(draft: Path, found: pl.DataFrame, ends: Ends, old: Loaded, new: Loaded) -> None:
    names = {each.id: each.name for loaded in (old, new) for each in loaded.model.catalogue}
    shown = found.with_columns(spend=pl.when(pl.col("customers") >= FEW).then(pl.col("spend").round(2)))
    named = shown.with_columns(
        **{f"{column}_name": pl.col(column).replace_strict(names, default="") for column in ("from", "to")}
    )
    named.write_csv(draft / "migration.csv")
    content = {
        "from": str(day_of(ends.start)),
        "to": str(day_of(ends.end)),
        "from_version": ends.old.version,
        "to_version": ends.new.version,
        "totals": asdict(totals(found)),
        "flows": named.to_dicts(),
    }
    (draft / "migration.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    ribbon_plot(draft / "migration.png", found, names, str(day_of(ends.start)), str(day_of(ends.end)))


def in_words(content: Mapping[str, Any], folder: Path) -> str:
    """The totals as sentences, then where the rest is."""
    sums = content["totals"]
    there = sums["customers"] - sums["new"]
    lines = [
        f"from {content['from']} (version {content['from_version']}) to {content['to']} "
        f"(version {content['to_version']}): {sums['customers']:,} customers, {sums['new']:,} of them new",
        f"of the {there:,} others, {sums['stayed']:,} stayed ({share(sums['stayed'], there):.1%}), "
        f"{sums['moved_by_behaviour']:,} moved by what they did ({share(sums['moved_by_behaviour'], there):.1%}); "
        f"{sums['moved_by_model']:,} of all were moved by the model",
    ]
    if sums["idle"] and content["from"] != content["to"]:
        idle = share(sums["idle_movers"], sums["idle"])
        lines.append(f"{sums['idle']:,} bought nothing in between; {sums['idle_movers']:,} of them moved ({idle:.1%})")
    return "\n".join([*lines, f"rows, totals and picture: {folder}"])
