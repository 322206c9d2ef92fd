"""Text files whose encoding was guessed, for each table whose SELECT reads them."""

from collections.abc import Mapping, Sequence

import duckdb

from pipelines.sources.read import Reader
from pipelines.sources.stage import Staged
from pipelines.sources.text.reader import TextReader


def note_guesses(con: duckdb.DuckDBPyConnection, staged: Sequence[Staged], readers: Mapping[str, Reader]) -> None:
    """Write them to ``guessed.encodings``, from which the audit names them."""
    rows = [
        (table.name, name, encoding)
        for table in staged
        for alias in sorted(table.aliases)
        if isinstance(reader := readers.get(alias), TextReader)
        for name, encoding in reader.guessed()
    ]
    if rows:
        con.executemany("INSERT INTO guessed.encodings VALUES (?, ?, ?)", rows)
