"""``coterie compare``: what two runs of a study have in common, and where they differ."""

import json
import tempfile
from pathlib import Path
from typing import Any

from rich.table import Table

from experiments.run import tests_of
from experiments.tracking.runs import open_client
from features.errors import BadInput
from models import artifact
from pipelines.steps.comparisons import About, Compared, find, predictions, segments
from pipelines.steps.tables import as_text
from pipelines.workspace import Workspace


def compare_step(workspace: Workspace, one: str, other: str) -> dict[str, Any]:
    """Compare two runs of the same kind, print it, and log table and picture below ``comparison/`` of the second run.

    Raises:
        NotFound: there is no such run, or it registered no model.
        BadInput: one predicts and the other segments, or they answer different questions.
    """
    client = open_client(workspace.stores)
    first, second = find(client, one), find(client, other)
    if why := artifact.incomparable(second.loaded, first.loaded):
        raise BadInput(f"{first.name} {why} with {second.name}: give two runs that answer the same question")
    kind = segments if first.loaded.manifest["kind"] == "segmenter" else predictions
    place = f"comparison/{first.name.replace('/', '-')}"
    with tempfile.TemporaryDirectory(prefix="coterie-compare-") as temporary:
        folder = Path(temporary)
        found = kind.content(workspace, client, first, second, folder)
        about = {"one": first.name, "other": second.name, **found, "scores": scores_of(first, second)}
        (folder / "comparison.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        client.log_artifacts(second.run.info.run_id, str(folder), place)
    said = [
        *kind.lines(about, first, second),
        score_table(about),
        f"table and picture: {place}/ of {second.name}'s run",
    ]
    return {**about, "run_id": second.run.info.run_id, "place": place, "message": "\n".join(said)}


def scores_of(one: Compared, other: Compared) -> dict[str, list[float | None]]:
    """Test scores that either run has, of both."""
    first, second = tests_of(one.run), tests_of(other.run)
    return {name: [first.get(name), second.get(name)] for name in sorted({*first, *second})}


def score_table(about: About) -> str:
    """A row a score; a dash where a run has none."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("test score", about["one"], about["other"]):
        table.add_column(head, justify="left" if head == "test score" else "right")
    for name, values in about["scores"].items():
        table.add_row(name, *("-" if value is None else f"{value:.4f}" for value in values))
    return as_text(table)
