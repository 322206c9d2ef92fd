"""Lines in several currencies, by ``source_currency``: unless the SQL converts them, sums add pounds to euros."""

import re

import duckdb

from pipelines.audit.finding import EXAMPLES_N, Found

CODE = "orders.mixed_currencies"
TITLE = "Order lines in another currency than most"
ADVICE = "Make sure that orders.sql converts all prices to the currency of source.toml, or leaves other currencies out."
COLUMN = "source_currency"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    if COLUMN not in {name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()}:
        return None
    lines = con.execute(
        f"""SELECT upper(trim(CAST({COLUMN} AS VARCHAR))) AS currency, count(*) AS n FROM {table}
        WHERE reason IS NULL GROUP BY currency HAVING currency <> '' ORDER BY n DESC, currency"""
    ).fetchall()
    if len(lines) < 2:
        return None
    # Whatever is no code may be anything, also something about a person.
    named = [(code if re.fullmatch("[A-Z]{3}", code) else "…", n) for code, n in lines]
    examples = tuple({"currency": code, "lines": str(n)} for code, n in named[:EXAMPLES_N])
    return Found(sum(n for _, n in lines[1:]), examples)
