"""Cleaning: staged rows become canonical rows or rejects; nothing is lost and every repair is counted.

Repairs, in order: spaces trimmed and blanks emptied (``tidied_<column>``, at staging), the sign of returned quantities
(``return_quantity_made_positive``), exact duplicates dropped (``exact_duplicate_dropped``), returns matched to the sale
they take back (``return_matched_to_sale``). Rejections: :mod:`pipelines.sources` lists the reasons.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from features.errors import BadTable
from pipelines.audit.finding import one_number
from pipelines.sources.stage import Staged

ALREADY_MATCHED = "original_order_id IS NOT NULL"


@dataclass(frozen=True)
class Cleaned:
    """What became of one table: ``rows_in`` = ``rows`` + rejects + exact duplicates dropped."""

    name: str
    rows_in: int
    rows: int
    rejects: Mapping[str, int]
    repairs: Mapping[str, int]


def clean(con: duckdb.DuckDBPyConnection, staged: Staged) -> Cleaned:
    """Write ``clean.<table>`` (canonical) and ``rejects.<table>`` (as returned, with a reason) from ``staged.<table>``.

    Raises:
        BadTable: no row is left; says which reasons took how many.
    """
    if staged.spec.unique:
        _one_row_a_key(con, staged)
    repairs = _tidied(con, staged) | _write_kept(con, staged)
    _write_rejects(con, staged)
    if staged.name == "orders":
        repairs["return_matched_to_sale"] = _match_returns(con)
    cleaned = _counted(con, staged, repairs)
    _refuse_loss(cleaned)
    return cleaned


def _tidied(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[str, int]:
    """Cells of kept rows whose text was changed by trimming (or, for ``kind``, by lower-casing)."""
    texts = [column.name for column in staged.given if column.type == "str"]
    changed = [f'count(*) FILTER (CAST("returned_{name}" AS VARCHAR) IS DISTINCT FROM "{name}")' for name in texts]
    row = con.execute(f'SELECT {", ".join(changed)} FROM staged."{staged.name}" WHERE reason IS NULL').fetchall()[0]
    return {f"tidied_{name}": n for name, n in zip(texts, row, strict=True)}


def _write_kept(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[str, int]:
    """``clean.<table>``: rows without a reason, exact duplicates (equal in everything returned) once.

    Grouping whole rows is dear, so only rows whose fingerprint is shared are compared in full.
    """
    rows = f'staged."{staged.name}"'
    names = [column.name for column in staged.columns]
    con.execute(
        f"""CREATE TABLE clean."{staged.name}" AS
            WITH shared AS MATERIALIZED (
                SELECT fingerprint FROM {rows} WHERE reason IS NULL GROUP BY fingerprint HAVING count(*) > 1)
            SELECT {", ".join(f'"{name}"' for name in names)} FROM {rows}
            WHERE reason IS NULL AND fingerprint NOT IN (FROM shared)
            UNION ALL
            SELECT {", ".join(f'any_value("{name}")' for name in names)} FROM {rows}
            WHERE reason IS NULL AND fingerprint IN (FROM shared) GROUP BY {staged.identity}"""
    )
    kept = one_number(con, f"SELECT count(*) FROM {rows} WHERE reason IS NULL")
    repairs = {"exact_duplicate_dropped": kept - one_number(con, f'SELECT count(*) FROM clean."{staged.name}"')}
    if staged.name == "orders":
        repairs["return_quantity_made_positive"] = _make_returns_positive(con)
    return repairs


def _make_returns_positive(con: duckdb.DuckDBPyConnection) -> int:
    turned = con.execute("UPDATE clean.orders SET quantity = -quantity WHERE quantity < 0").fetchall()
    return int(turned[0][0])


def _write_rejects(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """``rejects.<table>``: the row as the SELECT returned it, and why it was not kept."""
    given = ", ".join(f'"returned_{column.name}" AS "{column.name}"' for column in staged.given)
    sources = ", ".join(["", *(f'"{name}"' for name in staged.source_columns)])
    con.execute(
        f"""CREATE VIEW rejects."{staged.name}" AS
            SELECT {given}{sources}, reason FROM staged."{staged.name}" WHERE reason IS NOT NULL"""
    )


def _one_row_a_key(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Keep the fullest row of each key, the smallest of equally full ones; rows that differ from it are rejected."""
    rows, key = f'staged."{staged.name}"', ", ".join(staged.spec.key)
    columns = [f'"{column.name}"' for column in staged.columns]
    filled = " + ".join(f"CAST({column} IS NOT NULL AS INTEGER)" for column in columns)
    con.execute(
        f"""UPDATE {rows} SET reason = 'duplicate_key' WHERE rowid IN (
            SELECT row FROM (
                SELECT rowid AS row, fingerprint, first_value(fingerprint) OVER (
                    PARTITION BY {key} ORDER BY {filled} DESC, {", ".join(columns)}, {staged.identity}) AS best
                FROM {rows} WHERE reason IS NULL AND ({key}) IN (
                    SELECT ({key}) FROM {rows} WHERE reason IS NULL GROUP BY {key} HAVING count(*) > 1))
            WHERE fingerprint <> best)"""
    )


