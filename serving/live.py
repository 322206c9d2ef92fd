"""Live features: the batch's ``snapshot`` of customers whose history came with the request."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from features.columns import DECLARED, Column, optional
from features.definition import ACTED
from features.engines import from_frames
from features.errors import BadInput
from features.families import inputs_of, is_text, tables_of
from features.indicators import split, with_indicators
from features.item_history import COLUMN as ITEM_HISTORY
from features.item_history import TABLES_READ, item_histories
from features.past import acting_table
from features.sentiment import sentiment
from features.snapshot import feature_names, live_snapshot
from features.tables import TABLES
from features.windows import to_datetime, to_days
from models.predictor import Predictor
from models.tasks import features_of_eligible
from serving.bundle import Bundle, iso
from serving.requests.payload import REQUEST_TABLES, CustomerHistory
from serving.requests.refusal import Refused

TYPES: dict[str, pl.DataType] = {
    "str": pl.String(),
    "float": pl.Float64(),
    "int": pl.Int64(),
    "bool": pl.Boolean(),
    "time": pl.Datetime("us"),
    "date": pl.Date(),
}


def live_features(
    bundle: Bundle, customers: list[CustomerHistory], as_of: datetime | None
) -> tuple[pd.DataFrame, float]:
    """[customer_id, *features] of the customers whom the bundle's models are about, and ``as_of`` in days.

    Rows are in the order of the request. By default ``as_of`` is the bundle's: the same history then gets the same
    answer from ``/predict``. A table that a customer comes without is one of which nothing is known: the features are
    those of a snapshot of the other tables.

    Raises:
        BadInput: a history comes without the table that says who buys, or its rows lie after the default ``as_of``.
        Refused: the models read features that this version does not compute.
    """
    needs = needs_of(bundle)
    acting = acting_table(bundle.tables)
    refuse_without(acting, customers)
    moment = bundle.as_of if as_of is None else to_days(as_of)
    if as_of is None:
        refuse_later(acting, customers, moment)
    alike = by_tables(customers, tables_read(bundle, needs))
    parts = [_snapshot_of(bundle, theirs, tables, moment, needs) for tables, theirs in alike.items()]
    found = with_indicators(parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True), needs.features)
    rows = {name: row for row, name in enumerate(found["customer_id"])}
    present = [rows[customer.customer_id] for customer in customers if customer.customer_id in rows]
    return found.take(present).reset_index(drop=True), moment


def _snapshot_of(
    bundle: Bundle, customers: list[CustomerHistory], tables: tuple[str, ...], as_of: float, needs: "Needs"
) -> pd.DataFrame:
    """customer_id and the columns that are needed; null are those that ``tables`` do not give."""
    frames = {table: table_frame(table, customers, needs.inputs) for table in tables}
    frames["products"] = products_frame(bundle, customers)
    columns = {f"{table}.{name}" for table, frame in frames.items() for name in frame.columns}
    given = set(feature_names({*frames, *columns}))
    found = live_snapshot(frames, as_of, [name for name in needs.columns if name in given], bundle.who)
    absent = [name for name in needs.columns if name not in given]
    found = pd.concat([found, *nulls(absent, found.index)], axis=1) if absent else found
    return with_histories(found, frames, as_of) if needs.histories else found


def with_histories(found: pd.DataFrame, frames: Mapping[str, pl.DataFrame], as_of: float) -> pd.DataFrame:
    """The snapshot with the column ``item_history``, by the function that makes it for the batch."""
    texts = item_histories(from_frames({name: frames[name] for name in TABLES_READ if name in frames}), as_of)
    of_customer = dict(texts.iter_rows())
    own = pd.Series([of_customer.get(name) for name in found["customer_id"]], found.index, "str")
    return found.assign(**{ITEM_HISTORY: own})


def nulls(columns: Sequence[str], index: "pd.Index[Any]") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Columns of nulls: numbers and texts. As two blocks, because adding hundreds of columns one by one takes longer
    than everything else that a history needs."""
    text = [name for name in columns if is_text(name)]
    numbers = [name for name in columns if not is_text(name)]
    no_text = pd.array([None] * len(index), dtype="str")
    block = np.full((len(index), len(numbers)), np.nan)
    return pd.DataFrame(block, index, numbers, copy=False), pd.DataFrame(dict.fromkeys(text, no_text), index)


