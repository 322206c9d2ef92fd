"""``coterie simulate``: a simulated shop's raw files, in the workspace where ``coterie ingest simulated`` looks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.commands import typed
from pipelines.simulation.simulate import simulate
from pipelines.workspace import Workspace

FOLDER = Path("raw", "simulated")


def simulate_step(workspace: Workspace, customers: int, days: int, seed: int) -> dict[str, Any]:
    """Write ``raw/simulated/raw`` and, apart from it, the hidden ``truth``; the rows and the dirt of each table."""
    made = simulate(workspace.home / FOLDER, customers=customers, seed=seed, days=days)
    return {**made, "message": _message(made, workspace, customers, days)}


def _message(made: Mapping[str, Any], workspace: Workspace, customers: int, days: int) -> str:
    folder = workspace.home / FOLDER
    tables = ", ".join(f"{rows:,} {table}" for table, rows in made["rows"].items())
    damaged = sum(n for kinds in made["dirt"].values() for n in kinds.values())
    lines = [
        f"simulated {customers:,} customers over {days} days: {tables}; {damaged:,} faults to find in {folder / 'raw'}",
        f"  what is true of each customer, which no step reads: {folder / 'truth'}",
        f"what next: `{typed('ingest', 'simulated', home=workspace.home)}`",
    ]
    return "\n".join(lines)
