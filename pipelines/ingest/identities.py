"""Identities: which links from further ids to customers are accepted, and to whom each id belonged at which time.

Links are judged in the order in which they became known, so that a later link never undoes an earlier one. Rejected
are ``two_customers`` (an alias that is linked again, to somebody else) and ``cycle`` (the link that closes a ring).
"""

import duckdb

from pipelines.sql import one_number

ALWAYS = "TIMESTAMP '-infinity'"


def reject_links(con: duckdb.DuckDBPyConnection) -> None:
    """Give the rows of ``staged.identities`` that contradict an earlier link their reason."""
    con.execute(
        """UPDATE staged.identities SET reason = judged.verdict FROM (
            SELECT rowid AS row, CASE WHEN customer_id <> first_value(customer_id) OVER earliest THEN 'two_customers'
                WHEN fingerprint <> first_value(fingerprint) OVER earliest THEN 'duplicate_key' END AS verdict
            FROM staged.identities WHERE reason IS NULL
            WINDOW earliest AS (PARTITION BY alias_id ORDER BY known_at NULLS FIRST, customer_id, fingerprint)
        ) AS judged WHERE judged.verdict IS NOT NULL AND identities.rowid = judged.row"""
    )
    _walk_to_the_end(con, "staged.identities WHERE reason IS NULL")
    # An alias that has not reached an end has walked round a ring, and passed the latest of its links.
    con.execute(
        """UPDATE staged.identities SET reason = 'cycle' WHERE reason IS NULL AND alias_id IN (
            SELECT latest.alias FROM walk WHERE start IN (
                SELECT here FROM walk WHERE here IN (SELECT start FROM walk)))"""
    )


def flatten_links(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Point every alias of ``clean.identities`` at the end of its chain, as far as the chain was known at each time.

    A row is added for every time at which a later link made the chain longer. Returns the repairs. Cycles were rejected
    before.
    """
    links_n = one_number(con, "SELECT count(*) FROM clean.identities")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE flat AS
            WITH RECURSIVE walk AS (
                SELECT alias_id, customer_id, coalesce(known_at, {ALWAYS}) AS known, 1 AS step FROM clean.identities
                UNION ALL
                SELECT walk.alias_id, onward.customer_id, greatest(known, coalesce(onward.known_at, {ALWAYS})), step + 1
                FROM walk JOIN clean.identities AS onward ON walk.customer_id = onward.alias_id)
            SELECT alias_id, arg_max(customer_id, step) AS customer_id, nullif(known, {ALWAYS}) AS known_at
            FROM walk GROUP BY alias_id, known"""
    )
    unchanged = one_number(con, "SELECT count(*) FROM (FROM flat INTERSECT FROM clean.identities)")
    con.execute("CREATE OR REPLACE TABLE clean.identities AS FROM flat")
    added = one_number(con, "SELECT count(*) FROM flat") - links_n
    return {"chain_flattened": links_n - unchanged, "chain_grown": added}


def _walk_to_the_end(con: duckdb.DuckDBPyConnection, links: str) -> None:
    """``walk``: from every alias (``start``) along ``links`` to where they end (``here``), and the latest link passed.

    Each round doubles the steps, so long chains take few rounds. A ring has no end; after as many steps as there are
    links, all of it was passed.
    """
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE walk AS SELECT DISTINCT ON (alias_id) alias_id AS start, customer_id AS here,
                {{'known': coalesce(known_at, {ALWAYS}), 'alias': alias_id}} AS latest
            FROM {links} ORDER BY alias_id, known_at NULLS FIRST"""
    )
    links_n = one_number(con, "SELECT count(*) FROM walk")
    for _ in range(links_n.bit_length()):
        if one_number(con, "SELECT count(*) FROM walk WHERE here IN (SELECT start FROM walk)") == 0:
            return
        con.execute(
            """CREATE OR REPLACE TEMP TABLE walk AS SELECT walk.start, coalesce(onward.here, walk.here) AS here,
                CASE WHEN onward.latest > walk.latest THEN onward.latest ELSE walk.latest END AS latest
            FROM walk LEFT JOIN walk AS onward ON walk.here = onward.start"""
        )