def tables_read(bundle: Bundle, needs: "Needs") -> tuple[str, ...]:
    """Tables of a history that say who has a row (of everybody known, all do), or that the models read."""
    wanted = REQUEST_TABLES if bundle.who == "known" else (acting_table(bundle.tables), *needs.tables)
    return tuple(table for table in REQUEST_TABLES if table in bundle.tables and table in wanted)


def by_tables(
    customers: list[CustomerHistory], tables: Collection[str]
) -> dict[tuple[str, ...], list[CustomerHistory]]:
    """The customers by which of ``tables`` they come with: features depend on which tables there are."""
    found: dict[tuple[str, ...], list[CustomerHistory]] = {}
    for customer in customers:
        present = tuple(table for table in tables if customer.rows_of(table) is not None)
        found.setdefault(present, []).append(customer)
    return found


def left_out(bundle: Bundle, customers: list[CustomerHistory]) -> list[str]:
    """Keys of a history that the models read and at least one of the customers comes without."""
    needs = needs_of(bundle)
    read = [table for table in tables_read(bundle, needs) if table in needs.tables]
    return [key_of(table) for table in read if any(customer.rows_of(table) is None for customer in customers)]


def key_of(table: str) -> str:
    """The key of a history that has the rows of a canonical table."""
    return "profile" if table == "customers" else table


@dataclass(frozen=True)
class Needs:
    """The ``features`` that models read, the ``columns`` of a snapshot that answers are made from, and their tables.

    ``inputs`` also names, as ``table.column``, the optional columns of these. ``histories``: whether a model reads what
    was bought, product by product, which is no feature.
    """

    features: tuple[str, ...]
    columns: tuple[str, ...]
    tables: tuple[str, ...]
    inputs: frozenset[str]
    histories: bool = False


def needs_of(bundle: Bundle) -> Needs:
    """What the bundle's models need of a history.

    Raises:
        Refused: the models read features that this version does not compute.
    """
    models = [loaded.model for loaded in bundle.models.values()]
    acted = ACTED[acting_table(bundle.tables)]
    features = dict.fromkeys(name for loaded in bundle.models.values() for name in loaded.manifest["features"])
    asked = {(model.question.task, model.question.horizon_days) for model in models if isinstance(model, Predictor)}
    return _needs(tuple(features), tuple(sorted(asked)), acted if bundle.who == "known" else "")


@lru_cache(maxsize=8)
def _needs(features: tuple[str, ...], questions: tuple[tuple[str, float], ...], acted: str) -> Needs:
    histories = ITEM_HISTORY in features
    features = tuple(name for name in features if name != ITEM_HISTORY)
    refuse_other_features(features)
    asked = [name for task, horizon_days in questions for name in features_of_eligible(task, horizon_days)]
    columns = dict.fromkeys([*(split(name)[0] for name in features), *asked, *([acted] if acted else [])])
    tables = (*tables_of(columns), *(TABLES_READ if histories else ()))
    return Needs(features, tuple(columns), tuple(sorted(set(tables))), inputs_of(columns), histories)


def refuse_other_features(needed: Collection[str]) -> None:
    """Refuse if a model needs features that this version cannot compute from a history."""
    given = set(feature_names({*REQUEST_TABLES, "products", *inputs_of(needed)}))
    missing = [name for name in needed if split(name)[0] not in given]
    if missing:
        raise Refused(
            501,
            f"the models of this bundle need {len(missing)} features that a history does not give "
            f"({', '.join(missing[:3])}): ask POST /predict for known customers",
        )


def refuse_without(table: str, customers: list[CustomerHistory]) -> None:
    """Refuse histories without the table that says who buys: not sent is not the same as nothing happened."""
    lacking = sum(customer.rows_of(table) is None for customer in customers)
    if lacking:
        raise BadInput(f"{lacking} customers come without {table!r}, which is needed: send it, [] if there were none")


