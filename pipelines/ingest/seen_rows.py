"""Seen rows: since when each row of a file is known that grew, was corrected, or came again under another name.

For every content of a delivery, ``delivered/<source>/<key>/<hash>.parquet`` has the marks of its rows
(:mod:`pipelines.sources.row_marks`), how many have each, and when they were first seen; null if they cannot be late.
The rows of a new content that were in one it replaces, the earlier one under its name or that of a file that is gone,
keep their instant. If no row of any file is known, everything is a new beginning.

The files are written before the tables and the ledger of deliveries, so what belongs to an entry of the ledger is
complete. Where they
are missing (an older workspace, another version of DuckDB) a content is known since the one it replaces.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.ingest.deliveries import Ledger
from pipelines.sources.identity import types_of
from pipelines.sources.read import RawFile, Reader
from pipelines.sources.row_marks import row_mark
from pipelines.sources.staged_files import Delivery, Rows
from pipelines.sql import one_number, parquet, quoted

FOLDER = "delivered"
ALWAYS = "TIMESTAMP '-infinity'"


def marks_folder(home: Path, source: str, key_id: str | None) -> Path:
    """Where the marks of a source are; those made with another key or another version of DuckDB cannot be compared."""
    return home / FOLDER / source / f"{key_id or 'plain'}-{duckdb.__version__}"


def marks_file(folder: Path, name: str, sha256: str) -> Path:
    """The marks of a file's content."""
    return folder / f"{hashlib.sha256(f'{name}/{sha256}'.encode()).hexdigest()[:32]}.parquet"


@dataclass(frozen=True)
class SeenRows:
    """The marks of one ingest: those of before in ``folder``, those of new contents in ``fresh``."""

    folder: Path
    fresh: Path
    ledger: Ledger
    hashes: Mapping[str, str]
    hidden: bool

    def look_at(self, con: duckdb.DuckDBPyConnection, files: Sequence[RawFile], readers: Mapping[str, Reader]) -> None:
        """Date the rows of every delivery whose content is new."""
        new = [file for file in files if not file.full_export and not self._is_known(file.name)]
        self.fresh.mkdir(parents=True, exist_ok=True)
        dated = [self._date(con, file, readers[file.alias].over([file.path])) for file in new]
        if self.ledger.all_new and self.ledger.earlier and not any(dated):
            for file in new:
                never_late = f"SELECT * REPLACE (CAST(NULL AS TIMESTAMP) AS seen_at) FROM {self._of(file.name)}"
                self._write(con, file.name, never_late)

    def deliveries(self, con: duckdb.DuckDBPyConnection, file: RawFile, reader: Reader) -> list[Delivery]:
        """The file as one delivery for each instant at which rows of it were first seen, the newest last."""
        sha256, came = self.hashes[file.name], self.ledger.delivered[file.name]
        if file.full_export:
            return [Delivery(file, sha256, came)]
        marks = self._of(file.name)
        parts = con.execute(
            f"""SELECT seen_at, concat_ws('-', sum(copies), bit_xor(hash(mark, copies)), sum(hash(mark, copies)))
            FROM {marks} GROUP BY seen_at ORDER BY seen_at NULLS FIRST"""
        ).fetchall()
        if len(parts) < 2:
            return [Delivery(file, sha256, parts[0][0] if parts else came)]
        mark = row_mark(types_of(con, reader.over([file.path])), self.hidden)
        newest = parts[-1][0]
        return [
            # Whatever has no mark belongs to the newest part: no row can be lost between them.
            Delivery(file, sha256, seen_at, Rows(_condition(mark, marks, seen_at, newest), digest))
            for seen_at, digest in parts
        ]

    def keep(self) -> None:
        """Move the new files to the others; before the tables and the ledger are written."""
        for path in sorted(self.fresh.glob("*.parquet")):
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{path.name}-{os.getpid()}"
            shutil.copyfile(path, draft)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(self.folder / path.name)

    def _is_known(self, name: str) -> bool:
        return self.ledger.had(name, self.hashes[name]) and marks_file(self.folder, name, self.hashes[name]).is_file()

    def _of(self, name: str) -> str:
        """The marks of a current file, to stand after FROM."""
        fresh = marks_file(self.fresh, name, self.hashes[name])
        return parquet(fresh if fresh.is_file() else marks_file(self.folder, name, self.hashes[name]))

    def _date(self, con: duckdb.DuckDBPyConnection, file: RawFile, rows: str) -> bool:
        """Write the marks of a file; whether one of its rows was seen before."""
        mark, came = row_mark(types_of(con, rows), self.hidden), _instant(self.ledger.delivered[file.name])
        marks = f"SELECT {mark} AS mark, count(*) AS copies FROM {rows} GROUP BY mark"
        before = self._replaced_by(file.name)
        if not before:
            self._write(con, file.name, f"SELECT mark, copies, nullif({came}, {ALWAYS}) AS seen_at FROM ({marks})")
            return False
        earlier = f"SELECT mark, min(coalesce(seen_at, {ALWAYS})) AS seen_at FROM {parquet(*before)} GROUP BY mark"
        self._write(
            con,
            file.name,
            f"""SELECT mark, copies, nullif(least({came}, earlier.seen_at), {ALWAYS}) AS seen_at
            FROM ({marks}) LEFT JOIN ({earlier}) AS earlier USING (mark)""",
        )
        return one_number(con, f"SELECT count(*) FROM {self._of(file.name)} SEMI JOIN ({earlier}) USING (mark)") > 0

    def _replaced_by(self, name: str) -> list[Path]:
        """The marks of earlier contents of the name and of names that are gone."""
        earlier = [
            marks_file(self.folder, entry["file"], entry["sha256"])
            for entry in self.ledger.earlier
            if entry["file"] not in self.hashes or (entry["file"] == name and entry["sha256"] != self.hashes[name])
        ]
        return sorted({path for path in earlier if path.is_file()})

    def _write(self, con: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
        path = marks_file(self.fresh, name, self.hashes[name])
        draft = path.with_suffix(".draft")
        con.execute(f"COPY ({query}) TO {quoted(str(draft))} (FORMAT parquet, COMPRESSION zstd)")
        draft.replace(path)


def _instant(when: datetime | None) -> str:
    return ALWAYS if when is None else f"TIMESTAMP '{when:%Y-%m-%d %H:%M:%S.%f}'"


def _condition(mark: str, marks: str, seen_at: datetime | None, newest: datetime | None) -> str:
    here = f"seen_at IS NOT DISTINCT FROM CAST({quoted(str(seen_at)) if seen_at else 'NULL'} AS TIMESTAMP)"
    if seen_at != newest:
        return f"{mark} IN (SELECT mark FROM {marks} WHERE {here})"
    return f"{mark} NOT IN (SELECT mark FROM {marks} WHERE NOT ({here}))"


def forget(folder: Path, ledger: Ledger, hashes: Mapping[str, str], erased: bool) -> None:
    """Delete the marks in ``folder`` that no content can need again; after the ledger is written.

    Needed are those of the newest content of each name, and of names that are gone unless somebody was ``erased``.
    """
    newest = {} if erased else {entry["file"]: entry["sha256"] for entry in ledger.entries}
    needed = {marks_file(folder, name, sha256) for name, sha256 in {**newest, **hashes}.items()}
    for path in folder.parent.glob("*/*"):
        if path not in needed:
            path.unlink()
    for each in folder.parent.glob("*"):
        if not any(each.iterdir()):
            each.rmdir()
