"""``coterie retrain``, the nightly job: ingest what is new, train and judge challengers, publish and score.

Every step finds what it has done already by the hash of its inputs, so a run that was killed is finished by the next,
and a run with nothing new changes nothing. A study that fails does not stop the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from experiments.splits import next_midnight
from experiments.studies import shipped_studies
from experiments.study import SegmentStudy, Study
from experiments.tracking.registry import CHAMPION, aliased, champion_model
from experiments.tracking.trained import ERASURE_DUE
from features.engines import open_tables
from features.errors import BadConfig, BadInput, BadTable, CoterieError, HistoryTooShort, NotFound
from pipelines.ingest.remembered import remembered_ingest
from pipelines.steps.dataset import activity_span
from pipelines.steps.ingest import ingest_step
from pipelines.steps.promote import promote_step
from pipelines.steps.publish import NoChampion, publish_bundle
from pipelines.steps.score import score_all
from pipelines.steps.staleness import staleness_of
from pipelines.steps.train import train_step
from pipelines.studies import find_study, own_studies, studies_to_retrain
from pipelines.workspace import Workspace

UNANSWERABLE = (HistoryTooShort, BadTable, BadConfig, BadInput)
"""How a study fails that the source has no tables, no columns, not enough history or too similar customers for."""


@dataclass(frozen=True)
class Outcome:
    """What became of one study; ``failed``: it could not be trained, and somebody asked for it by name.

    ``staleness``: of segments, whether a refit was due; null for other studies.
    """

    promoted: bool
    trained: bool
    reason: str
    message: str
    failed: bool = False
    staleness: dict[str, Any] | None = None


def retrain(
    workspace: Workspace,
    source: str,
    raw: str,
    studies: Sequence[str],
    trials: int | None,
    workers: int,
    refit: bool = False,
) -> dict[str, Any]:
    """All steps from ingest to score; ``changed`` is false if there was nothing to do.

    Segments that still fit the customers are left as they are, unless their study was changed or with ``refit``.
    Without ``studies``, all shipped ones and those of the user's that were promoted in the workspace are trained. A
    shipped study that the source cannot answer is left out and reported.

    Raises:
        NoChampion: no study was ever promoted; gives the reason of each.
        CoterieError: another study failed. The others are trained, published and scored.
    """
    scored = workspace.current("scores")
    ingested = ingest_step(workspace, *_arguments(workspace, source, raw))
    optional = () if studies else set(shipped_studies()).difference(own_studies(workspace))
    outcomes = {
        study: _attempt(workspace, study, trials, workers, study in optional, refit)
        for study in studies or studies_to_retrain(workspace)
    }
    lines = [outcome.message for outcome in outcomes.values()]
    published = _publish(workspace, lines)
    score_all(workspace)
    if any(outcome.failed for outcome in outcomes.values()):
        raise CoterieError("\n  ".join(["a study failed, the others are published and scored:", *lines]))
    changed = workspace.current("scores") != scored or any(outcome.trained for outcome in outcomes.values())
    return {
        "changed": changed,
        "canonical": ingested["canonical"],
        "studies": {study: vars(outcome) for study, outcome in outcomes.items()},
        "bundle": published["bundle"],
        "message": "\n".join([_headline(changed, published["bundle"]), *lines]),
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


def _attempt(
    workspace: Workspace, study: str, trials: int | None, workers: int, optional: bool, refit: bool
) -> Outcome:
    """Train and judge one study; an ``optional`` one may ask what the source cannot answer."""
    try:
        config = find_study(workspace, study).adjusted(trials=trials)
        stale = None if refit else staleness_of_champion(workspace, config)
        if stale is not None and not stale["due"]:
            message = f"{config.name}: {stale['reason']}, no refit is due"
            return Outcome(False, False, str(stale["reason"]), message, staleness=stale)
        trained = train_step(workspace, study, trials, workers)
        verdict = promote_step(workspace, study)
    except UNANSWERABLE as error:
        message = f"{study}: {'left out' if optional else 'failed'}, {error}"
        return Outcome(False, False, str(error), message, failed=not optional)
    return Outcome(verdict["promoted"], not trained["skipped"], verdict["reason"], verdict["message"], staleness=stale)


def staleness_of_champion(workspace: Workspace, study: Study) -> dict[str, Any] | None:
    """Whether a refit of the segments in force is due; None if there are none, or another study made them.

    Segments that were made with a person who has been erased since are due, however well they fit.
    """
    champion = champion_model(workspace.stores, study.name) if isinstance(study, SegmentStudy) else None
    if champion is None or champion.manifest.get("study_key") != study.key:
        return None
    version = aliased(workspace.stores, study.name, CHAMPION)
    if version is not None and ERASURE_DUE in version.tags:
        return {"due": True, "reason": "somebody whom the segments were made with was erased"}
    canonical = workspace.require("canonical")
    tables = open_tables(canonical)
    return staleness_of(workspace, canonical, tables, next_midnight(activity_span(tables)[1]), champion)


def _publish(workspace: Workspace, lines: Sequence[str]) -> dict[str, Any]:
    try:
        return publish_bundle(workspace)
    except NoChampion:
        cure = "load more history, or see `coterie ui` for all figures and change the studies"
        raise NoChampion(
            "\n  ".join(["no study is promoted yet, so there is nothing to publish:", *lines, cure])
        ) from None


def _headline(changed: bool, bundle: str) -> str:
    if changed:
        return f"bundle {bundle} is published and every customer scored"
    return f"nothing new: bundle {bundle} stays in force"
