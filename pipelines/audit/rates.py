"""Monthly rates that labels depend on, and the months whose rate jumps."""

import duckdb

from pipelines.audit.finding import EXAMPLES_N, Found

MONTHS_MIN = 6
ROWS_MIN = 30
# A jump is more than a tenth, several times the spread between months, and several standard errors.
JUMP, SPREADS, ERRORS = 0.1, 5, 5


def months_that_jump(con: duckdb.DuckDBPyConnection, rows: str) -> Found | None:
    """Count the months whose share of ``hit`` jumps against the median month; ``rows`` is a SELECT of month and hit."""
    query = f"""
        WITH rates AS (
            SELECT month, count(*) AS n, avg(CAST(hit AS DOUBLE)) AS rate FROM ({rows})
            GROUP BY month HAVING n >= {ROWS_MIN}),
        usual AS (SELECT *, median(rate) OVER () AS usual, count(*) OVER () AS months FROM rates),
        spread AS (SELECT *, 1.4826 * median(abs(rate - usual)) OVER () AS spread FROM usual)
        SELECT strftime(month, '%Y-%m'), rate, usual FROM spread
        WHERE months >= {MONTHS_MIN} AND abs(rate - usual)
            > greatest({JUMP}, {SPREADS} * spread, {ERRORS} * sqrt(usual * (1 - usual) / n))
        ORDER BY month"""
    found = con.execute(query).fetchall()
    examples = [{"month": month, "rate": f"{rate:.3f}", "usual": f"{usual:.3f}"} for month, rate, usual in found]
    return Found(len(found), tuple(examples[:EXAMPLES_N])) if found else None
