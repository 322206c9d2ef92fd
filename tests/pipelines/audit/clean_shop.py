"""A small shop without dirt for the tests of audit rules, and a connection on which such shops are staged quickly."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from features.tables import TABLES
from pipelines.audit import Finding, Rule, findings_of, recall, take_statistics, write_statistics
from pipelines.scratch import create_schemas
from pipelines.sources.source import NotProducts, Source, SourceConfig
from pipelines.sources.stage import stage

PRESENT = datetime(2026, 1, 1)
CONFIG = SourceConfig(
    name="shop", title="A shop", files={"lines": "lines.csv"}, not_products=NotProducts(ids=("POST",))
)
Row = Mapping[str, Any]
# One row of each table, as text; a test's rows say only how they differ from it.
ROW: dict[str, Row] = {
    "orders": {
        "order_id": "A9", "customer_id": "bob", "at": "2024-02-02 10:00", "product_id": "mug", "quantity": 1,
        "unit_price": 4.5, "discount": None, "channel": "shop", "kind": "sale", "known_at": None, "replaced_at": None,
        "source_currency": "GBP",
    },
    "products": {
        "product_id": "pan", "name": "Pan", "category": "pots", "brand": "Acme", "price": 9, "unit_cost": 4,
        "tags": "iron;oven", "season": "winter",
    },
    "customers": {
        "customer_id": "cleo", "signed_up_at": "2024-01-01", "birth_year": 1980, "source_birth_year": "1980",
        "country": "France", "city": "Lyon", "company_id": None, "sector": None, "status": "active", "consent": "yes",
        "referred_by": None, "known_at": None,
    },
    "identities": {"alias_id": "bob-app", "customer_id": "bob", "known_at": None},
    "events": {
        "customer_id": "ann", "at": "2024-01-06 10:00", "kind": "product_view", "session_id": "s9",
        "product_id": "mug", "feature": None, "duration_s": 12, "channel": "web", "query": None, "page": None,
        "results_n": None, "known_at": None, "replaced_at": None,
    },
    "touches": {
        "customer_id": "ann", "at": "2024-01-20 08:00", "campaign_id": "N2", "channel": "email", "kind": "sent",
        "topic": "news", "variant": "b", "decision_id": None, "cost": 0.01, "known_at": None, "replaced_at": None,
    },
    "feedback": {
        "customer_id": "ann", "at": "2024-01-10 08:00", "kind": "csat", "score": 4, "topic": "price", "text": "fine",
        "sentiment": 0.5, "known_at": None, "replaced_at": None,
    },
    "subscriptions": {
        "customer_id": "ann", "plan": "tea", "price": 5, "started_at": "2024-01-03", "renews_at": None,
        "ended_at": None, "known_at": None, "replaced_at": None,
    },
    "contacts": {
        "customer_id": "bob", "email": "bob@example.com", "phone": "+33 1 23 45 67 89", "consent_email": "yes",
        "known_at": None,
    },
    "campaigns": {
        "campaign_id": "N2", "name": "News", "channel": "email", "cost": 100, "starts_at": "2024-01-20",
        "ends_at": "2024-01-31",
    },
    "loyalty": {
        "customer_id": "ann", "at": "2024-01-06 11:00", "kind": "earn", "points": 10, "tier": None, "known_at": None,
        "replaced_at": None,
    },
    "market": {
        "period": "2024", "competitor": "Rival", "customers_n": 900, "spend": 5000, "margin": 800, "source": "panel",
        "cell_region": "North",
    },
}  # fmt: skip
CLEAN: dict[str, list[Row]] = {
    "orders": [
        {"order_id": "A1", "customer_id": "ann", "at": "2024-01-05 10:00", "quantity": 2, "channel": "web"},
        {"order_id": "A2", "at": "2024-01-20 12:30", "product_id": "pot", "unit_price": 20, "discount": 1,
         "known_at": "2024-01-21"},
        {"order_id": "A3", "customer_id": "ann", "at": "2024-02-01 09:15"},
    ],
    "products": [
        {"product_id": "mug", "name": "Mug", "category": "cups", "price": 5, "unit_cost": 2},
        {"product_id": "pot", "name": "Pot", "price": 20},
    ],
    "customers": [{"customer_id": "ann"}, {"customer_id": "bob", "birth_year": 1990, "city": None}],
    "identities": [{"alias_id": "ann-app", "customer_id": "ann"}],
    "events": [
        {"at": "2024-01-05 09:50", "session_id": "s1"},
        {"at": "2024-01-05 09:55", "session_id": "s1", "kind": "add_to_cart"},
        {"at": "2024-01-05 09:58", "session_id": "s1", "kind": "checkout", "product_id": None},
        {"customer_id": "ann-app", "kind": "feature_use", "product_id": None, "feature": "wishlist"},
    ],
    "touches": [
        {"customer_id": "bob", "at": "2024-01-19 08:00", "campaign_id": "N1"},
        {"customer_id": "bob", "at": "2024-01-19 09:00", "campaign_id": "N1", "kind": "open"},
        {"customer_id": "bob", "at": "2024-01-19 09:01", "campaign_id": "N1", "kind": "click"},
    ],
    "feedback": [{"kind": "nps", "score": 9, "at": "2024-01-09 08:00"}],
    "subscriptions": [
        {"customer_id": "bob"},
        {"started_at": "2024-01-02", "ended_at": "2024-01-20", "renews_at": "2024-01-15"},
    ],
    "contacts": [{}, {"customer_id": "ann", "email": "ann@example.com", "phone": None}],
    "campaigns": [{"campaign_id": "N1", "starts_at": "2024-01-19", "ends_at": None}],
    "loyalty": [{}, {"kind": "tier", "points": None, "tier": "silver"}, {"kind": "spend", "points": 4}],
    "market": [{}, {"competitor": None, "customers_n": 5000}, {"cell_region": "South"}],
}  # fmt: skip


@dataclass(frozen=True)
class Shop:
    """The clean shop with rows added, a table's rows replaced, or a table or column (``table.column``) left out.

    ``guessed``: files of a table whose encoding was guessed.
    """

    added: Mapping[str, list[Row]] = field(default_factory=dict)
    only: Mapping[str, list[Row]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    guessed: Mapping[str, list[str]] = field(default_factory=dict)

    def tables(self) -> dict[str, pl.DataFrame]:
        """The raw rows, all columns as text."""
        return {name: self._frame(name) for name in CLEAN if name not in self.without}

    def _frame(self, name: str) -> pl.DataFrame:
        rows = [ROW[name] | row for row in self.only.get(name, CLEAN[name]) + self.added.get(name, [])]
        columns = [column for column in ROW[name] if f"{name}.{column}" not in self.without]
        texts = {c: [None if row[c] is None else str(row[c]) for row in rows] for c in columns}
        return pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String))


class Stage:
    """Shops staged on one connection: equal tables are staged once, however many shops have them."""

    def __init__(self, folder: Path) -> None:
        self.con = duckdb.connect()
        self._folder = folder
        self._known: dict[str, str] = {}
        self._described: dict[str, Path] = {}
        for query in ("SET TimeZone = 'UTC'", "SET threads = 1", "CREATE SCHEMA once"):
            self.con.execute(query)
        create_schemas(self.con)

    def put(self, shop: Shop, only: Collection[str] = tuple(TABLES), hidden: Iterable[str] = ()) -> list[str]:
        """Make ``staged`` these tables of the shop; ``hidden`` columns look as if the source had not returned them."""
        for query in ("DROP SCHEMA IF EXISTS staged CASCADE", "CREATE SCHEMA staged"):
            self.con.execute(query)
        tables = {name: rows for name, rows in shop.tables().items() if name in only and name not in hidden}
        staged = {name: self._staged(name, rows) for name, rows in tables.items()}
        for name, stored in staged.items():
            left_out = [f"returned_{c}" for t, _, c in (h.partition(".") for h in hidden) if t == name]
            exclude = f"EXCLUDE ({', '.join(left_out)})" if left_out else ""
            self.con.execute(f"CREATE OR REPLACE VIEW staged.{name} AS SELECT * {exclude} FROM once.{stored}")
        self.con.execute("DELETE FROM guessed.encodings")
        for table, file in ((table, file) for table, files in shop.guessed.items() for file in files):
            self.con.execute("INSERT INTO guessed.encodings VALUES (?, ?, 'cp1252')", [table, file])
        return list(staged)

    def _staged(self, table: str, rows: pl.DataFrame) -> str:
        key = f"{table}{rows.columns}{json.dumps(rows.rows())}"
        if key not in self._known:
            stored = f"t{len(self._known)}"
            self.con.execute(f"CREATE TABLE raw.{stored} AS FROM rows")
            source = Source(folder=Path(), config=CONFIG, config_text="", sql={table: f"FROM {stored}"})
            self.con.execute(f"DROP VIEW IF EXISTS staged.{table}")
            stage(self.con, source, table, PRESENT)
            self.con.execute(f"CREATE TABLE once.{stored} AS FROM staged.{table}")
            self.con.execute(f"DROP VIEW staged.{table}")
            self.con.execute(f"DROP TABLE main.whole_{table}")
            self._known[key] = stored
        return self._known[key]

    def follow(self, before: Shop | None, only: Collection[str] = tuple(TABLES)) -> None:
        """Give the rules the statistics of ``before`` as those of the ingest before; None: there was none."""
        for name in ("before", "now"):
            self.con.execute(f"DROP TABLE IF EXISTS statistics.{name}")
        folder = self._folder / str(len(self._described))
        if before is not None and repr((before, only)) not in self._described:
            folder.mkdir()
            take_statistics(self.con, self.put(before, only))
            write_statistics(self.con, folder)
            self._described[repr((before, only))] = folder
        recall(self.con, self._described.get(repr((before, only))), PRESENT)

    def findings(self, rule: Rule, shop: Shop, before: Shop | None, only: Collection[str]) -> list[Finding]:
        """What one rule finds in a shop that follows another."""
        self.follow(before, only)
        names = self.put(shop, only)
        if before is not None:
            take_statistics(self.con, names)
        return findings_of(self.con, names, [rule])
