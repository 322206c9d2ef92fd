"""``coterie simulate``: a simulated shop's raw files, in the workspace where ``coterie ingest simulated`` looks."""

from typing import Any

from pipelines.simulation.simulate import simulate
from pipelines.workspace import Workspace


def simulate_step(workspace: Workspace, customers: int, days: int, seed: int) -> dict[str, Any]:
    """Write ``raw/simulated/raw`` and, apart from it, the hidden ``truth``; the rows and the dirt of each table."""
    return simulate(workspace.home / "raw" / "simulated", customers=customers, seed=seed, days=days)
