"""Cleaning: staged rows become canonical rows or rejects; nothing is lost and every repair is counted.

Repairs, in the order in which they are made:

- ``tidied_<column>``: spaces trimmed and blanks emptied (at staging);
- ``exact_duplicate_dropped``: exact duplicates, of which one row stays;
- ``replaced_by_correction``: rows that a later delivery corrected;
- ``impossible_<column>_emptied``: values that cannot be right, emptied;
- ``return_quantity_made_positive``: negative quantities of returns;
- ``return_matched_to_sale``: returns matched to the sale they take back;
- ``chain_flattened``: links pointed at the end of their chain; ``chain_grown``: rows added for each later link of it;
- ``merged_version_added``, ``replaced_by_merged_version``: versions of customers who have several ids;
- ``filled_from_earlier_version``: empty cells filled from the version before;
- ``unchanged_version_dropped``: versions equal to the one before;
- ``unordered_<attribute>_emptied``: texts of a declared attribute that are not in its order.

Rejections: :mod:`pipelines.sources` lists the reasons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from features.errors import BadTable
from features.past import ACTIVITY
from features.tables import MENTIONS
from pipelines.ingest.attributes import declare
from pipelines.ingest.corrections import date_corrections, drop_repeats, mark_replaced
from pipelines.ingest.customer_versions import carry_forward, merge_linked
from pipelines.ingest.identities import flatten_links, reject_links
from pipelines.ingest.impossible import empty_impossible
from pipelines.ingest.returns import make_positive, match_returns
from pipelines.sources.refused import add_refused_lines
from pipelines.sources.source import SourceConfig
from pipelines.sources.stage import HIDDEN, Staged, make_table
from pipelines.sql import one_number

# Repairs that take rows away, and those that add some.
DROPS = ("exact_duplicate_dropped", "unchanged_version_dropped", "replaced_by_merged_version")
ADDS = ("merged_version_added", "chain_grown")


# SQL: null, since when it happened, if one of the rows has no ``known_at``.
_EARLIEST = "CASE WHEN bool_and(known_at IS NOT NULL) THEN min(known_at) END"


@dataclass(frozen=True)
class Cleaned:
    """What became of one table: ``rows_in`` = ``rows`` + rejects + dropped rows - added links and versions.

    Text of its raw files that is no row counts as a row that came in and was rejected.
    ``late`` counts the stored rows that became known only when their file arrived.
    """

    name: str
    rows_in: int
    rows: int
    rejects: Mapping[str, int]
    repairs: Mapping[str, int]
    late: int


def clean_all(
    con: duckdb.DuckDBPyConnection, staged: Sequence[Staged], config: SourceConfig, may_be_empty: bool
) -> tuple[list[Cleaned], dict[str, int]]:
    """Clean every staged table.

    Returns what became of each table, and for each column of ``customers`` the conflicts between merged versions.

    Tables ``may_be_empty`` where somebody was erased, who may have been all there was.

    Raises:
        BadTable: no row of a table is left; names the most frequent reasons.
    """
    repairs = {
        table.name: _clean(con, table, config.corrections.get(table.name, ()), config.counts_lines(table.name))
        for table in staged
    }
    conflicts: dict[str, int] = {}
    for table in staged:
        if table.name == "customers":
            columns = [column.name for column in table.columns]
            if "identities" in repairs:
                merged, conflicts = merge_linked(con, columns, config.profiles.conflicts)
                repairs["customers"] |= merged
            repairs["customers"] |= carry_forward(con, columns)
            repairs["customers"] |= declare(con, table.returned, config.attributes, config.name)
    refused = add_refused_lines(con, staged)
    cleaned = [_counted(con, table, repairs[table.name], refused[table.name]) for table in staged]
    for done in cleaned:
        _refuse_loss(done, may_be_empty or done.name == "identities")
    if not may_be_empty and not any(done.rows for done in cleaned if done.name in ACTIVITY):
        raise BadTable(f"none of {', '.join(ACTIVITY)} has a row: export the files again")
    return cleaned, conflicts


def _clean(con: duckdb.DuckDBPyConnection, staged: Staged, corrected_by: Sequence[str], units: bool) -> dict[str, int]:
    """Write ``clean.<table>`` (canonical) and ``rejects.<table>`` (as returned, with a reason); the repairs."""
    if corrected_by or staged.spec.unique:
        make_table(con, staged.name)
    if corrected_by:
        date_corrections(con, staged.name, corrected_by)
    if staged.name == "identities":
        reject_links(con)
    elif staged.spec.unique:
        _one_row_a_key(con, staged)
    repairs = _tidied(con, staged) | _write_clean(con, staged, bool(corrected_by), units)
    _write_rejects(con, staged)
    if corrected_by:
        repairs["exact_duplicate_dropped"] += drop_repeats(con, staged.name, corrected_by)
        repairs["replaced_by_correction"] = mark_replaced(con, staged.name, corrected_by)
    repairs |= empty_impossible(con, staged)
    if staged.name == "orders":
        repairs["return_quantity_made_positive"] = make_positive(con)
        repairs["return_matched_to_sale"] = match_returns(con)
    if staged.name == "identities":
        repairs |= flatten_links(con)
    return repairs


def _tidied(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[str, int]:
    """Cells of rows without a reason whose text trimming (or, for ``kind``, lower-casing) changed."""
    # What names somebody else may have been taken out of the row.
    texts = [column.name for column in staged.given if column.type == "str" and column.name not in MENTIONS]
    changed = [f'count(*) FILTER (CAST("returned_{name}" AS VARCHAR) IS DISTINCT FROM "{name}")' for name in texts]
    row = con.execute(f'SELECT {", ".join(changed)} FROM staged."{staged.name}" WHERE reason IS NULL').fetchall()[0]
    return {f"tidied_{name}": n for name, n in zip(texts, row, strict=True)}


def _write_clean(con: duckdb.DuckDBPyConnection, staged: Staged, versioned: bool, units: bool) -> dict[str, int]:
    """``clean.<table>``: rows without a reason, exact duplicates (equal in everything returned) once.

    The earliest known of them stays; where rows have versions, a version may repeat an earlier one. If they are
    ``units``, as many stay as the file has that has most of them.
    Grouping whole rows is expensive, so only rows with a shared fingerprint are compared in full.
    """
    rows = f'staged."{staged.name}"'
    names = [column.name for column in staged.columns]
    once = [_EARLIEST if name == "known_at" else f'any_value("{name}")' for name in names]
    version = ", known_at" if versioned or staged.name == "customers" else ""
    copies = rows
    if units:
        copy = f"row_number() OVER (PARTITION BY fingerprint, delivered_in{version})"
        copies = f"(SELECT *, {copy} AS copy FROM {rows} WHERE reason IS NULL)"
        version += ", copy"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE shared AS
            SELECT fingerprint FROM {rows} WHERE reason IS NULL GROUP BY fingerprint HAVING count(*) > 1"""
    )
    con.execute(
        f"""CREATE TABLE clean."{staged.name}" AS
            SELECT {", ".join(f'"{name}"' for name in names)} FROM {rows} ANTI JOIN shared USING (fingerprint)
            WHERE reason IS NULL
            UNION ALL
            SELECT {", ".join(once)} FROM {copies} SEMI JOIN shared USING (fingerprint)
            WHERE reason IS NULL GROUP BY fingerprint, {staged.identity}{version}"""
    )
    without_reason = one_number(con, f"SELECT count(*) FROM {rows} WHERE reason IS NULL")
    return {"exact_duplicate_dropped": without_reason - one_number(con, f'SELECT count(*) FROM clean."{staged.name}"')}


