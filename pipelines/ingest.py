"""Ingest: raw files through a source's SQL to audited, cleaned, immutable canonical tables.

``canonical/<id>/`` holds ``<table>.parquet``, ``rejects/<table>.parquet`` (rows as the SQL returned them, with a
reason), ``audit.json``, ``audit_changes.json`` (against the audit that was current before) and ``manifest.json``.
The id is a hash of all that decides the content, so the same source over the same files is found, not written again.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from features.errors import BadArtifact
from pipelines.audit import Change, Finding, compare, run_audit
from pipelines.cleaning import Cleaned, clean
from pipelines.pseudonyms import define_pseudonym, key_id, key_of
from pipelines.sources.casting import trimmed
from pipelines.sources.read import RawFile, file_hash, open_raw, quoted, raw_files
from pipelines.sources.source import Source
from pipelines.sources.stage import Staged, stage
from pipelines.workspace import Workspace

# Raise it when code changes what is written for the same input.
FORMAT = 1
KIND = "canonical"
THREADS = 2


@dataclass(frozen=True)
class IngestResult:
    """What an ingest left in the workspace; ``changed`` is False if it was current already."""

    id: str
    folder: Path
    counts: Mapping[str, int]
    rejects: Mapping[str, Mapping[str, int]]
    repairs: Mapping[str, Mapping[str, int]]
    findings: Sequence[Finding]
    changes: Sequence[Change]
    changed: bool


def ingest(
    home: Workspace,
    source: Source,
    raw: Path | None = None,
    pseudonymise: bool | None = None,
    as_known: datetime | None = None,
) -> IngestResult:
    """Make the canonical tables of ``source`` over the files in ``raw`` current in ``home``.

    ``pseudonymise`` overrides ``source.toml``. Rows at or after ``as_known`` (UTC) are in the future and rejected;
    without it the present is the end of today by the clock. On any error the workspace stays as it was.
    """
    files = raw_files(source, raw)
    hashes = {file.name: file_hash(file.path) for file in files}
    hidden = source.config.pseudonymise if pseudonymise is None else pseudonymise
    key = key_of(home.home) if hidden else None
    id_ = _identity(source, files, hashes, key, as_known)
    before = home.current(KIND)
    if not (home.home / KIND / id_).is_dir():
        with tempfile.TemporaryDirectory(prefix="coterie-ingest-") as scratch, _connect(source, Path(scratch)) as con:
            work = _prepare(con, source, files, key, as_known or _end_of_today())
            facts = _manifest(source, id_, hashes, key, work)
            home.publish(KIND, id_, lambda folder: _write(con, folder, work, facts, before, key is not None))
    elif before is None or before.name != id_:
        home.point(KIND, id_)
    return read_result(home.home / KIND / id_, changed=before is None or before.name != id_)


def read_result(folder: Path, changed: bool = False) -> IngestResult:
    """The result that an earlier ingest wrote into ``folder``."""
    facts = _read_json(folder / "manifest.json")
    return IngestResult(
        id=facts["id"],
        folder=folder,
        counts={name: table["rows"] for name, table in facts["tables"].items()},
        rejects={name: table["rejects"] for name, table in facts["tables"].items()},
        repairs={name: table["repairs"] for name, table in facts["tables"].items()},
        findings=_findings(folder),
        changes=[Change(**change) for change in _read_json(folder / "audit_changes.json")],
        changed=changed,
    )


def _findings(folder: Path) -> list[Finding]:
    found = _read_json(folder / "audit.json")["findings"]
    return [Finding(**{**finding, "examples": tuple(finding["examples"])}) for finding in found]


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadArtifact(
            f"{path} cannot be read ({error}): remove its folder and run `coterie ingest` again"
        ) from None


def _end_of_today() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _identity(
    source: Source, files: list[RawFile], hashes: Mapping[str, str], key: bytes | None, as_known: datetime | None
) -> str:
    """16 hex digits of a hash over everything that decides what is written."""
    decides = {
        "format": FORMAT,
        "source": source.config.model_dump(mode="json", exclude={"raw", "title"}),
        "sql": source.sql,
        "files": [[file.alias, file.name, hashes[file.name]] for file in files],
        "key": None if key is None else key_id(key),
        "as_known": None if as_known is None else as_known.isoformat(),
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]


def _connect(source: Source, scratch: Path) -> duckdb.DuckDBPyConnection:
    """A scratch database on disk, so that raw data larger than memory pass; extensions are never fetched."""
    con = duckdb.connect(str(scratch / "ingest.duckdb"))
    con.execute(f"SET threads = {THREADS}")
    con.execute("SET autoinstall_known_extensions = false")
    con.execute(f"SET temp_directory = {quoted(str(scratch / 'spill'))}")
    con.execute(f"SET TimeZone = {quoted(source.config.timezone)}")
    for schema in ("staged", "clean", "rejects"):
        con.execute(f"CREATE SCHEMA {schema}")
    return con


@dataclass(frozen=True)
class _Work:
    """Everything known once the tables stand in the scratch database."""

    staged: Sequence[Staged]
    cleaned: Sequence[Cleaned]
    findings: Sequence[Finding]


def _prepare(
    con: duckdb.DuckDBPyConnection, source: Source, files: list[RawFile], key: bytes | None, present: datetime
) -> _Work:
    open_raw(con, source, files)
    if key is not None:
        define_pseudonym(con, key)
    staged = [stage(con, source, table, present) for table in source.sql]
    findings = run_audit(con, [table.name for table in staged])
    return _Work(staged, [clean(con, table) for table in staged], findings)


def _manifest(source: Source, id_: str, hashes: Mapping[str, str], key: bytes | None, work: _Work) -> dict[str, Any]:
    config = source.config
    return {
        "format": FORMAT,
        "id": id_,
        "source": config.name,
        "title": config.title,
        "timezone": config.timezone,
        "currency": config.currency,
        "pseudonym_key": None if key is None else key_id(key),
        "raw_files": dict(hashes),
        "tables": {
            table.name: {
                "rows_in": table.rows_in,
                "rows": table.rows,
                "rejects": dict(table.rejects),
                "repairs": dict(table.repairs),
            }
            for table in work.cleaned
        },
    }


def _write(
    con: duckdb.DuckDBPyConnection, folder: Path, work: _Work, facts: dict[str, Any], before: Path | None, hidden: bool
) -> None:
    (folder / "rejects").mkdir()
    for table in work.staged:
        _copy(con, _canonical_query(table, hidden), folder / f"{table.name}.parquet")
        _copy(con, _rejects_query(table, hidden), folder / "rejects" / f"{table.name}.parquet")
    changes = compare(_findings(before), work.findings) if before is not None else []
    _write_json(folder / "audit.json", {"findings": [asdict(finding) for finding in work.findings]})
    _write_json(folder / "audit_changes.json", [asdict(change) for change in changes])
    _write_json(folder / "manifest.json", facts)


def _canonical_query(table: Staged, hidden: bool) -> str:
    """Canonical rows in the order of their key, then of every other column: equal input gives equal bytes."""
    names = [column.name for column in table.columns]
    columns = [_hide(f'"{name}"') if hidden and name == "customer_id" else f'"{name}"' for name in names]
    order = [*table.spec.key, *(name for name in names if name not in table.spec.key)]
    # Sorted outside: the order must be that of the pseudonyms, or it would tell the order of the ids they hide.
    return f"""SELECT * FROM (SELECT {", ".join(columns)} FROM clean."{table.name}")
        ORDER BY {", ".join(f'"{name}"' for name in order)}"""


def _rejects_query(table: Staged, hidden: bool) -> str:
    """Rejects as returned; pseudonyms hide the id, and ``source_*`` columns, which may hold it, stay out."""
    names = [column.name for column in table.given]
    columns = [_hide(f'"{name}"') if hidden and name == "customer_id" else f'"{name}"' for name in names]
    columns += [] if hidden else [f'"{name}"' for name in table.source_columns]
    return f"""SELECT * FROM (SELECT {", ".join([*columns, "reason"])} FROM rejects."{table.name}")
        ORDER BY ALL"""


def _hide(customer: str) -> str:
    return f"pseudonym({trimmed(customer)}) AS customer_id"


def _copy(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    con.execute(f"COPY ({query}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
