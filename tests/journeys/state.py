"""What a workspace answers with."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from experiments.tracking.registry import champions
from pipelines.workspace import Workspace


def state(home: Path) -> dict[str, Any]:
    """All that is in force: hashes of champions, the bundle, every score."""
    workspace = Workspace(home)
    scores = pq.read_table(workspace.require("scores") / "scores.parquet")
    return {
        "canonical": workspace.require("canonical").name,
        "champions": {name: champion.sha256 for name, champion in champions(workspace.stores).items()},
        "bundle": workspace.require("bundles").name,
        "scores": scores.to_pylist(),
    }