def _match_returns(con: duckdb.DuckDBPyConnection) -> int:
    """Give every return the latest sale before it, of the same customer and product, that was large enough.

    A sale may be named by several returns: how much of it was left is not followed.
    """
    before = one_number(con, f"SELECT count(*) FROM clean.orders WHERE kind = 'return' AND {ALREADY_MATCHED}")
    con.execute(
        """
        UPDATE clean.orders SET original_order_id = matched.sale FROM (
            WITH sales AS (
                SELECT customer_id, product_id, order_id, min("at") AS "at",
                    sum(TRY_CAST(quantity AS DECIMAL(38, 4))) AS quantity
                FROM clean.orders WHERE kind = 'sale' AND product_id IS NOT NULL GROUP BY ALL)
            SELECT returns.rowid AS row, max_by(sales.order_id, (sales."at", sales.order_id)) AS sale
            FROM clean.orders AS returns JOIN sales USING (customer_id, product_id)
            WHERE returns.kind = 'return' AND returns.original_order_id IS NULL
              AND sales."at" <= returns."at" AND sales.quantity >= returns.quantity
            GROUP BY returns.rowid) AS matched
        WHERE orders.rowid = matched.row"""
    )
    return one_number(con, f"SELECT count(*) FROM clean.orders WHERE kind = 'return' AND {ALREADY_MATCHED}") - before


def _counted(con: duckdb.DuckDBPyConnection, staged: Staged, repairs: dict[str, int]) -> Cleaned:
    name = staged.name
    rejects = con.execute(f'SELECT reason, count(*) FROM rejects."{name}" GROUP BY reason ORDER BY reason').fetchall()
    return Cleaned(
        name=name,
        rows_in=one_number(con, f'SELECT count(*) FROM staged."{name}"'),
        rows=one_number(con, f'SELECT count(*) FROM clean."{name}"'),
        rejects={str(reason): int(n) for reason, n in rejects},
        repairs={repair: n for repair, n in sorted(repairs.items()) if n},
    )


def _refuse_loss(cleaned: Cleaned) -> None:
    accounted = cleaned.rows + sum(cleaned.rejects.values()) + cleaned.repairs.get("exact_duplicate_dropped", 0)
    if accounted != cleaned.rows_in:
        raise BadTable(
            f"{cleaned.name}: {cleaned.rows_in} rows came in but {accounted} are accounted for: "
            "this is a fault of coterie, please report it; nothing was changed"
        )
    if cleaned.rows == 0:
        worst = ", ".join(
            f"{n} {reason}" for reason, n in sorted(cleaned.rejects.items(), key=lambda item: -item[1])[:3]
        )
        found = (
            f"all {cleaned.rows_in} rows were rejected ({worst})" if cleaned.rows_in else "the SELECT returned no rows"
        )
        raise BadTable(f"{cleaned.name}: {found}: correct {cleaned.name}.sql or the raw files")
