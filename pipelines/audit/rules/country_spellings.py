"""One country written in several ways (case, accents, codes, the own language): counted by the rarer spellings."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.sql import one_number, quoted_list

CODE = "customers.country_spellings"
TITLE = "Customers whose country is spelt another way than usual"
ADVICE = (
    "Map the spellings to one in customers.sql; features and segments by country take each for a country of its own."
)
NEEDS = ("country",)
ONE_COUNTRY = (
    ("unitedkingdom", "uk", "gb", "gbr", "greatbritain"),
    ("unitedstates", "us", "usa", "unitedstatesofamerica"),
    ("germany", "de", "deu", "deutschland"),
    ("france", "fr", "fra"),
    ("ireland", "ie", "irl", "eire", "republicofireland"),
    ("spain", "es", "esp", "espana"),
    ("italy", "it", "ita", "italia"),
    ("netherlands", "nl", "nld", "thenetherlands", "nederland", "holland"),
    ("belgium", "be", "bel", "belgie", "belgique"),
    ("switzerland", "ch", "che", "schweiz", "suisse", "svizzera"),
    ("austria", "at", "aut", "osterreich", "oesterreich"),
    ("portugal", "pt", "prt"),
    ("poland", "pl", "pol", "polska"),
    ("denmark", "dk", "dnk", "danmark"),
    ("sweden", "se", "swe", "sverige"),
    ("norway", "no", "nor", "norge"),
    ("canada", "ca", "can"),
    ("australia", "au", "aus"),
    ("japan", "jp", "jpn"),
    ("china", "cn", "chn"),
)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    bare = "regexp_replace(lower(strip_accents(country)), '[^a-z]', '', 'g')"
    named = " ".join(f"WHEN {bare} IN {quoted_list(ways)} THEN '{ways[0]}'" for ways in ONE_COUNTRY)
    spellings = f"""(SELECT country, CASE {named} ELSE coalesce(nullif({bare}, ''), country) END AS named,
        count(*) AS rows FROM {table} WHERE country IS NOT NULL AND reason IS NULL GROUP BY ALL)"""
    rank = "row_number() OVER (PARTITION BY named ORDER BY rows DESC, country DESC)"
    rarer = one_number(con, f"SELECT sum(rows) FROM (SELECT rows, {rank} AS rank FROM {spellings}) WHERE rank > 1")
    return Found(rarer) if rarer else None
