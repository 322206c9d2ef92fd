"""What the audit writes beside the canonical tables: column statistics, coverage and the page for people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.audit.coverage import write_coverage
from pipelines.audit.finding import Finding
from pipelines.audit.page import Page, render
from pipelines.audit.page.weeks import weeks_of
from pipelines.audit.runner import Change, not_applicable
from pipelines.audit.statistics import write_statistics

FILE = "audit.html"


def write_audit(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    facts: Mapping[str, Any],
    findings: Sequence[Finding],
    changes: Sequence[Change] | None,
) -> None:
    """Write ``statistics.json``, ``coverage.json`` and ``audit.html`` beside the canonical tables in ``folder``.

    ``changes`` is None at a first audit.
    """
    write_statistics(con, folder)
    page = Page(
        facts=facts,
        findings=findings,
        changes=changes or (),
        compared=changes is not None,
        lacking=not_applicable(con),
        weeks={name: weeks_of(con, name) for name in facts["tables"]},
        coverage=write_coverage(con, folder),
    )
    (folder / FILE).write_text(render(page), encoding="utf-8")
