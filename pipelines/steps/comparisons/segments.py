"""Two segmentations of today's customers: which segments are the same, split, merged or another thing."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from experiments.plots.migration import ribbon_plot
from experiments.splits import next_midnight
from features.engines import open_tables, to_pandas
from models import artifact
from models.artifact import Loaded, who
from models.segments.comparison import compared, in_words
from models.segments.migration import steps
from pipelines.snapshots import stored_snapshots
from pipelines.steps.comparisons import About, Compared
from pipelines.steps.dataset import activity_span
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient


def content(
    workspace: Workspace,
    client: "MlflowClient",  # noqa: ARG001 - predictions have losses there
    one: Compared,
    other: Compared,
    folder: Path,
) -> dict[str, Any]:
    """Relations, counts and columns; ``customers.csv`` and ``comparison.png`` are written into ``folder``."""
    flows = customers_of_both(workspace, one.loaded, other.loaded)
    names = {"one": names_of(one.loaded), "other": names_of(other.loaded)}
    pairs = steps(flows, "from", "to")
    counts = np.array([[float(pairs.get((a, b), 0)) for b in names["other"]] for a in names["one"]])
    found = compared(counts, list(names["one"]), list(names["other"]))
    flows.write_csv(folder / "customers.csv")
    picture = flows.with_columns(by_behaviour=pl.col("to"))
    ribbon_plot(folder / "comparison.png", picture, {**names["one"], **names["other"]}, one.name, other.name)
    said = in_words(found, names)
    return {**asdict(found), "words": said, "columns": columns_of(one.loaded, other.loaded), "names": names}


def customers_of_both(workspace: Workspace, one: Loaded, other: Loaded) -> pl.DataFrame:
    """[from, to, customers]: how many of today's customers are in each pair of segments."""
    canonical = workspace.require("canonical")
    tables = open_tables(canonical)
    today = next_midnight(activity_span(tables)[1])
    entity = one.manifest.get("entity", "customer")
    (snapshot,) = stored_snapshots(workspace, canonical, tables, [today], entity, who(other))
    both = pl.concat(_assigned(to_pandas(part), one, other) for part in snapshot.parts())
    return both.group_by("from", "to").agg(customers=pl.len().cast(pl.Int64)).sort("from", "to")


def _assigned(X: Any, one: Loaded, other: Loaded) -> pl.DataFrame:
    ids = {name: artifact.table(each.model, X)["segment_id"].tolist() for name, each in (("from", one), ("to", other))}
    return pl.DataFrame(ids, schema={"from": pl.String, "to": pl.String})


def names_of(loaded: Loaded) -> dict[str, str]:
    """The segments' names by id, in the order of the catalogue."""
    return {each.id: each.name for each in loaded.model.catalogue}


def columns_of(one: Loaded, other: Loaded) -> dict[str, list[str]]:
    """What both cluster by, and what only one does."""
    first, second = (loaded.model.preprocessing.features for loaded in (one, other))
    return {
        "both": [name for name in first if name in second],
        "one": [name for name in first if name not in second],
        "other": [name for name in second if name not in first],
    }


def lines(about: About, one: Compared, other: Compared) -> list[str]:
    """What was found, in words."""
    share = about["moved"] / max(about["customers"], 1)
    head = (
        f"{one.name} and {other.name}: of {about['customers']:,} customers {about['moved']:,} are not in the same "
        f"segment ({share:.1%}), adjusted Rand index {about['agreement']:.3f}"
    )
    sides = {"both": "both cluster by", "one": f"only {one.name} by", "other": f"only {other.name} by"}
    by = [f"{words} {', '.join(about['columns'][side])}" for side, words in sides.items() if about["columns"][side]]
    return [head, *about["words"], *by]
