"""``coterie ingest``: audit, clean and store raw files as canonical tables."""

from pathlib import Path
from typing import Any

from pipelines.audit import worst
from pipelines.audit.publication import FILE as AUDIT_PAGE
from pipelines.ingest.canonical import ingest
from pipelines.ingest.remembered import remember_ingest
from pipelines.ingest.result import IngestResult
from pipelines.sources.source import load_source
from pipelines.workspace import Workspace


def ingest_step(workspace: Workspace, source: str, raw: str, pseudonymise: bool | None) -> dict[str, Any]:
    """Ingest a source and remember it for ``retrain``."""
    files = Path(raw) if raw else _simulated_here(workspace, source)
    result = ingest(workspace, load_source(source), files, pseudonymise)
    remember_ingest(workspace, source, files, pseudonymise)
    return {
        "canonical": result.id,
        "folder": str(result.folder),
        "rows": dict(result.counts),
        "rejects": {table: dict(reasons) for table, reasons in result.rejects.items()},
        "repairs": {table: dict(counts) for table, counts in result.repairs.items()},
        "conflicts": dict(result.conflicts),
        "late": dict(result.late),
        "absent": list(result.absent),
        "findings": [f"{finding.code} {finding.title}: {finding.count}" for finding in result.findings],
        "report": str(result.folder / AUDIT_PAGE),
        "changed": result.changed,
        "message": _message(result),
    }


def _simulated_here(workspace: Workspace, source: str) -> Path | None:
    """The simulated source reads what ``coterie simulate`` wrote into this workspace."""
    folder = workspace.home / "raw" / "simulated" / "raw"
    return folder if source == "simulated" and folder.is_dir() else None


def _message(result: IngestResult) -> str:
    stored = ", ".join(f"{rows:,} {table}" for table, rows in result.counts.items())
    rejected = sum(sum(reasons.values()) for reasons in result.rejects.values())
    state = "ingested" if result.changed else "nothing new"
    lines = [
        f"{state}: {stored} ({rejected:,} rows rejected, {len(result.findings)} audit findings) in {result.folder}"
    ]
    for what, counts in (
        ("rows that came late, dated by their file", result.late),
        ("customers whose linked profiles disagree, settled by the source's rule", result.conflicts),
    ):
        if listed := ", ".join(f"{n:,} in {name}" for name, n in counts.items() if n):
            lines.append(f"  {what}: {listed}")
    lines += [f"  no file for {alias}, which may be missing: read as empty" for alias in result.absent]
    lines += [f"  {f.severity}: {f.title} ({f.count:,} in {f.table})" for f in worst(result.findings)]
    return "\n".join([*lines, f"  all findings, and what to do: {result.folder / AUDIT_PAGE}"])
