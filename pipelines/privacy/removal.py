"""Writing what is left: each published folder that contains a person is written anew without them and then deleted.

Names are made from the old ones and the tombstones, so a removal that was killed finds its own work when it is
repeated. The old folder goes last: as long as it is there, nothing was forgotten.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments.dataset import Dataset, read_dataset, rows_file, write_dataset
from pipelines.privacy.erased import Person
from pipelines.privacy.holdings import LINEAGE, lineage, whose
from pipelines.privacy.person_rows import PersonRows
from pipelines.workspace import Workspace
from serving.every_answer import GROUP_ROWS, SCORES
from serving.model_store import put_in_store, remove_from_store, stored_versions
from serving.publication import write_bundle_without


def successor(name: str, marks: frozenset[str]) -> str:
    """The name of what is left of a folder after the erasure with these tombstones; a study's name stays in front."""
    stem, dash, code = name.rpartition("-")
    text = "\n".join([code, *sorted(marks)])
    return f"{stem}{dash}{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def remove_from_canonical(workspace: Workspace, folder: Path, rows: PersonRows, marks: frozenset[str]) -> None:
    """Tables and rejects without the person's rows; the manifest counts them as erased.

    Examples of audit findings may be theirs, so none are copied; the audit page comes again with the next ingest.
    """
    name = successor(folder.name, marks)
    workspace.write_once("canonical", name, lambda draft: _write_canonical(draft, folder, rows, name))
    _replace(workspace, "canonical", folder, name)


def _write_canonical(draft: Path, folder: Path, rows: PersonRows, name: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (draft / "rejects").mkdir()
    for path in sorted(folder.glob("*.parquet")):
        rejects = folder / "rejects" / path.name
        refused = rows.counts_by(rejects, "reason")
        _discount(manifest["tables"][path.stem], rows.count(path), refused)
        rows.copy_others(path, draft / path.name)
        rows.copy_others(rejects, draft / "rejects" / path.name)
    _write_json(draft / "manifest.json", {**manifest, "id": name})
    for path in sorted(folder.glob("*.json")):
        if path.name != "manifest.json":
            _write_json(draft / path.name, _without_examples(json.loads(path.read_text(encoding="utf-8"))))


def _discount(table: dict[str, Any], stored: int, refused: Mapping[str, int]) -> None:
    """Take rows out of a table's counts in the manifest."""
    gone = stored + sum(refused.values())
    table["rows"] -= stored
    table["rows_in"] -= gone
    left = {reason: n - refused.get(reason, 0) for reason, n in table["rejects"].items()}
    table["rejects"] = {reason: n for reason, n in left.items() if n}
    table["erased"] = table.get("erased", 0) + gone


def _without_examples(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: [] if key == "examples" else _without_examples(value) for key, value in content.items()}
    return [_without_examples(each) for each in content] if isinstance(content, list) else content


def remove_from_dataset(workspace: Workspace, folder: Path, person: Person, marks: frozenset[str]) -> None:
    """The dataset without the person, under a new fingerprint that remembers the ones it descends from."""
    theirs = whose(folder, person)
    if pq.read_table(rows_file(folder), columns=["customer_id"]).to_pandas()["customer_id"].isin(theirs).all():
        workspace.discard(folder)
        return
    name = successor(folder.name, marks)
    workspace.write_once(
        "datasets", name, lambda draft: _write_dataset(workspace, draft, read_dataset(folder), theirs, marks)
    )
    _replace(workspace, "datasets", folder, name)


def _write_dataset(
    workspace: Workspace, draft: Path, dataset: Dataset, theirs: frozenset[str], marks: frozenset[str]
) -> None:
    facts = {**dataset.facts, LINEAGE: sorted({*lineage(dataset), dataset.fingerprint})}
    canonical = successor(str(dataset.facts.get("canonical", "")), marks)
    if (workspace.home / "canonical" / canonical).is_dir():
        facts["canonical"] = canonical
    others = ~dataset.frame["customer_id"].isin(theirs).to_numpy()
    dated = (dataset.frame.loc[others & (dataset.as_of == cutoff)] for cutoff in dataset.cutoffs)
    everybody = (
        () if dataset.everybody is None else (dataset.everybody[~dataset.everybody["customer_id"].isin(theirs)],)
    )
    write_dataset(draft, dated, dataset.columns, dataset.question, facts, everybody, dataset.products)


def remove_from_bundle(workspace: Workspace, folder: Path, person: Person) -> None:
    """The bundle without the person, in the model store too, and its scores under its new version."""
    new = workspace.write_by_content("bundles", lambda draft: write_bundle_without(draft, folder, person.ids))
    if folder.name in stored_versions(workspace.bento_home):
        put_in_store(new, new.name, workspace.bento_home)
        remove_from_store(folder.name, workspace.bento_home)
    scores = workspace.home / "scores" / folder.name
    if scores.is_dir():
        remove_from_scores(workspace, scores, person, new.name)
    _replace(workspace, "bundles", folder, new.name)


def remove_from_model_store(workspace: Workspace, folder: Path, person: Person) -> None:
    """A bundle that stands in the model store only."""
    with tempfile.TemporaryDirectory(prefix="coterie-bundle-") as scratch:
        version = write_bundle_without(Path(scratch) / "bundle", folder, person.ids)
        put_in_store(Path(scratch) / "bundle", version, workspace.bento_home)
    remove_from_store(folder.parent.name, workspace.bento_home)


def remove_from_scores(workspace: Workspace, folder: Path, person: Person, name: str) -> None:
    """The scores without the person; they name the bundle they are from, and are named after it."""
    workspace.write_once("scores", name, lambda draft: _write_scores(draft, folder, person, name))
    _replace(workspace, "scores", folder, name)


def _write_scores(draft: Path, folder: Path, person: Person, name: str) -> None:
    with pq.ParquetFile(folder / SCORES) as scores:
        schema = scores.schema_arrow
        theirs = pa.array(sorted(person.ids), type=schema.field("customer_id").type)
        place = schema.get_field_index("bundle")
        with pq.ParquetWriter(draft / SCORES, schema, compression="zstd") as writer:
            for batch in scores.iter_batches(GROUP_ROWS):
                left = batch.filter(pc.invert(pc.is_in(batch["customer_id"], value_set=theirs)))
                named = pa.repeat(pa.scalar(name, schema.field(place).type), left.num_rows)
                writer.write_batch(left.set_column(place, schema.field(place), named))


def _replace(workspace: Workspace, kind: str, old: Path, name: str) -> None:
    """Move the pointer if it named the old folder, and delete that."""
    if workspace.current(kind) == old:
        workspace.point(kind, name)
    workspace.discard(old)


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
