"""Rows of every canonical table as Hypothesis strategies: seen from AS_OF, or hidden from it in one of three ways.

Time is cut here by how rows are made, not by features.windows.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import polars as pl
from hypothesis import strategies as st

from features.columns import Column, TableSpec
from features.tables import MENTIONS, OPEN_TABLES, TABLES

Row = dict[str, object]
Rows = dict[str, list[Row]]
Seen = Literal["seen", "ahead", "not yet known", "replaced"]

AS_OF = datetime(2022, 1, 17, 10, 30)
TICK = timedelta(microseconds=1)
YEARS = timedelta(days=800)

before = st.timedeltas(TICK, YEARS).map(lambda ago: AS_OF - ago)
after = st.timedeltas(timedelta(0), YEARS).map(lambda ahead: AS_OF + ahead)
# Round ones make rows share a moment, and lie on the borders of windows.
seen_times = st.one_of(st.sampled_from([1, 30, 90, 365]).map(lambda days: AS_OF - timedelta(days=days)), before)

_KINDS = {
    "orders": ["sale", "sale", "return"],
    "events": [
        *("page_view", "product_view", "search", "add_to_cart", "remove_from_cart"),
        *("checkout", "feature_use", "login", "help"),
    ],
    "touches": ["sent", "sent", "open", "click", "unsubscribe", "bounce", "like", "share", "comment", "attend"],
    "feedback": ["nps", "csat", "review", "ticket"],
    "loyalty": ["earn", "earn", "spend", "tier"],
}
_VALUES: dict[str, st.SearchStrategy[object]] = {
    "customer_id": st.sampled_from(["ann", "bob", "new", "alias", "late alias"]),
    "order_id": st.sampled_from(["o1", "o2", "o3", "o4", "o5"]),
    "product_id": st.sampled_from(["p1", "p2"]),
    "session_id": st.sampled_from(["s1", "s2"]),
    "campaign_id": st.sampled_from(["c1", "c2"]),
    "company_id": st.sampled_from(["firm", "shop"]),
    "channel": st.sampled_from(["email", "sms", "push", "social", "event", "ads", "web", "app"]),
    "topic": st.sampled_from(["price", "quality", "delivery", "service", "product"]),
    "feature": st.sampled_from(["page:price", "page:returns", "f1", "f2"]),
    "country": st.sampled_from(["France", "United Kingdom", "Atlantis"]),
    "interests": st.sampled_from(["", "sports", "art; wine ;"]),
    "income_band": st.sampled_from(["Under 15K", "15-24K", "high"]),
    "birth_year": st.integers(1890, 2030),
    "quantity": st.sampled_from([1.0, 2.5, 12.0]),
    "discount": st.sampled_from([0.0, 1.23]),
    "referred_by": st.sampled_from(["ann", "bob", "alias"]),
    "season": st.sampled_from(["summer", "winter"]),
    "results_n": st.sampled_from([0, 3]),
    "points": st.sampled_from([0.5, 10.0]),
    "cost": st.sampled_from([0.0, 0.25]),
    "score": st.sampled_from([0.0, 1.0, 2.5, 6.0, 9.0, 10.0]),
    "sentiment": st.floats(-1, 1),
}
_OF_TYPE: dict[str, st.SearchStrategy[object]] = {
    "str": st.sampled_from(["x", "y"]),
    "float": st.floats(0, 1e6),
    "int": st.integers(0, 100),
    "bool": st.booleans(),
    "date": st.just(date(2021, 3, 5)),
    "time": st.one_of(before, after),
}
POLARS = {
    "str": pl.String,
    "float": pl.Float64,
    "int": pl.Int64,
    "bool": pl.Boolean,
    "date": pl.Date,
    "time": pl.Datetime("us"),
}
HIDDEN: dict[Seen, tuple[str, ...]] = {
    "ahead": tuple(name for name in OPEN_TABLES if TABLES[name].time),
    "not yet known": tuple(name for name in OPEN_TABLES if "known_at" in TABLES[name].column_names),
    "replaced": tuple(name for name in OPEN_TABLES if "replaced_at" in TABLES[name].column_names),
}
"""Which tables' rows can be hidden in which way."""


def tables(seen: Seen) -> st.SearchStrategy[Rows]:
    """A few rows of every table; if they are to be seen, ann and bob have bought."""
    names = OPEN_TABLES if seen == "seen" else HIDDEN[seen]
    drawn = st.fixed_dictionaries({name: _some(TABLES[name], seen) for name in names})
    return drawn.map(lambda rows: rows | {"orders": rows["orders"] + SALES}) if seen == "seen" else drawn


def frames(rows: Mapping[str, Sequence[Row]]) -> dict[str, pl.DataFrame]:
    """The rows as tables."""
    schemas = {name: {c.name: POLARS[c.type] for c in TABLES[name].columns} for name in rows}
    return {name: pl.DataFrame(list(found), schema=schemas[name], orient="row") for name, found in rows.items()}


def side_by_side(left: Rows, right: Rows) -> dict[str, pl.DataFrame]:
    """Both as one shop, nothing of the one being anything of the other: the ids of each have its name before them."""
    named = [
        {table: [_renamed(row, side) for row in rows] for table, rows in world.items()}
        for side, world in (("left", left), ("right", right))
    ]
    return frames({table: named[0][table] + named[1][table] for table in OPEN_TABLES})


def _renamed(row: Row, side: str) -> Row:
    ids = {name for name, value in row.items() if value and (name.endswith("_id") or name in MENTIONS)}
    return {name: f"{side} {value}" if name in ids else value for name, value in row.items()}


def _some(spec: TableSpec, seen: Seen) -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries({column.name: _value(spec, column, seen) for column in spec.columns})
    key = (lambda row: tuple(row[name] for name in spec.key)) if spec.unique else None
    return st.lists(row, max_size=6, unique_by=key)


def _value(spec: TableSpec, column: Column, seen: Seen) -> st.SearchStrategy[object]:
    if column.name == spec.time:
        return after if seen == "ahead" else seen_times
    if column.name == "known_at":
        return after if seen == "not yet known" else st.one_of(st.none(), before)
    if column.name == "replaced_at":
        return before if seen == "replaced" else st.one_of(st.none(), after)
    if spec.name == "identities":
        alias = st.just("alias") if seen == "seen" else st.sampled_from(["alias", "late alias"])
        return alias if column.name == "alias_id" else st.sampled_from(["ann", "bob"])
    kinds = _KINDS.get(spec.name, []) if column.name == "kind" else []
    value = st.sampled_from(kinds) if kinds else _VALUES.get(column.name, _OF_TYPE[column.type])
    return st.one_of(st.none(), value) if column.nullable else value


def _sale(customer: str) -> Row:
    line = {"order_id": f"first of {customer}", "customer_id": customer, "at": AS_OF - timedelta(days=40)}
    return dict.fromkeys(TABLES["orders"].column_names) | line | {"quantity": 1.0, "unit_price": 5.0, "kind": "sale"}


SALES = [_sale("ann"), _sale("bob")]
