"""Ingest: raw files through a source's SQL to audited, cleaned, immutable canonical tables.

``canonical/<id>/`` holds ``<table>.parquet``, ``rejects/<table>.parquet`` (rows as the SQL returned them, with a
reason), ``audit.json``, ``audit_changes.json`` (against the audit that was current before) and ``manifest.json``.
The id is a hash of all that decides the content, so the same source over the same files is found, not written again.

Files of a later ingest are deliveries (:mod:`pipelines.deliveries`): only they are read, what was staged of the others
is kept in ``staging/``. The order of writing makes a crash harmless: the folder, the cache, the ledger, the pointer.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from features.errors import BadArtifact
from pipelines.audit import Change, Finding, compare, recall, run_audit
from pipelines.audit.publication import write_audit
from pipelines.cleaning import Cleaned, clean_all
from pipelines.deliveries import Ledger, look_up, utc_now
from pipelines.privacy.erased import Erased, read_erased
from pipelines.privacy.tombstones import clean_parts, drop_erased
from pipelines.pseudonyms import define_pseudonym, key_id, key_of
from pipelines.sources.parts import Delivery, Parts, alias_of_parts, stage_parts
from pipelines.sources.read import RawFile, file_hash, open_raw, quoted, raw_files
from pipelines.sources.source import Source
from pipelines.sources.stage import Staged, describe, stage_whole
from pipelines.workspace import Workspace

# Raise it when code changes what is written for the same input.
FORMAT = 4
KIND = "canonical"
STAGING = "staging"
THREADS = 2


@dataclass(frozen=True)
class IngestResult:
    """What an ingest left in the workspace; ``changed`` is False if it was current already.

    ``conflicts`` counts, for each column of ``customers``, the customers whose several ids say different things.
    ``late`` counts, for each table, the rows that are known only since their file came.
    """

    id: str
    folder: Path
    counts: Mapping[str, int]
    rejects: Mapping[str, Mapping[str, int]]
    repairs: Mapping[str, Mapping[str, int]]
    findings: Sequence[Finding]
    changes: Sequence[Change]
    conflicts: Mapping[str, int]
    late: Mapping[str, int]
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
    without it the present is the end of today by the clock. It also dates the files that are seen for the first time,
    which without it the clock does. On any error the workspace stays as it was.
    """
    files = raw_files(source, raw)
    hashes = {file.name: file_hash(file.path) for file in files}
    hidden = source.config.pseudonymise if pseudonymise is None else pseudonymise
    key = key_of(home.home) if hidden else None
    ledger = look_up(home.home, source.name, files, hashes, as_known or utc_now())
    run = _Run(source, files, hashes, key, ledger, as_known or _end_of_today(), read_erased(home.home))
    id_ = _identity(run, as_known)
    before = home.current(KIND)
    if not (home.home / KIND / id_).is_dir():
        _write_once(home, run, id_, before)
    ledger.write()
    if before is None or before.name != id_:
        home.point(KIND, id_)
    return read_result(home.home / KIND / id_, changed=before is None or before.name != id_)


@dataclass(frozen=True)
class _Run:
    """What one ingest works on; rows at or after ``present`` are in the future."""

    source: Source
    files: Sequence[RawFile]
    hashes: Mapping[str, str]
    key: bytes | None
    ledger: Ledger
    present: datetime
    erased: Erased

    @property
    def key_id(self) -> str | None:
        return None if self.key is None else key_id(self.key)


def _write_once(home: Workspace, run: _Run, id_: str, before: Path | None) -> None:
    for killed in (home.home / KIND).glob(".draft-*"):
        shutil.rmtree(killed)
    with _scratch() as scratch, _connect(run.source, scratch) as con:
        parts = Parts(home.home / STAGING, scratch / "parts", run.key_id)
        recall(con, before, run.present)
        work = _prepare(con, run, parts)
        facts = _manifest(run, id_, work)
        home.write_once(KIND, id_, lambda folder: _write(con, folder, work, facts, before))
        if run.erased.key is not None:
            clean_parts(con, home.home, parts.paths())
        parts.keep()


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="coterie-ingest-") as folder:
        yield Path(folder)


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
        conflicts=facts.get("conflicts", {}),
        late={name: table.get("late", 0) for name, table in facts["tables"].items()},
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


