"""``coterie erase``: remove a person from the whole workspace, and mark what was trained on them for retraining.

The order makes a crash harmless. First the ledger (``erased.json``) names who is to be erased and where their rows lie;
then runs are marked; then folder after folder is written anew, its pointer moved, the old one deleted; last, all but
the tombstones leaves the ledger. Repeating the command continues where it stopped. Tombstones exclude the person from
later ingests.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from experiments.tracking.trained import Trained, mark_erasure_due, trained_on
from features.errors import NotFound
from pipelines.ingest.deliveries import expect_cleaning
from pipelines.ingest.remembered import remembered_ingest
from pipelines.privacy.erased import Pending, Person, begin, finish, is_erased, read_erased, tombstones
from pipelines.privacy.holdings import PLACES, Holding, find_holdings, fingerprints, rows_by_place
from pipelines.privacy.person import find_person
from pipelines.privacy.person_rows import rows_of
from pipelines.privacy.pseudonyms import key_of
from pipelines.privacy.raw import raw_files_holding
from pipelines.privacy.removal import (
    remove_from_bundle,
    remove_from_canonical,
    remove_from_dataset,
    remove_from_model_store,
    remove_from_scores,
    successor,
)
from pipelines.sources.read import file_hash
from pipelines.workspace import Workspace
from serving.model_store import make_latest, stored_versions


def erase(workspace: Workspace, customer: str) -> dict[str, Any]:
    """Remove the person behind the shop's own id from everything in the workspace; returns what is left to do.

    An erasure that was killed is completed first, whoever it was about.

    Raises:
        NotFound: nothing is stored about them, and they were never erased.
    """
    workspace.sweep()
    person = find_person(workspace, customer)
    pending = read_erased(workspace.home).pending
    if pending is not None:
        result = _complete(workspace, pending)
        if not pending.person.ids.isdisjoint(person.ids):
            return result
    holdings = find_holdings(workspace, person)
    if not holdings:
        return _nothing_to_do(workspace, person)
    pending = Pending(person, rows_by_place(holdings), fingerprints(holdings))
    begin(workspace.home, pending)
    return _complete(workspace, pending)


def _complete(workspace: Workspace, pending: Pending) -> dict[str, Any]:
    """Do all that the erasure in the ledger asks for; after it nothing is pending."""
    trained = trained_on(workspace.stores, pending.fingerprints)
    mark_erasure_due(workspace.stores, trained)
    _remove(workspace, pending.person)
    raw = _raw_files(workspace, pending.person)
    finish(workspace.home)
    return _result(pending.rows, trained, raw)


def _remove(workspace: Workspace, person: Person) -> None:
    """Write every folder that contains the person anew, from the tables on to the scores."""
    marks, holdings = tombstones(key_of(workspace.home), person.ids), find_holdings(workspace, person)
    with rows_of(person) as rows:
        for folder in sorted({*_folders(holdings, "canonical tables", 0), *_folders(holdings, "rejects", 1)}):
            remove_from_canonical(workspace, folder, rows, marks)
        for each in holdings:
            if each.place == "staging":
                rows.clean_part(each.file)
    # Snapshots of companies are made with the person's rows too; all, and extracts, are made again when needed.
    for folder in (*workspace.published("snapshots"), *workspace.published("extracts")):
        workspace.discard(folder)
    for folder in _folders(holdings, "datasets", 0):
        remove_from_dataset(workspace, folder, person, marks)
    _remove_from_answers(workspace, person, holdings, marks)


def _remove_from_answers(
    workspace: Workspace, person: Person, holdings: Collection[Holding], marks: frozenset[str]
) -> None:
    """Bundles with their scores, the model store, and scores whose bundle is not there any more."""
    for folder in _folders(holdings, "answers", 1):
        remove_from_bundle(workspace, folder, person)
    for folder in _folders(holdings, "model store", 1):
        if folder.is_dir():
            remove_from_model_store(workspace, folder, person)
    for folder in _folders(holdings, "scores", 0):
        if folder.is_dir():
            remove_from_scores(workspace, folder, person, successor(folder.name, marks))
    current = workspace.current("bundles")
    if current is not None and current.name in stored_versions(workspace.bento_home):
        make_latest(current.name, workspace.bento_home)


def _folders(holdings: Collection[Holding], place: str, depth: int) -> list[Path]:
    """Published folders of a place that contain the person; their files lie ``depth`` folders below."""
    return sorted({each.file.parents[depth] for each in holdings if each.place == place})


def _raw_files(workspace: Workspace, person: Person) -> list[Path]:
    """Raw files that contain the person; the ledger of deliveries notes that they will be cleaned."""
    found = raw_files_holding(workspace, remembered_ingest(workspace), person.ids)
    expect_cleaning(workspace.home, [file_hash(path) for path in found])
    return found


def _nothing_to_do(workspace: Workspace, person: Person) -> dict[str, Any]:
    if is_erased(workspace.home, person.ids):
        raw = _raw_files(workspace, person)
        return {**_result({}, [], raw), "message": "nothing to do: this customer was erased before"}
    raise NotFound(
        f"nothing is stored about this customer in {workspace.home} (looked through {', '.join(PLACES)}): "
        "give the id as the shop's own tables write it, or name another --home"
    )


def _result(rows: dict[str, int], trained: Sequence[Trained], raw: Sequence[Path]) -> dict[str, Any]:
    return {
        "changed": bool(rows),
        "rows": rows,
        "runs": [{"run_id": each.run_id, "study": each.study} for each in trained],
        "versions": [{"model": name, "version": version} for each in trained for name, version in each.versions],
        "holding_vectors": [
            {"model": name, "version": version}
            for each in trained
            if each.holds_vectors
            for name, version in each.versions
        ],
        "retrain_due": bool(trained),
        "raw_files": [str(path) for path in raw],
        "message": _message(rows, trained, raw),
    }


def _message(rows: dict[str, int], trained: Sequence[Trained], raw: Sequence[Path]) -> str:
    lines = ["erased one customer: " + ", ".join(f"{n:,} rows of {place}" for place, n in rows.items())]
    for each in trained:
        names = ", ".join(f"{name} version {version}" for name, version in each.versions) or "no registered model"
        vectors = "; its model holds feature vectors of customers, without ids" if each.holds_vectors else ""
        lines.append(f"  trained on them: run {each.run_id} of {each.study}, {names}{vectors}")
    if trained:
        lines.append("a retrain is due: run `coterie retrain`, then restart the service")
    elif "answers" in rows:
        lines.append("restart the service: it answers from the bundle it was started with")
    if raw:
        lines.append("raw files still contain the customer; they belong to the shop, whose owner must clean them:")
        lines += [f"  {path}" for path in raw]
    return "\n".join(lines)
