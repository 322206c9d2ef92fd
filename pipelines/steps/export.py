"""``coterie export``: everything stored about one person, under all their ids, in one JSON file that people can read.

Times are ISO 8601 in UTC and what is null stays null; every part is named by the file it was read from.
"""

import json
import math
import os
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from experiments.dataset import EVERYBODY, read_dataset
from experiments.tracking.trained import trained_on
from features.errors import BadInput, NotFound
from pipelines.ingest.remembered import remembered_ingest
from pipelines.privacy.erased import Person
from pipelines.privacy.holdings import PLACES, Holding, find_holdings, fingerprints, rows_by_place
from pipelines.privacy.person import find_person
from pipelines.privacy.person_rows import PersonRows, rows_of
from pipelines.privacy.raw import raw_files_holding
from pipelines.workspace import Workspace
from serving.answer_store import IDS
from serving.bundle import iso, load_bundle


def export(workspace: Workspace, customer: str, out: Path) -> dict[str, Any]:
    """Write all that is stored about the person behind the shop's own id to the new file ``out`` (mode 0600).

    Raises:
        NotFound: nothing is stored about them.
        BadInput: ``out`` is there already, or lies in the workspace, where it would outlive their erasure.
    """
    _check_place(workspace, out)
    person = find_person(workspace, customer)
    holdings = find_holdings(workspace, person)
    if not holdings:
        raise NotFound(
            f"nothing is stored about this customer in {workspace.home} (looked through {', '.join(PLACES)}): "
            "give the id as the shop's own tables write it, or name another --home"
        )
    _write(out, _contents(workspace, person, holdings))
    rows = rows_by_place(holdings)
    listed = ", ".join(f"{n:,} rows of {place}" for place, n in rows.items())
    return {"out": str(out), "rows": rows, "message": f"wrote {listed} to {out}, which only you can read"}


def _contents(workspace: Workspace, person: Person, holdings: Sequence[Holding]) -> dict[str, Any]:
    """The content of the file: a section for each place, in it the person's rows by file."""
    with rows_of(person) as rows:
        found = {
            place: {
                each.file.relative_to(
                    workspace.home if workspace.home in each.file.parents else workspace.bento_home
                ).as_posix(): (_reader(place, rows, person)(each.file))
                for each in holdings
                if each.place == place
            }
            for place in PLACES
        }
    trained = trained_on(workspace.stores, fingerprints(holdings))
    return {
        "known_as": sorted(person.ids),
        **{place.replace(" ", "_"): files for place, files in found.items()},
        "models_trained_on_them": [
            {"run_id": each.run_id, "study": each.study, "versions": [version for _, version in each.versions]}
            for each in trained
        ],
        "raw_files": [str(path) for path in raw_files_holding(workspace, remembered_ingest(workspace), person.ids)],
    }


def _reader(place: str, rows: PersonRows, person: Person) -> Callable[[Path], list[dict[str, Any]]]:
    """How the person's rows are read from a file of this place."""
    if place == "datasets":
        return lambda path: _dataset_rows(path, person)
    if place in ("answers", "model store"):
        return lambda path: _bundle_rows(path, person) if path.suffix != ".parquet" else rows.theirs(path)
    return rows.theirs


def _dataset_rows(path: Path, person: Person) -> list[dict[str, Any]]:
    """The person's features and labels, or what is stored of all buyers, a row a cutoff."""
    dataset = read_dataset(path.parent)
    frame = dataset.everybody if path.name == EVERYBODY else dataset.frame
    assert frame is not None, "the file was found"
    # A company's features are also about its other contacts, if it has any.
    ids = person.own_companies if dataset.facts.get("entity") == "company" else person.ids
    theirs = frame[frame["customer_id"].isin(ids)]
    named = [{str(name): value for name, value in row.items()} for row in theirs.to_dict("records")]
    return [{**row, "as_of": iso(row["as_of"])} for row in named]


def _bundle_rows(path: Path, person: Person) -> list[dict[str, Any]]:
    """The person's answers as the service sends them, with the time they are about; of the index, their ids."""
    bundle = load_bundle(path.parents[1])
    places = bundle.answers.stored_among(person.ids)
    if path.name == IDS:
        return [{"customer_id": bundle.answers.ids[place].decode()} for place in places]
    return [{**json.loads(bundle.answers.at(place)), "as_of": iso(bundle.as_of)} for place in places]


def _check_place(workspace: Workspace, out: Path) -> None:
    if workspace.home.resolve() in out.resolve().parents:
        raise BadInput(f"{out} lies in the workspace, where it would stay after an erasure: name a place outside")
    if out.exists():
        raise BadInput(f"{out} is there already: delete it, or name another file with --out")
    if not out.resolve().parent.is_dir():
        raise BadInput(f"there is no folder {out.resolve().parent}: make it, or name another file with --out")


def _write(out: Path, contents: dict[str, Any]) -> None:
    text = json.dumps(_plain(contents), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _plain(value: Any) -> Any:
    """JSON values: times as ISO 8601 in UTC, NaN as null, anything unknown as its text."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat() + ("" if value.tzinfo else "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)