def _identity(run: _Run, as_known: datetime | None) -> str:
    """16 hex digits of a hash over everything that decides what is written."""
    delivered = {name: str(when) for name, when in run.ledger.delivered.items() if when is not None}
    decides = {
        "format": FORMAT,
        "source": run.source.config.model_dump(mode="json", exclude={"raw", "title"}),
        "sql": run.source.sql,
        "files": [[file.alias, file.name, run.hashes[file.name]] for file in run.files],
        "delivered": delivered,
        "key": run.key_id,
        "as_known": None if as_known is None else as_known.isoformat(),
        "erased": run.erased.digest,
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
    """Everything known once the tables stand in the scratch database; ``by_file`` names the tables staged in parts."""

    staged: Sequence[Staged]
    by_file: frozenset[str]
    erased: Mapping[str, int]
    cleaned: Sequence[Cleaned]
    conflicts: Mapping[str, int]
    findings: Sequence[Finding]


def _prepare(con: duckdb.DuckDBPyConnection, run: _Run, parts: Parts) -> _Work:
    open_raw(con, run.source, run.files, may_be_empty=bool(run.erased.marks))
    if run.key is not None:
        define_pseudonym(con, run.key)
    staged = [describe(con, run.source, table, hidden=run.key is not None) for table in run.source.sql]
    by_file = frozenset(table.name for table in staged if _stage(con, run, table, parts))
    erased = drop_erased(con, run.erased, staged, parts.paths())
    findings = run_audit(con, [table.name for table in staged])
    cleaned, conflicts = clean_all(con, staged, run.source.config, may_be_empty=bool(run.erased.marks))
    return _Work(staged, by_file, erased, cleaned, conflicts, findings)


def _stage(con: duckdb.DuckDBPyConnection, run: _Run, table: Staged, parts: Parts) -> bool:
    """Stage a table file by file if its SELECT lets us, else as a whole; True if file by file."""
    alias = alias_of_parts(con, run.source, table)
    if alias is None:
        stage_whole(con, run.source, table, run.present)
        return False
    deliveries = [
        Delivery(file, run.hashes[file.name], run.ledger.delivered[file.name])
        for file in run.files
        if file.alias == alias
    ]
    stage_parts(con, run.source, table, deliveries, parts, run.present)
    return True


def _manifest(run: _Run, id_: str, work: _Work) -> dict[str, Any]:
    config = run.source.config
    return {
        "format": FORMAT,
        "id": id_,
        "source": config.name,
        "title": config.title,
        "timezone": config.timezone,
        "currency": config.currency,
        "pseudonym_key": run.key_id,
        "raw_files": dict(run.hashes),
        "delivered": {name: when and f"{when.isoformat()}Z" for name, when in run.ledger.delivered.items()},
        "conflicts": dict(work.conflicts),
        "tables": {
            table.name: {
                "rows_in": table.rows_in,
                "rows": table.rows,
                "rejects": dict(table.rejects),
                "repairs": dict(table.repairs),
                "late": table.late,
                "erased": work.erased.get(table.name, 0),
                "staged": "by file" if table.name in work.by_file else "as a whole",
            }
            for table in work.cleaned
        },
    }


def _write(
    con: duckdb.DuckDBPyConnection, folder: Path, work: _Work, facts: dict[str, Any], before: Path | None
) -> None:
    (folder / "rejects").mkdir()
    for table in work.staged:
        _copy(con, _canonical_query(table), folder / f"{table.name}.parquet")
        _copy(con, f'SELECT * FROM rejects."{table.name}" ORDER BY ALL', folder / "rejects" / f"{table.name}.parquet")
    changes = compare(_findings(before), work.findings) if before is not None else []
    _write_json(folder / "audit.json", {"findings": [asdict(finding) for finding in work.findings]})
    _write_json(folder / "audit_changes.json", [asdict(change) for change in changes])
    _write_json(folder / "manifest.json", facts)
    write_audit(con, folder, facts, work.findings, changes if before is not None else None)


def _canonical_query(table: Staged) -> str:
    """Canonical rows by customer, then by their key, then by every other column: equal input gives equal bytes.

    By customer first, so that a reader who wants some of them finds them together.
    """
    names = [column.name for column in table.columns]
    order = list(dict.fromkeys([name for name in ("customer_id", *table.spec.key, *names) if name in names]))
    return f"""SELECT {", ".join(f'"{name}"' for name in names)} FROM clean."{table.name}"
        ORDER BY {", ".join(f'"{name}"' for name in order)}"""


def _copy(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    con.execute(f"COPY ({query}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
