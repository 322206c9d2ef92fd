"""The coverage report: shares of all that a source gives, and attributes ranked by what asking for them would gain."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import duckdb

from features.tables import OPEN_TABLES, TABLES
from features.windows import to_datetime
from pipelines.audit.coverage.customers import BEHAVIOUR, make_customers, optional_columns, protected_columns
from pipelines.audit.coverage.gain import CUSTOMERS_MIN, Gain, gain_of
from pipelines.audit.coverage.question import HORIZON_DAYS, Answers, answers_of
from pipelines.audit.coverage.shares import shares_of
from pipelines.audit.returned import Returned, returned_columns
from pipelines.sql import one_number
from pipelines.undated import undated_attributes

FILE = "coverage.json"
CUSTOMERS_MAX = 20_000
SEED = 7
# If less than this is missing, there is hardly anybody to ask.
MISSING_MIN = 0.02


def coverage_of(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Any]:
    """Coverage of the cleaned tables of this connection, which ``folder`` has as canonical tables, as plain data.

    ``customers`` is 0 if there is nobody.
    """
    returned = returned_columns(con)
    make_customers(con, returned)
    tables = [name for name in ("customers", "identities", *BEHAVIOUR) if name in returned]
    shares = {name: shares_of(con, returned, name) for name in tables}
    attributes = optional_columns(returned, "customers") if "customers" in returned else ()
    protected = protected_columns(con) if "customers" in returned else frozenset()
    answers = _answers(con, folder, returned, attributes)
    return {
        "customers": one_number(con, "SELECT count(*) FROM coverage.customers"),
        "tables": {name: columns["*"] for name, columns in shares.items()},
        "columns": {name: {c: v for c, v in columns.items() if c != "*"} for name, columns in shares.items()},
        "not_given": _not_given(returned),
        "question": _question(answers),
        "attributes": _ranked(shares.get("customers", {}), answers, protected, undated_attributes(folder)),
    }


def write_coverage(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Any]:
    """Write ``coverage.json`` beside the canonical tables in ``folder``; returns what is in it."""
    found = coverage_of(con, folder)
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
    return found


def _not_given(returned: Returned) -> dict[str, list[str]]:
    """Tables (but the vault) and nullable columns that the source does not return; a whole table as an empty list."""
    lacking: dict[str, list[str]] = {name: [] for name in OPEN_TABLES if name not in returned}
    for name in OPEN_TABLES:
        optional = [column.name for column in TABLES[name].columns if column.nullable]
        absent = [column for column in optional if name in returned and column not in returned[name]]
        if absent:
            lacking[name] = absent
    return lacking


def _answers(
    con: duckdb.DuckDBPyConnection, folder: Path, returned: Returned, attributes: Sequence[str]
) -> Answers | None:
    """Answers of at most 20,000 customers who bought at all, the same ones every time; None if they are too few."""
    if "orders" not in returned:
        return None
    buyers = f"""SELECT DISTINCT customer_id FROM coverage.orders WHERE kind = 'sale'
        ORDER BY hash(customer_id), customer_id LIMIT {CUSTOMERS_MAX}"""
    ids = f"FROM ({buyers})"
    if "identities" in returned:
        ids += f" UNION SELECT alias_id FROM clean.identities WHERE customer_id IN ({buyers})"
    asked = [id_ for (id_,) in con.execute(ids).fetchall()]
    if len(asked) < CUSTOMERS_MIN:
        return None
    answers = answers_of(folder, asked, attributes)
    return answers if answers is not None and len(answers.bought) >= CUSTOMERS_MIN else None


def _question(answers: Answers | None) -> dict[str, Any] | None:
    """What was asked of the attributes; null if there are too few customers with a history to ask."""
    if answers is None:
        return None
    return {
        "as_of": f"{to_datetime(answers.as_of):%Y-%m-%d %H:%M}",
        "horizon_days": HORIZON_DAYS,
        "customers": len(answers.bought),
        "bought": round(float(answers.bought.mean()), 4),
    }


def _ranked(
    shares: dict[str, dict[str, Any]], answers: Answers | None, protected: Collection[str], undated: Collection[str]
) -> list[dict[str, Any]]:
    """Every attribute with its share and its gain: those most useful to ask for first, protected ones last."""
    attributes = [name for name in shares if name != "*"]
    gains = _gains([name for name in attributes if name not in protected], answers)
    judged = [
        _judged(name, round(1 - shares[name]["have"], 4), name in protected, name in undated, gains.get(name, {}))
        for name in attributes
    ]
    return sorted(judged, key=lambda a: (a["protected"], not a.get("predictive"), -a["expected_gain"], a["column"]))


def _gains(attributes: Sequence[str], answers: Answers | None) -> dict[str, dict[str, Any]]:
    if answers is None:
        return {}
    found = {
        name: gain_of(answers.attributes[name], answers.rfm, answers.bought, SEED, len(attributes))
        for name in attributes
    }
    return {name: gain.as_dict() if isinstance(gain, Gain) else {"no_gain": gain} for name, gain in found.items()}


def _judged(column: str, missing: float, protected: bool, undated: bool, gain: dict[str, Any]) -> dict[str, Any]:
    """``expected_gain``: the log-loss it would save over all customers if those who lack it gave it."""
    attribute: dict[str, Any] = {
        "column": column,
        "missing": missing,
        "protected": protected,
        "undated": undated,
        **gain,
    }
    attribute["expected_gain"] = max(attribute.get("gain", 0.0), 0.0) * missing
    return {**attribute, "verdict": _verdict(attribute)}


def _verdict(attribute: dict[str, Any]) -> str:
    """One sentence: whether to ask for it, and why."""
    if attribute["protected"]:
        return "protected: counted, never recommended for a model"
    if attribute["undated"]:
        return (
            "without a date, so no prediction reads it, and its gain may be what only came to be known later: give "
            "customers.sql a known_at, or declare it in known_all_along if it never changes"
        )
    if "gain" not in attribute:
        return str(attribute.get("no_gain", "too few customers with a history to judge it"))
    if not attribute["predictive"]:
        differs = "; it differs between low and high spenders" if attribute["associated"] else ""
        return f"its gain is not distinguishable from zero{differs}"
    if attribute["missing"] < MISSING_MIN:
        return "predicts who orders, and nearly everybody has it"
    return "ask for it: it predicts who orders, beyond recency, frequency and spend"
