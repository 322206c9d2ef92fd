"""``coterie score``: the answers for every customer, by the same function that answers over HTTP."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.workspace import Workspace
from serving.answers import answer
from serving.bundle import Bundle, load_bundle
from serving.online_store import batches

SCORES = "scores.parquet"
BATCH_ROWS = 50_000


def score_all(workspace: Workspace) -> dict[str, Any]:
    """Publish ``scores/<bundle version>/scores.parquet``, one row a customer, unless it is there already."""
    folder = workspace.require("bundles")
    bundle = load_bundle(folder, expected=folder.name)
    target = workspace.publish("scores", bundle.version, lambda draft: _write(draft, bundle))
    rows = pq.read_metadata(target / SCORES).num_rows
    return {
        "scores": str(target / SCORES),
        "customers": rows,
        "bundle": bundle.version,
        "message": f"scored {rows:,} customers with bundle {bundle.version}: {target / SCORES}",
    }


def _write(folder: Path, bundle: Bundle) -> None:
    writer: pq.ParquetWriter | None = None
    for features in batches(bundle.online, BATCH_ROWS):
        table = pa.Table.from_pandas(_answers(bundle, features), preserve_index=False).replace_schema_metadata(None)
        writer = writer or pq.ParquetWriter(folder / SCORES, table.schema, compression="zstd")
        writer.write_table(table.cast(writer.schema))
    if writer is not None:
        writer.close()


def _answers(bundle: Bundle, features: pd.DataFrame) -> pd.DataFrame:
    return answer(bundle, features).assign(
        as_of=pd.Timestamp(0, unit="D") + pd.to_timedelta(bundle.as_of, unit="D"), bundle=bundle.version
    )
