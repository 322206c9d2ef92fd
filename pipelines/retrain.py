"""The nightly job: what is new comes in, challengers are trained and judged, what is better is published and scored.

Every step finds what it has done already by the hash of its inputs, so a run that was killed is finished by the next,
and a run with nothing new changes nothing.
"""

from collections.abc import Sequence
from typing import Any

from features.errors import NotFound
from pipelines import steps
from pipelines.publish import publish_bundle
from pipelines.score import score_all
from pipelines.workspace import Workspace


def retrain(
    home: Workspace, source: str, raw: str, studies: Sequence[str], trials: int | None, workers: int
) -> dict[str, Any]:
    """All steps from ingest to score; ``changed`` is false if there was nothing to do."""
    scored = home.current("scores")
    ingested = steps.ingest_step(home, *_arguments(home, source, raw))
    verdicts = {}
    for study in studies:
        trained = steps.train_step(home, study, trials, workers)
        verdicts[study] = {**steps.promote_step(home, study), "trained": not trained["skipped"]}
    published = publish_bundle(home)
    score_all(home)
    changed = home.current("scores") != scored or any(verdict["trained"] for verdict in verdicts.values())
    return {
        "changed": changed,
        "canonical": ingested["canonical"],
        "studies": verdicts,
        "bundle": published["bundle"],
        "message": _message(changed, verdicts, published["bundle"]),
    }


def _arguments(home: Workspace, source: str, raw: str) -> tuple[str, str, bool | None]:
    """What to ingest: as asked, else as last time."""
    if source:
        return source, raw, None
    last = steps.remembered_ingest(home)
    if last is None:
        raise NotFound(f"{home.home} has ingested nothing yet: name the source once, `coterie retrain --source NAME`")
    return str(last["source"]), raw or str(last["raw"]), last["pseudonymise"]


def _message(changed: bool, verdicts: dict[str, dict[str, Any]], bundle: str) -> str:
    if not changed:
        return f"nothing new: bundle {bundle} stays in force"
    lines = [str(verdict["message"]) for verdict in verdicts.values()]
    return "\n".join([*lines, f"bundle {bundle} is published and every customer scored"])
