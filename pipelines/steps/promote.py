"""``coterie promote``: judge a challenger, and make it the champion if it is proven better."""

from typing import Any

from experiments.config import load_study
from experiments.dataset import read_dataset
from experiments.gate import promote
from pipelines.steps.dataset import build_dataset
from pipelines.workspace import Workspace


def promote_step(workspace: Workspace, study: str) -> dict[str, Any]:
    """Judge the challenger of a study and move the champion alias if it wins."""
    config = load_study(study)
    dataset = read_dataset(build_dataset(workspace, config))
    verdict = promote(config, dataset, workspace.stores)
    return {
        "promoted": verdict.promote,
        "reason": verdict.reason,
        "message": f"{config.name}: {'promoted' if verdict.promote else 'not promoted'}, {verdict.reason}",
    }
