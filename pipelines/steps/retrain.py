"""The nightly job: what is new comes in, challengers are trained and judged, what is better is published and scored.

Every step finds what it has done already by the hash of its inputs, so a run that was killed is finished by the next,
and a run with nothing new changes nothing.
"""

from collections.abc import Sequence
from typing import Any

from features.errors import NotFound
from pipelines.ingest.remembered import remembered_ingest
from pipelines.steps.ingest import ingest_step
from pipelines.steps.promote import promote_step
from pipelines.steps.publish import publish_bundle
from pipelines.steps.score import score_all
from pipelines.steps.train import train_step
from pipelines.workspace import Workspace


def retrain(
    workspace: Workspace, source: str, raw: str, studies: Sequence[str], trials: int | None, workers: int
) -> dict[str, Any]:
    """All steps from ingest to score; ``changed`` is false if there was nothing to do."""
    scored = workspace.current("scores")
    ingested = ingest_step(workspace, *_arguments(workspace, source, raw))
    verdicts = {}
    for study in studies:
        trained = train_step(workspace, study, trials, workers)
        verdicts[study] = {**promote_step(workspace, study), "trained": not trained["skipped"]}
    published = publish_bundle(workspace)
    score_all(workspace)
    changed = workspace.current("scores") != scored or any(verdict["trained"] for verdict in verdicts.values())
    return {
        "changed": changed,
        "canonical": ingested["canonical"],
        "studies": verdicts,
        "bundle": published["bundle"],
        "message": _message(changed, verdicts, published["bundle"]),
    }


def _arguments(workspace: Workspace, source: str, raw: str) -> tuple[str, str, bool | None]:
    """What to ingest: as asked, else as last time."""
    if source:
        return source, raw, None
    last = remembered_ingest(workspace)
    if last is None:
        raise NotFound(
            f"{workspace.home} has ingested nothing yet: name the source once, `coterie retrain --source NAME`"
        )
    return str(last["source"]), raw or str(last["raw"]), last["pseudonymise"]


def _message(changed: bool, verdicts: dict[str, dict[str, Any]], bundle: str) -> str:
    if not changed:
        return f"nothing new: bundle {bundle} stays in force"
    lines = [str(verdict["message"]) for verdict in verdicts.values()]
    return "\n".join([*lines, f"bundle {bundle} is published and every customer scored"])