def _write_rejects(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """``rejects.<table>``: the row as the SELECT returned it, and its reason; ids as pseudonyms if hidden."""
    hidden = HIDDEN if staged.hidden else ()
    given = [
        f'"{column.name}"' if column.name in hidden else f'"returned_{column.name}" AS "{column.name}"'
        for column in staged.given
    ]
    sources = [f'"{name}"' for name in staged.source_columns]
    con.execute(
        f"""CREATE TABLE rejects."{staged.name}" AS
            SELECT {", ".join([*given, *sources, "reason"])} FROM staged."{staged.name}" WHERE reason IS NOT NULL"""
    )


def _one_row_a_key(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Keep the fullest row of each key, the smallest of equally full ones; rows that differ from it are rejected.

    A later delivery may not change a version of a customer that was known before: the earliest delivered one stays.
    """
    rows = f'staged."{staged.name}"'
    key = ", ".join(f'"{name}"' for name in staged.spec.key)
    same_key = " AND ".join(f'one."{name}" IS NOT DISTINCT FROM shared."{name}"' for name in staged.spec.key)
    columns = [f'"{column.name}"' for column in staged.columns]
    filled = " + ".join(f"CAST({column} IS NOT NULL AS INTEGER)" for column in columns)
    earliest = "delivered_at NULLS FIRST, " if "known_at" in staged.spec.key else ""
    con.execute(
        f"""UPDATE {rows} SET reason = 'duplicate_key' WHERE rowid IN (
            SELECT row FROM (
                SELECT one.rowid AS row, fingerprint, first_value(fingerprint) OVER (
                    PARTITION BY {key} ORDER BY {earliest}{filled} DESC, {", ".join(columns)}, {staged.identity},
                    fingerprint) AS best
                FROM {rows} AS one SEMI JOIN (
                    SELECT {key} FROM {rows} WHERE reason IS NULL GROUP BY {key} HAVING count(*) > 1) AS shared
                ON {same_key} WHERE reason IS NULL)
            WHERE fingerprint <> best)"""
    )


def _counted(con: duckdb.DuckDBPyConnection, staged: Staged, repairs: dict[str, int], refused: int) -> Cleaned:
    name = staged.name
    rejects = con.execute(f'SELECT reason, count(*) FROM rejects."{name}" GROUP BY reason ORDER BY reason').fetchall()
    arrived = f'known_at IN (SELECT delivered_at FROM staged."{name}" WHERE delivered_at IS NOT NULL)'
    late = arrived if "known_at" in staged.spec.column_names else "false"
    return Cleaned(
        name=name,
        rows_in=one_number(con, f'SELECT count(*) FROM staged."{name}"') + refused,
        rows=one_number(con, f'SELECT count(*) FROM clean."{name}"'),
        rejects={str(reason): int(n) for reason, n in rejects},
        repairs={repair: n for repair, n in sorted(repairs.items()) if n},
        late=one_number(con, f'SELECT count(*) FROM clean."{name}" WHERE {late}'),
    )


def _refuse_loss(cleaned: Cleaned, may_be_empty: bool) -> None:
    dropped = sum(cleaned.repairs.get(repair, 0) for repair in DROPS)
    added = sum(cleaned.repairs.get(repair, 0) for repair in ADDS)
    accounted = cleaned.rows + sum(cleaned.rejects.values()) + dropped - added
    if accounted != cleaned.rows_in:
        raise BadTable(
            f"{cleaned.name}: {cleaned.rows_in} rows came in but {accounted} are accounted for: "
            "this is a fault of coterie, please report it; nothing was changed"
        )
    # A shop may have no customer of two ids, or no campaign this month.
    if cleaned.rows == 0 and cleaned.rows_in and not may_be_empty:
        worst = ", ".join(
            f"{n} {reason}" for reason, n in sorted(cleaned.rejects.items(), key=lambda item: -item[1])[:3]
        )
        raise BadTable(
            f"{cleaned.name}: all {cleaned.rows_in} rows were rejected ({worst}): "
            f"correct {cleaned.name}.sql or the raw files"
        )
