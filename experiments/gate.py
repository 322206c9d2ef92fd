"""The gate: a challenger becomes champion only when it is proven better, and the reason is written down.

Challenger, champion and baselines are scored on the same customers. A difference has a bootstrap interval over
customers; *proven better* means that the whole interval is on the better side of zero.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from experiments.dataset import Dataset
from experiments.kinds import kind_of
from experiments.segments_in_force import segments_in_force
from experiments.study import Study
from experiments.tracking import evidence
from experiments.tracking.registry import CHALLENGER, CHAMPION, Version, aliased_version, artifact_folder
from experiments.tracking.runs import note_verdict, open_client
from experiments.tracking.stores import Stores
from experiments.verdict import Verdict
from features.errors import BadArtifact, NotFound
from models import artifact

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Judgement:
    """A verdict with the versions it is about; ``challenger`` is None if there is nothing new to judge."""

    verdict: Verdict
    challenger: Version | None
    champion: Version | None


def promote(
    study: Study,
    dataset: Dataset,
    stores: Stores,
    before: Callable[[], None] = lambda: None,
    although_unsound: str = "",
) -> Verdict:
    """Judge the study's challenger on the dataset and, if it wins, move the alias ``champion`` to it.

    ``although_unsound``: why a person puts segments in force that are not sound; it is recorded, and does not help
    against any other reason to refuse.
    The reason is written into the version's tags in either case. Running again changes nothing, so what belongs to a
    promotion is done ``before`` the alias moves: a process that is killed in between does it again. NotFound if no
    model of the study is registered.
    """
    client = open_client(stores)
    found = _tried(study, dataset, client)
    if found.challenger is None:
        return found.verdict
    verdict = found.verdict
    if verdict.unsound and although_unsound:
        verdict = overruled(verdict, although_unsound)
    write_verdict(client, found.challenger, found.champion, verdict)
    if verdict.promote:
        before()
        client.set_registered_model_alias(study.name, CHAMPION, found.challenger.version)
    return replace(verdict, changed=verdict.promote)


def overruled(verdict: Verdict, why: str) -> Verdict:
    """The verdict on an unsound model that a person wants in force."""
    return replace(verdict, promote=True, reason=f"not sound ({verdict.reason}), but in force because: {why}")


def preview(study: Study, dataset: Dataset, stores: Stores) -> Verdict:
    """The verdict that :func:`promote` would give; nothing is written."""
    return _tried(study, dataset, open_client(stores)).verdict


def _tried(study: Study, dataset: Dataset, client: "MlflowClient") -> Judgement:
    challenger = aliased_version(client, study.name, CHALLENGER)
    champion = aliased_version(client, study.name, CHAMPION)
    if challenger is None and champion is None:
        raise NotFound(f"no model {study.name!r} to promote: run `coterie train` with this study first")
    if challenger is None or (champion is not None and challenger.version == champion.version):
        assert champion is not None
        reason = f"version {champion.version} is the champion already"
        return Judgement(Verdict(False, reason, version=champion.version), None, champion)
    verdict = judge(study, dataset, client, challenger, champion)
    return Judgement(replace(verdict, version=challenger.version), challenger, champion)


def judge(
    study: Study, dataset: Dataset, client: "MlflowClient", challenger: Version, champion: Version | None
) -> Verdict:
    """The verdict on the challenger, against the baselines and the champion, on the same customers."""
    kind = kind_of(study)
    problem = kind.prepare(study, dataset)
    if kind.SLICED and champion is not None:
        problem = replace(problem, segments=segments_in_force(client, dataset))
    ours = load_version(client, challenger)
    theirs, note = load_rival(client, champion)
    if champion and theirs and (why := artifact.incomparable(ours, theirs) or unreadable(theirs, dataset)):
        # A champion that cannot answer here is no rival; the baselines still have to be beaten.
        theirs, note = None, f"; the champion, version {champion.version}, {why}"
    verdict = kind.judge(problem, ours, theirs, evidence.recall(study, dataset, client, challenger.run_id))
    return replace(verdict, reason=verdict.reason + note)


def load_rival(client: "MlflowClient", champion: Version | None) -> tuple[artifact.Loaded | None, str]:
    """The champion, and a note on why there is none to compare with although one is in force; it is empty otherwise."""
    if champion is None:
        return None, ""
    try:
        return load_version(client, champion), ""
    except (NotFound, BadArtifact):
        return None, f"; the artifacts of the champion, version {champion.version}, are gone or damaged"


def unreadable(champion: artifact.Loaded, dataset: Dataset) -> str:
    """Why a champion cannot answer on this dataset; empty if it can. A source may have lost a table since."""
    missing = dataset.lacks(champion.model.features)
    return f"reads {', '.join(missing[:3])}, which the dataset has not, and cannot be compared" if missing else ""


def load_version(client: "MlflowClient", version: Version) -> artifact.Loaded:
    return artifact.load(artifact_folder(client, version), version.sha256)


def write_verdict(client: "MlflowClient", challenger: Version, champion: Version | None, verdict: Verdict) -> None:
    """Record the verdict in tags of the challenger's version, and at the top of its run's page."""
    tags: dict[str, Any] = {
        "gate": "promoted" if verdict.promote else "refused",
        "gate.reason": verdict.reason,
        "gate.champion_before": champion.version if champion else "none",
        **({"gate.unsound": verdict.unsound} if verdict.unsound else {}),
        **{f"gate.{name}": f"{value:.6g}" for name, value in verdict.scores.items()},
    }
    for key, value in tags.items():
        client.set_model_version_tag(challenger.name, challenger.version, key, str(value))
    state = "Promoted" if verdict.promote else "Not promoted"
    note_verdict(client, challenger.run_id, f"**{state}** as version {challenger.version}: {verdict.reason}")
