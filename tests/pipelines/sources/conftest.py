"""Staging without the rest of an ingest: what a SELECT returned, and how it was read."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.scratch import scratch_database
from pipelines.sources.read import open_raw, raw_files
from pipelines.sources.sandbox import confine
from pipelines.sources.source import Source
from pipelines.sources.stage import stage

Staging = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def staged(tmp_path: Path) -> Staging:
    """Rows of ``staged.<table>`` as canonical values by column name, in the order of the files."""

    def run(source: Source, table: str = "orders") -> list[dict[str, Any]]:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        (scratch / "ingest.duckdb").unlink(missing_ok=True)
        files = raw_files(source)
        with scratch_database(scratch, source.config.timezone) as con:
            open_raw(con, source, files, scratch / "copies")
            confine(con, [file.path for file in files], [scratch])
            stage(con, source, table, datetime(2030, 1, 1))
            rows = con.execute(f"SELECT COLUMNS(lambda c: NOT starts_with(c, 'returned_')) FROM staged.{table}")
            names = [column[0] for column in rows.description]
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

    return run
