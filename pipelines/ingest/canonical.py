"""Ingest: raw files through a source's SQL to audited, cleaned, immutable canonical tables.

``canonical/<id>/`` contains ``<table>.parquet``, ``rejects/<table>.parquet`` (rows as the SQL returned them, with a
reason), ``audit.json``, ``audit_changes.json`` (against the audit that was current before) and ``manifest.json``.
The id is a hash of all that decides the content, so the same source over the same files is found, not written again.

Files of a later ingest are deliveries (:mod:`pipelines.ingest.deliveries`): only they are read; for the others,
``staging/`` has the rows as they were staged before. The order of writing makes a crash harmless: the marks of the
rows, which would not be written again once the folder is there, the folder, the staging cache, the ledger of
deliveries, the pointer.
"""

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.audit import recall, run_audit
from pipelines.ingest.cleaning import clean_all
from pipelines.ingest.corrections import show_replaced
from pipelines.ingest.publication import Prepared, future_from, manifest, write_canonical
from pipelines.ingest.result import IngestResult, read_result
from pipelines.ingest.run import Run, begin
from pipelines.ingest.seen_rows import SeenRows, forget
from pipelines.privacy.pseudonyms import define_pseudonym
from pipelines.privacy.tombstones import clean_parts, drop_erased
from pipelines.scratch import scratch_database, scratch_folder
from pipelines.sources.guessed import note_guesses
from pipelines.sources.read import Reader, open_raw
from pipelines.sources.sandbox import confine
from pipelines.sources.source import Source
from pipelines.sources.stage import Staged, describe, stage_whole
from pipelines.sources.staged_files import StagedFiles, alias_by_file, stage_by_file
from pipelines.workspace import Workspace

KIND = "canonical"
STAGING = "staging"


def ingest(
    workspace: Workspace,
    source: Source,
    raw: Path | None = None,
    pseudonymise: bool | None = None,
    as_known: datetime | None = None,
) -> IngestResult:
    """Make the canonical tables of ``source`` over the files in ``raw`` current in ``workspace``.

    ``pseudonymise`` overrides ``source.toml``. Rows at or after ``as_known`` (UTC) are in the future and rejected; it
    also dates the files that are seen for the first time. Without it, the future begins at midnight (UTC) and files
    are dated by the clock. On any error the workspace stays as it was.
    """
    run = begin(workspace, source, raw, pseudonymise, as_known)
    before = workspace.current(KIND)
    name = run.id(workspace.published(KIND))
    folder = workspace.home / KIND / name
    if not folder.is_dir():
        _write_once(workspace, run, name, before)
    run.ledger.write()
    forget(run.marks, run.ledger, run.hashes, erased=bool(run.erased.marks))
    changed = before != folder
    if changed:
        workspace.point(KIND, name)
    return read_result(folder, changed)


def _write_once(workspace: Workspace, run: Run, name: str, before: Path | None) -> None:
    for killed in (workspace.home / KIND).glob(".draft-*"):
        shutil.rmtree(killed)
    with scratch_folder(workspace.scratch) as scratch, scratch_database(scratch, run.source.config.timezone) as con:
        files = StagedFiles(workspace.home / STAGING, scratch / "staged_files", run.key_id)
        seen = SeenRows(run.marks, scratch / "marks", run.ledger, run.hashes, hidden=run.key is not None)
        recall(con, before, run.present)
        prepared = _prepare(con, run, files, seen)
        facts = manifest(run, name, prepared)
        seen.keep()
        workspace.write_once(KIND, name, lambda folder: write_canonical(con, folder, prepared, facts, before))
        if run.erased.key is not None:
            clean_parts(con, workspace.home, files.paths())
        files.update_cache()


def _prepare(con: duckdb.DuckDBPyConnection, run: Run, files: StagedFiles, seen: SeenRows) -> Prepared:
    """Stage, remove the erased, audit and clean: everything that is computed before something is written."""
    scratch = files.fresh.parent
    readers = open_raw(con, run.source, run.files, scratch / "copies")
    confine(con, [file.path for file in run.files], [scratch, files.cache.parent])
    if run.key is not None:
        define_pseudonym(con, run.key)
    staged = [describe(con, run.source, table, hidden=run.key is not None) for table in run.source.sql]
    note_guesses(con, staged, readers)
    there = {file.alias for file in run.files}
    read = {table.name: alias_by_file(con, run.source, table) for table in staged}
    aliases = {name: alias if alias in there else None for name, alias in read.items()}
    seen.look_at(con, [file for file in run.files if file.alias in aliases.values()], readers)
    for table in staged:
        _stage(con, run, table, aliases[table.name], readers, files, seen)
    erased = drop_erased(con, run.erased, staged, files.paths())
    for name, columns in run.source.config.corrections.items():
        if name in run.source.sql:
            show_replaced(con, name, columns)
    findings = run_audit(con, [table.name for table in staged])
    cleaned, conflicts = clean_all(con, staged, run.source.config, may_be_empty=bool(run.erased.marks))
    by_file = frozenset(name for name, alias in aliases.items() if alias is not None)
    return Prepared(staged, by_file, erased, cleaned, conflicts, findings, future_from(con, staged))


def _stage(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    table: Staged,
    alias: str | None,
    readers: Mapping[str, Reader],
    files: StagedFiles,
    seen: SeenRows,
) -> None:
    """Stage a table from the files of ``alias`` one by one, or as a whole if there is no such alias."""
    if alias is None:
        stage_whole(con, run.source, table, run.present)
        return
    deliveries = [
        delivery for file in run.files if file.alias == alias for delivery in seen.deliveries(con, file, readers[alias])
    ]
    stage_by_file(con, run.source, table, deliveries, readers[alias], files, run.present)
