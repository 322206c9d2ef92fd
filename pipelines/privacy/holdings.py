"""Where the rows about one person lie: every file of the workspace, its place, and how many rows are theirs."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments.dataset import EVERYBODY, PANEL, ROWS, Dataset, read_dataset, read_manifest, rows_file
from features.errors import BadArtifact
from pipelines import extracts, snapshots
from pipelines.privacy.erased import Person
from pipelines.privacy.person_rows import PersonRows, rows_of
from pipelines.workspace import Workspace
from serving import answer_store
from serving.bundle import load_bundle
from serving.every_answer import SCORES
from serving.manifest import ANSWERS
from serving.model_store import stored_versions

PLACES = (
    "canonical tables",
    "rejects",
    "staging",
    "extracts",
    "snapshots",
    "datasets",
    "answers",
    "model store",
    "scores",
)
LINEAGE = "erased_from"  # among a dataset's facts


@dataclass(frozen=True)
class Holding:
    """``rows`` in one file of the workspace that are about a person or name them."""

    place: str
    file: Path
    rows: int


def table_files(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """(place, file) of every published table that has rows about people."""
    for folder in workspace.published("canonical"):
        yield from (("canonical tables", path) for path in sorted(folder.glob("*.parquet")))
        yield from (("rejects", path) for path in sorted((folder / "rejects").glob("*.parquet")))
    yield from (("staging", path) for path in sorted((workspace.home / "staging").rglob("*.parquet")))
    for folder in workspace.published(extracts.KIND):
        yield from (("extracts", path) for path in sorted(folder.rglob("*.parquet")))
    for folder in workspace.published("snapshots"):
        yield "snapshots", folder / snapshots.FILE
    for folder in workspace.published("datasets"):
        yield "datasets", rows_file(folder)
        yield "datasets", folder / EVERYBODY
    for folder in workspace.published("scores"):
        yield "scores", folder / SCORES


def find_holdings(workspace: Workspace, person: Person) -> list[Holding]:
    """Every file that contains rows of the person."""
    with rows_of(person) as rows:
        counted = [
            Holding(place, path, _count(rows, path, person)) for place, path in table_files(workspace) if path.is_file()
        ]
    counted += [each for folder in workspace.published("bundles") for each in _in_bundle("answers", folder, person)]
    for folder in stored_versions(workspace.bento_home).values():
        counted += _in_bundle("model store", folder, person)
    return [each for each in counted if each.rows]


def rows_by_place(holdings: Collection[Holding]) -> dict[str, int]:
    """PersonRows of the person in each place that has any, in the order of :data:`PLACES`."""
    found = {place: sum(each.rows for each in holdings if each.place == place) for place in PLACES}
    return {place: n for place, n in found.items() if n}


def fingerprints(holdings: Collection[Holding]) -> tuple[str, ...]:
    """Fingerprints of the datasets among them, and of those they are what is left of after other erasures."""
    datasets = [read_dataset(each.file.parent) for each in holdings if each.place == "datasets"]
    return tuple(sorted({each.fingerprint for each in datasets} | {f for each in datasets for f in lineage(each)}))


def lineage(dataset: Dataset) -> tuple[str, ...]:
    """Fingerprints of the datasets this one is what is left of."""
    return tuple(dataset.facts.get(LINEAGE, ()))


def whose(dataset: Path, person: Person) -> frozenset[str]:
    """What a row of the dataset in this folder is about the person by: their ids, or companies they were a contact of.

    A company's features are made from all its contacts, so what was computed with the person goes as a whole.
    """
    facts = read_manifest(dataset)["facts"]
    return person.companies if facts.get("entity") == "company" else person.ids


def _count(rows: PersonRows, path: Path, person: Person) -> int:
    if path.name in (ROWS, PANEL, EVERYBODY):
        ids = pq.read_table(path, columns=["customer_id"]).column(0)
        return int(pc.sum(pc.is_in(ids, pa.array(sorted(whose(path.parent, person)), ids.type))).as_py() or 0)
    return rows.count(path) + rows.count_mentions(path)


def _in_bundle(place: str, folder: Path, person: Person) -> list[Holding]:
    """The person's answers in a bundle, and the other files of it that have their id."""
    try:
        rows = len(load_bundle(folder).answers.stored_among(person.ids))
    except BadArtifact as error:
        raise BadArtifact(f"{error}; or delete {folder}, nothing that cannot be read can be cleaned") from None
    return [Holding(place, folder / ANSWERS / name, rows) for name in (answer_store.ANSWERS, answer_store.IDS, SCORES)]
