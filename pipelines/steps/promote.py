"""``coterie promote``: judge a challenger, and make it the champion if it is proven better."""

from typing import Any

from experiments.dataset import read_dataset
from experiments.gate import promote
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study, remember_study
from pipelines.workspace import Workspace


def promote_step(workspace: Workspace, study: str, although_unsound: str = "") -> dict[str, Any]:
    """Judge a study's challenger; if it wins, the champion alias moves to it and the workspace remembers the study.

    ``although_unsound``: why segments that are not sound shall be in force all the same.
    """
    config = find_study(workspace, study)
    dataset = read_dataset(build_dataset(workspace, config))
    verdict = promote(
        config,
        dataset,
        workspace.stores,
        before=lambda: remember_study(workspace, study),
        although_unsound=although_unsound.strip(),
    )
    return {
        "promoted": verdict.promote,
        "reason": verdict.reason,
        "message": f"{config.name}: {'promoted' if verdict.promote else 'not promoted'}, {verdict.reason}",
    }