def refuse_later(table: str, customers: list[CustomerHistory], as_of: float) -> None:
    """Refuse rows of ``table`` at or after the default ``as_of``, which would otherwise be ignored without a word."""
    moment, what = to_datetime(as_of), {"orders": "order lines", "subscriptions": "contracts"}.get(table, table)
    times = [getattr(row, str(TABLES[table].time)) for customer in customers for row in customer.rows_of(table) or ()]
    later = [time for time in times if time >= moment]
    if later:
        raise BadInput(
            f"{len(later)} {what} are at or after {iso(as_of)}, the default as_of, and would not count: "
            f'send as_of, for example "{_after(max(later))}"'
        )


def _after(moment: datetime) -> str:
    return iso(float(int(to_days(moment)) + 1))


def table_frame(table: str, customers: list[CustomerHistory], inputs: Collection[str]) -> pl.DataFrame:
    """The rows of all customers as a canonical table, with those optional columns that are among ``inputs``."""
    names = {name for of, _, name in (each.partition(".") for each in inputs) if of == table}
    columns = (*TABLES[table].columns_given(names), *_declared(table, names))
    rows = [
        [_value(column, customer.customer_id, row) for column in columns]
        for customer in customers
        for row in customer.rows_of(table) or ()
    ]
    return pl.DataFrame(rows, schema={column.name: TYPES[column.type] for column in columns}, orient="row")


def _declared(table: str, names: Collection[str]) -> list[Column]:
    """Columns that the source declares what they mean: places in an order, or labels."""
    declared = sorted(name for name in names if TABLES[table].is_declared(name))
    return [optional(name, "int" if name.startswith("ordered_") else "str", "") for name in declared]


def _value(column: Column, customer_id: str, row: object) -> object:
    if column.name == "customer_id":
        return customer_id
    if column.name == "sentiment" and getattr(row, "sentiment", None) is None:
        return sentiment(getattr(row, "text", None))
    if column.name.startswith(DECLARED):
        return getattr(row, "attributes", {}).get(column.name)
    return getattr(row, column.name, None)


def products_frame(bundle: Bundle, customers: list[CustomerHistory]) -> pl.DataFrame:
    """[product_id, category, price] of the products in the histories, from the catalogue or else from the order lines.

    And the optional columns that the catalogue has.

    It also has what features compare these products with: all products of their categories, for prices, and one
    product of each other category, for the share of categories a customer uses.
    """
    lines = [line for customer in customers for line in customer.orders or ()]
    wanted = {line.product_id for line in lines if line.product_id is not None}
    wanted |= {e.product_id for customer in customers for e in customer.events or () if e.product_id is not None}
    stated = stated_categories(customers)
    known = pl.DataFrame(schema={"product_id": pl.String, "category": pl.String, "price": pl.Float64})
    if bundle.products is not None:
        bought = pl.col("product_id").is_in(sorted(wanted))
        categories = [*bundle.products.filter(bought)["category"].drop_nulls().unique(), *stated.values()]
        beside = pl.col("category").is_in(categories) | pl.col("product_id").is_in(bundle.one_of_each)
        known = bundle.products.filter(bought | beside.fill_null(value=False))
    others = pl.DataFrame(list(stated.items()), schema={"product_id": pl.String, "stated": pl.String}, orient="row")
    joined = known.join(others, on="product_id", how="full", coalesce=True)
    further = [name for name in TABLES["products"].optional if name in joined.columns]
    return joined.select("product_id", pl.coalesce("category", "stated").alias("category"), "price", *further)


def stated_categories(customers: list[CustomerHistory]) -> dict[str, str]:
    """The category that order lines state for each product; BadInput if a product has two."""
    stated: dict[str, str] = {}
    for customer in customers:
        for line in customer.orders or ():
            if line.product_id is None or line.category is None:
                continue
            if stated.setdefault(line.product_id, line.category) != line.category:
                raise BadInput(
                    f"product {line.product_id!r} is sent with the categories {stated[line.product_id]!r} and "
                    f"{line.category!r}: send one category a product"
                )
    return stated
