"""Only a SELECT that is known to read one alias row by row may be staged file by file."""

import duckdb
import pytest

from pipelines.sources.row_by_row import alias_read_row_by_row

YES = [
    "SELECT a FROM lines",
    "FROM lines",
    "SELECT lines.*, a AS b FROM lines",
    "SELECT * EXCLUDE (a) FROM lines AS l",
    "SELECT upper(a) || 'x', nullif(trim(b), '') AS b, TRY_CAST(a AS DOUBLE) FROM lines WHERE a LIKE 'R%' OR b IS NULL",
    "SELECT CASE WHEN a IN ('x', 'y') AND b BETWEEN 1 AND 2 THEN coalesce(a, b) ELSE -a END FROM lines",
    "SELECT regexp_replace(CAST(a AS VARCHAR), '[0-9]', ''), strptime(b, '%d') FROM lines",
]
NO = [
    "SELECT 1 AS a",
    "SELECT a FROM other",
    "SELECT a FROM raw.lines",
    "SELECT a FROM (VALUES (1)) AS lines(a)",
    "SELECT a FROM lines, more",
    "SELECT a FROM lines JOIN more USING (a)",
    "SELECT a FROM read_csv('lines.csv')",
    "SELECT DISTINCT a FROM lines",
    "SELECT a FROM lines LIMIT 1",
    "SELECT a FROM lines ORDER BY a",
    "SELECT a FROM lines USING SAMPLE 3",
    "SELECT a FROM lines TABLESAMPLE 10%",
    "SELECT count(*) FROM lines",
    "SELECT first(a) FROM lines",
    "SELECT 1 + max(a) FROM lines",
    "SELECT a FROM lines GROUP BY a",
    "SELECT a FROM lines GROUP BY ALL",
    "SELECT a FROM lines GROUP BY ROLLUP (a)",
    "SELECT sum(a) OVER () FROM lines",
    "SELECT row_number() OVER () FROM lines",
    "SELECT a FROM lines QUALIFY row_number() OVER () = 1",
    "SELECT a FROM lines WHERE a IN (SELECT a FROM more)",
    "SELECT (SELECT max(a) FROM lines) FROM lines",
    "SELECT a FROM lines WHERE EXISTS (FROM more)",
    "SELECT a FROM lines UNION ALL SELECT a FROM lines",
    "WITH l AS (FROM lines) SELECT a FROM l",
    "WITH lines AS (FROM more) SELECT a FROM lines",
    "SELECT unnest([1, 2]) FROM lines",
    "SELECT random() FROM lines",
    "SELECT now() FROM lines",
    "SELECT current_date FROM lines",
    "SELECT nextval('s') FROM lines",
    "SELECT list_transform([a], x -> x) FROM lines",
    "SELECT no_such_function(a) FROM lines",
    "SELECT [x FOR x IN [a]] FROM lines",
]


def alias(query):
    with duckdb.connect() as con:
        return alias_read_row_by_row(con, query, {"lines", "more"})


@pytest.mark.parametrize("query", YES)
def test_what_looks_at_one_row_of_one_file_is_seen(query):
    assert alias(query) == "lines"


@pytest.mark.parametrize("query", NO)
def test_whatever_else_is_staged_as_a_whole(query):
    assert alias(query) is None
