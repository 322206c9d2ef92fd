"""What the audit leaves beside the canonical tables: profile, coverage and the page for people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.audit.finding import Finding
from pipelines.audit.page import Page, render
from pipelines.audit.profile import write_profile
from pipelines.audit.runner import Change, not_applicable
from pipelines.audit.weeks import weeks_of
from pipelines.coverage import write_coverage

FILE = "audit.html"


def write_audit(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    facts: Mapping[str, Any],
    findings: Sequence[Finding],
    changes: Sequence[Change] | None,
) -> None:
    """Write ``profile.json``, ``coverage.json`` and ``audit.html``; ``changes`` is None at a first audit."""
    write_profile(con, folder)
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
