"""Files that are no UTF-8, and were read as what Excel writes in western Europe because nothing says what they are."""

import duckdb

from pipelines.audit.finding import EXAMPLES_N, Found

CODE = "any.guessed_encoding"
TITLE = "Files whose encoding nobody declared"
ADVICE = (
    'Look at names with accents in these files; then declare what they are written in, as in [csv] encoding = "cp1252" '
    "in source.toml, or export them as UTF-8."
)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    files = con.execute(
        "SELECT raw_file, encoding FROM guessed.encodings WHERE table_name = ? ORDER BY ALL", [table]
    ).fetchall()
    shown = tuple({"file": str(file), "read as": str(encoding)} for file, encoding in files[:EXAMPLES_N])
    return Found(len(files), shown) if files else None
