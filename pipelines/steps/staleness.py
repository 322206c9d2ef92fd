"""Whether the segments in force still fit the customers of a date, or a refit is due."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import narwhals as nw

from features.engines import Tables, to_pandas
from features.indicators import split, with_indicators
from models.artifact import Loaded, who
from models.segments.staleness import staleness
from pipelines.snapshots import stored_snapshots
from pipelines.workspace import Workspace


def staleness_of(workspace: Workspace, canonical: Path, tables: Tables, as_of: float, loaded: Loaded) -> dict[str, Any]:
    """``models.segments.staleness.Staleness`` of a segmenter as plain data, null where a figure is not known."""
    entity = loaded.manifest.get("entity", "customer")
    (snapshot,) = stored_snapshots(workspace, canonical, tables, [as_of], entity, who(loaded))
    read = list(dict.fromkeys(split(name)[0] for name in loaded.model.features))
    lacking = sorted(set(read).difference(snapshot.frame.collect_schema().names()))
    if lacking:
        return {"due": True, "reason": f"the tables no longer give {', '.join(lacking[:3])}"}
    X = with_indicators(to_pandas(snapshot.frame.select(*map(nw.col, read))), loaded.model.features)
    found = asdict(staleness(loaded.model, X))
    return {name: None if value != value else value for name, value in found.items()}
