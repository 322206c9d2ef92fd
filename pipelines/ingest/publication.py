"""What an ingest writes into ``canonical/<id>/``: tables, rejects, the manifest and the audit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.audit import Finding, compare
from pipelines.audit.publication import write_audit
from pipelines.ingest.cleaning import Cleaned
from pipelines.ingest.result import read_findings
from pipelines.ingest.run import FORMAT, Run
from pipelines.sources.read import absent
from pipelines.sources.stage import Staged
from pipelines.sql import listed, quoted

OWNER_ONLY = 0o600


@dataclass(frozen=True)
class Prepared:
    """What is known before anything is written.

    ``by_file`` names the tables that were staged file by file; ``future_from`` is as :func:`future_from` returns it.
    """

    staged: Sequence[Staged]
    by_file: frozenset[str]
    erased: Mapping[str, int]
    cleaned: Sequence[Cleaned]
    conflicts: Mapping[str, int]
    findings: Sequence[Finding]
    future_from: datetime | None


def future_from(con: duckdb.DuckDBPyConnection, staged: Sequence[Staged]) -> datetime | None:
    """The earliest time of a row refused as in the future; once it is past, an ingest must look again."""
    times = [
        f"""SELECT min("at") AS first FROM staged."{table.name}" WHERE reason = 'in_the_future'"""
        for table in staged
        if table.spec.time == "at"
    ]
    if not times:
        return None
    first: datetime | None = con.execute(f"SELECT min(first) FROM ({' UNION ALL '.join(times)})").fetchall()[0][0]
    return first


def manifest(run: Run, name: str, prepared: Prepared) -> dict[str, Any]:
    """What is written about the ingest: its inputs, and the counts of each table."""
    config = run.source.config
    return {
        "format": FORMAT,
        "id": name,
        "inputs": run.inputs,
        "future_from": prepared.future_from and prepared.future_from.isoformat(),
        "source": config.name,
        "title": config.title,
        "timezone": config.timezone,
        "currency": config.currency,
        "known_all_along": list(config.known_all_along),
        "pseudonym_key": run.key_id,
        "raw_files": dict(run.hashes),
        "absent": absent(run.source, run.files),
        "delivered": {name: when and f"{when.isoformat()}Z" for name, when in run.ledger.delivered.items()},
        "conflicts": dict(prepared.conflicts),
        "tables": {
            table.name: {
                "rows_in": table.rows_in,
                "rows": table.rows,
                "rejects": dict(table.rejects),
                "repairs": dict(table.repairs),
                "late": table.late,
                "erased": prepared.erased.get(table.name, 0),
                "staged": "by file" if table.name in prepared.by_file else "as a whole",
            }
            for table in prepared.cleaned
        },
    }


def write_canonical(
    con: duckdb.DuckDBPyConnection, folder: Path, prepared: Prepared, facts: dict[str, Any], before: Path | None
) -> None:
    """Write tables, rejects, audit and manifest into ``folder``; ``before`` is the folder of the last ingest."""
    (folder / "rejects").mkdir()
    for table in prepared.staged:
        rejects = f'SELECT * FROM rejects."{table.name}" ORDER BY ALL'
        for query, path in ((_canonical_query(con, table), folder), (rejects, folder / "rejects")):
            _copy(con, query, path / f"{table.name}.parquet")
            if table.spec.vault:
                (path / f"{table.name}.parquet").chmod(OWNER_ONLY)
    changes = compare(read_findings(before), prepared.findings) if before is not None else []
    _write_json(folder / "audit.json", {"findings": [asdict(finding) for finding in prepared.findings]})
    _write_json(folder / "audit_changes.json", [asdict(change) for change in changes])
    _write_json(folder / "manifest.json", facts)
    write_audit(con, folder, facts, prepared.findings, changes if before is not None else None)


def _canonical_query(con: duckdb.DuckDBPyConnection, table: Staged) -> str:
    """Canonical rows by customer, then by their key, then by every other column: equal input gives equal bytes.

    By customer first, so that a reader who wants some of them finds them together. What ingest added comes last.
    """
    names = [column.name for column in table.columns]
    stored = [str(row[0]) for row in con.execute(f'DESCRIBE clean."{table.name}"').fetchall()]
    names += [name for name in stored if table.spec.is_declared(name)]
    order = list(dict.fromkeys([name for name in ("customer_id", *table.spec.key, *names) if name in names]))
    return f"""SELECT {listed(names)} FROM clean."{table.name}"
        ORDER BY {listed(order)}"""


def _copy(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    con.execute(f"COPY ({query}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
