"""``coterie simulate``: a simulated shop's raw files, in the workspace where ``coterie ingest simulated`` looks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.simulation.simulate import simulate
from pipelines.workspace import Workspace


def simulate_step(workspace: Workspace, customers: int, days: int, seed: int) -> dict[str, Any]:
    """Write ``raw/simulated/raw`` and, apart from it, the hidden ``truth``; the rows and the dirt of each table."""
    folder = workspace.home / "raw" / "simulated"
    made = simulate(folder, customers=customers, seed=seed, days=days)
    return {**made, "message": _message(made, folder, customers, days)}


def _message(made: Mapping[str, Any], folder: Path, customers: int, days: int) -> str:
    tables = ", ".join(f"{rows:,} {table}" for table, rows in made["rows"].items())
    damaged = sum(n for kinds in made["dirt"].values() for n in kinds.values())
    lines = [
        f"simulated {customers:,} customers over {days} days: {tables}; {damaged:,} faults to find in {folder / 'raw'}",
        f"  what is true of each customer, which no step reads: {folder / 'truth'}",
        "what next: `coterie ingest simulated`",
    ]
    return "\n".join(lines)
