"""The coverage report: shares and worth of everything a source gives, ranked by what asking for it would bring."""

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from features.tables import TABLES
from pipelines.audit.profile import Given, given_columns
from pipelines.coverage.population import BEHAVIOUR, make_people, optional_columns
from pipelines.coverage.shares import shares_of
from pipelines.coverage.worth import CUSTOMERS_MIN, Worth, worth_of

FILE = "coverage.json"
PROTECTED = frozenset({"gender", "birth_year", "family_status"})
HORIZON_DAYS = 30
CUSTOMERS_MAX = 20_000
SEED = 7
# Less than this is missing: there is hardly anybody to ask.
MISSING_MIN = 0.02


def coverage_of(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Coverage of the cleaned tables of this connection, as plain data; ``{"customers": 0}`` if nobody is there."""
    given = given_columns(con)
    make_people(con, given)
    customers = con.execute("SELECT count(*) FROM coverage.people").fetchall()[0][0]
    tables = [name for name in ("customers", "identities", *BEHAVIOUR) if name in given]
    shares = {name: shares_of(con, given, name) for name in tables}
    history = _history(con, given)
    return {
        "customers": customers,
        "tables": {name: columns["*"] for name, columns in shares.items()},
        "columns": {name: {c: v for c, v in columns.items() if c != "*"} for name, columns in shares.items()},
        "not_given": _not_given(given),
        "question": _question(history),
        "attributes": _attributes(shares.get("customers", {}), history),
    }


def write_coverage(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Any]:
    """Write ``coverage.json``; returns what is in it."""
    found = coverage_of(con)
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
    return found


def _not_given(given: Given) -> dict[str, list[str]]:
    """Tables and optional columns of the contract that the source does not return; a whole table as an empty list."""
    lacking: dict[str, list[str]] = {name: [] for name in TABLES if name not in given}
    for name in TABLES:
        optional = [column.name for column in TABLES[name].columns if column.nullable]
        absent = [column for column in optional if name in given and column not in given[name]]
        if absent:
            lacking[name] = absent
    return lacking


def _history(con: duckdb.DuckDBPyConnection, given: Given) -> pd.DataFrame:
    """Customers with a sale before the reference date: log RFM, whether they bought after it, and their profile then.

    The reference date lies 30 days before the last sale. At most 20,000 customers, the same ones every time.
    """
    if not {"orders", "customers"} <= given.keys():
        return pd.DataFrame()
    attributes = ", ".join(["", *(f'"{name}"' for name in optional_columns(given, "customers"))])
    return con.execute(
        f"""WITH sales AS (
            SELECT customer_id, order_id, "at", quantity * unit_price - coalesce(discount, 0) AS amount
            FROM coverage.orders WHERE kind = 'sale'),
        reference AS (SELECT max("at") - INTERVAL {HORIZON_DAYS} DAY AS as_of FROM sales),
        history AS (
            SELECT customer_id, any_value(as_of) AS as_of,
                ln(1 + epoch(any_value(as_of) - max("at") FILTER ("at" < as_of)) / 86400) AS recency,
                ln(1 + count(DISTINCT order_id) FILTER ("at" < as_of)) AS orders_n,
                ln(1 + greatest(sum(round(100 * amount)) FILTER ("at" < as_of), 0) / 100) AS spend,
                coalesce(bool_or("at" >= as_of), false) AS bought
            FROM sales, reference GROUP BY customer_id HAVING count(*) FILTER ("at" < as_of) > 0),
        profiles AS (
            SELECT held.* FROM clean.customers AS held, reference WHERE coalesce(known_at < as_of, true)
            QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY known_at DESC NULLS LAST) = 1)
        SELECT as_of, recency, orders_n, spend, bought{attributes}
        FROM history LEFT JOIN profiles USING (customer_id)
        ORDER BY hash(customer_id), customer_id LIMIT {CUSTOMERS_MAX}"""
    ).df()


def _question(history: pd.DataFrame) -> dict[str, Any] | None:
    """What was asked of the attributes; null if there are too few customers with a history to ask."""
    if len(history) < CUSTOMERS_MIN:
        return None
    return {
        "as_of": f"{history['as_of'].iloc[0]:%Y-%m-%d %H:%M}",
        "horizon_days": HORIZON_DAYS,
        "customers": len(history),
        "bought": round(float(history["bought"].mean()), 4),
    }


def _attributes(shares: dict[str, dict[str, Any]], history: pd.DataFrame) -> list[dict[str, Any]]:
    """Every attribute with its share and its worth: those most worth asking for first, protected ones last."""
    asked = [name for name in shares if name != "*" and name not in PROTECTED]
    worth = _worths(asked, history)
    told = [
        {
            "column": name,
            "missing": round(1 - shares[name]["have"], 4),
            "protected": name in PROTECTED,
            **worth.get(name, {}),
        }
        for name in shares
        if name != "*"
    ]
    for attribute in told:
        attribute["worth"] = max(attribute.get("gain", 0.0), 0.0) * attribute["missing"]
        attribute["verdict"] = _verdict(attribute)
    return sorted(told, key=lambda a: (a["protected"], not a.get("telling", False), -a["worth"], a["column"]))


def _worths(asked: list[str], history: pd.DataFrame) -> dict[str, dict[str, Any]]:
    if len(history) < CUSTOMERS_MIN:
        return {}
    rfm = history[["recency", "orders_n", "spend"]].to_numpy(dtype=np.float64)
    bought = history["bought"].to_numpy(dtype=np.float64)
    found = {name: worth_of(history[name], rfm, bought, SEED, len(asked)) for name in asked}
    return {name: w.as_dict() if isinstance(w, Worth) else {"untold": w} for name, w in found.items()}


def _verdict(attribute: dict[str, Any]) -> str:
    """One sentence: whether to ask for it, and why."""
    if attribute["protected"]:
        return "protected: counted, never recommended for a model"
    if "gain" not in attribute:
        return str(attribute.get("untold", "too few customers with a history to tell"))
    if not attribute["telling"]:
        dividing = "; it differs between low and high spenders" if attribute["dividing"] else ""
        return f"its gain cannot be told from zero{dividing}"
    if attribute["missing"] < MISSING_MIN:
        return "tells who buys, and nearly everybody has it"
    return "worth asking for: it tells who buys beyond recency, frequency and spend"
