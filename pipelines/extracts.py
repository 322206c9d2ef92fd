"""Extracts: rows of some customers, copied out of the canonical tables once so that they are not searched for again.

``extracts/<tables>-<code>-drawn-<seed>-<step>/<table>.parquet`` are all tables of the customers that studies drew, for
every study whose draw is a little smaller. ``extracts/<tables>-<code>-<whose>moved/<part>/<table>.parquet`` are rows of
ids that are computed in another part than their place in the table says, by part. Extracts can be deleted at any time.
"""

import math
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from features.executors.draw import Draw
from features.tables import OPEN_TABLES
from pipelines.workspace import Workspace

KIND = "extracts"
STEPS_AN_OCTAVE = 4
"""Shares are extracted in steps of a factor of 2 ** (1 / 4), 19 %."""
ROW_GROUP = 100_000
"""Rows that a reader of a range of customers takes or leaves as a whole."""


def drawn_tables(workspace: Workspace, canonical: Path, family: str, drawn: Draw, seed: int) -> Path:
    """A folder with the tables of all drawn customers, and of a few more: the next larger step of shares.

    So studies whose draws differ by less than a step share tables, and all snapshots of them. From the last step below
    everybody on, it is the canonical folder itself.
    """
    step = math.floor(-STEPS_AN_OCTAVE * math.log2(drawn.share))
    if step == 0:
        return canonical
    whose = drawn.ids(2 ** (-step / STEPS_AN_OCTAVE))
    return workspace.write_once(
        KIND, f"{family}-drawn-{seed}-{step:03d}", lambda folder: copy_rows(canonical, folder, whose)
    )


def moved_rows(workspace: Workspace, folder: Path, family: str, part: pl.DataFrame) -> Path:
    """``<part>/<table>.parquet`` below the returned folder, rows of the tables in ``folder`` by customer.

    ``part`` is [customer_id, part], without those whose rows are not asked for. A part without rows has no folder.
    """
    return workspace.write_once(KIND, f"{family}-moved", lambda draft: partition_rows(folder, draft, part))


def copy_rows(tables: Path, folder: Path, whose: pl.DataFrame) -> None:
    """Copy the rows of these customers, in the order of the tables; tables without customers whole.

    One pass in bounded memory.
    """
    for path in _readable(tables):
        table = pl.scan_parquet(path)
        if "customer_id" in table.collect_schema():
            theirs = table.join(whose.lazy(), on="customer_id", how="semi", maintain_order="left")
            theirs.sink_parquet(folder / path.name, row_group_size=ROW_GROUP)
        else:
            shutil.copyfile(path, folder / path.name)


def partition_rows(tables: Path, folder: Path, part: pl.DataFrame) -> None:
    """Copy the customers' rows to the parts that ``part`` gives them; links between ids belong to no part."""
    for path in _readable(tables):
        table = pl.scan_parquet(path)
        if path.stem != "identities" and "customer_id" in table.collect_schema():
            theirs = table.join(part.lazy(), on="customer_id", maintain_order="left")
            theirs.sink_parquet(_by_part(folder, path.name), row_group_size=ROW_GROUP, mkdir=True)


def _readable(tables: Path) -> list[Path]:
    """The tables in a folder, by name; a vault is never copied."""
    return sorted(path for path in tables.glob("*.parquet") if path.stem in OPEN_TABLES)


def _by_part(folder: Path, name: str) -> pl.PartitionBy:
    def place(file: Any) -> Path:
        return folder / str(file.partition_keys.item()) / name

    return pl.PartitionBy(
        folder, file_path_provider=place, key="part", include_key=False, approximate_bytes_per_file=None
    )
