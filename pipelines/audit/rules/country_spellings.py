"""One country written in several ways (case, accents, codes, the own language): counted by the rarer spellings."""

import duckdb

from features.countries import codes
from pipelines.audit.finding import Found
from pipelines.sql import one_number, quoted

CODE = "customers.country_spellings"
TITLE = "Customers whose country is spelt another way than usual"
ADVICE = (
    "Map the spellings to one in customers.sql; features and segments by country take each for a country of its own."
)
NEEDS = ("country",)
BARE = "regexp_replace(lower(strip_accents(country)), '[^a-z]', '', 'g')"
"""A name without case, accents and signs."""


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    known = ", ".join(f"({quoted(name)}, {quoted(code)})" for name, code in codes().items())
    names = f"(SELECT {BARE} AS name, min(code) AS code FROM (VALUES {known}) AS known(country, code) GROUP BY 1)"
    rows = f"SELECT country, {BARE} AS name, count(*) AS rows FROM {table} WHERE country IS NOT NULL AND reason IS NULL"
    spellings = f"""(SELECT country, coalesce(code, nullif(name, ''), country) AS named, rows
        FROM ({rows} GROUP BY ALL) LEFT JOIN {names} AS names USING (name))"""
    rank = "row_number() OVER (PARTITION BY named ORDER BY rows DESC, country DESC)"
    rarer = one_number(con, f"SELECT sum(rows) FROM (SELECT rows, {rank} AS rank FROM {spellings}) WHERE rank > 1")
    return Found(rarer) if rarer else None
