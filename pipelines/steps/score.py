"""``coterie score``: the answers for every customer as a table, as they were computed for the bundle."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.windows import to_datetime
from pipelines.workspace import Workspace
from serving.bundle import Bundle, load_bundle
from serving.every_answer import GROUP_ROWS, SCORES
from serving.manifest import ANSWERS


def score_all(workspace: Workspace) -> dict[str, Any]:
    """Publish ``scores/<bundle version>/scores.parquet``, one row a customer, unless it is there already."""
    folder = workspace.require("bundles")
    bundle = load_bundle(folder, expected=folder.name)
    target = workspace.publish("scores", bundle.version, lambda draft: write_scores(draft, folder, bundle))
    rows = pq.read_metadata(target / SCORES).num_rows
    return {
        "scores": str(target / SCORES),
        "customers": rows,
        "bundle": bundle.version,
        "message": f"scored {rows:,} customers with bundle {bundle.version}: {target / SCORES}",
    }


def write_scores(folder: Path, source: Path, bundle: Bundle) -> None:
    """The table in the bundle of the folder ``source``, with the bundle's ``as_of`` and version beside each answer."""
    with pq.ParquetFile(source / ANSWERS / SCORES) as answers:
        about = {
            "as_of": pa.scalar(to_datetime(bundle.as_of), pa.timestamp("us")),
            "bundle": pa.scalar(bundle.version, pa.large_string()),
        }
        schema = pa.schema([*answers.schema_arrow, *(pa.field(name, value.type) for name, value in about.items())])
        with pq.ParquetWriter(folder / SCORES, schema, compression="zstd") as writer:
            for batch in answers.iter_batches(GROUP_ROWS):
                beside = [pa.repeat(value, batch.num_rows) for value in about.values()]
                writer.write_batch(pa.record_batch([*batch.columns, *beside], schema=schema))
