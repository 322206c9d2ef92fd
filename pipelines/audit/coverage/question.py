"""The question by which attributes are judged: who orders within 30 days, given recency, frequency and spend."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd

from features.engines import on_polars, open_tables, to_pandas
from features.entities import about
from features.past import latest_version
from features.snapshot import snapshot
from features.windows import Frame, history
from models.sample import Floats
from models.tasks import task

TASK = "next_purchase"
HORIZON_DAYS = 30.0
READS = ("orders", "identities", "customers")
RFM = ("purchase_recency_days", "purchase_orders_n", "purchase_spend")


@dataclass(frozen=True)
class Answers:
    """What customers did in the ``HORIZON_DAYS`` from ``as_of`` (days since 1970-01-01 UTC), and what was known then.

    ``rfm``: (n, 3) logarithms of recency (days), frequency (orders) and spend (currency). ``bought``: (n,) 1.0 for
    those who ordered, else 0.0. ``attributes``: n rows, the profile as it was known at ``as_of``; null if unknown.
    """

    as_of: float
    rfm: Floats
    bought: Floats
    attributes: pd.DataFrame


def answers_of(folder: Path, customer_ids: Sequence[str], attributes: Sequence[str]) -> Answers | None:
    """The answers of these customers in the canonical tables of ``folder``; None without orders or profiles.

    Aliases count as customers of their own until the link is known, so list them in ``customer_ids`` too.
    """
    opened = {name: table for name, table in open_tables(folder).items() if name in READS}
    tables = {name: _rows_of(table, customer_ids) for name, table in opened.items()}
    if not {"orders", "customers"} <= tables.keys():
        return None
    as_of = _last_midnight(tables["orders"]) - HORIZON_DAYS
    asked = task(TASK)
    whose = about(tables, as_of)
    profiles = latest_version(history(whose["customers"], as_of)).select("customer_id", *attributes)
    # Families that read profiles are left out: nothing here needs them.
    behaviour = snapshot({name: table for name, table in tables.items() if name != "customers"}, as_of)
    known = behaviour.filter(asked.eligible(HORIZON_DAYS)).select("customer_id", *RFM)
    next_order = asked.label(whose, as_of, HORIZON_DAYS).filter(nw.col("label") < HORIZON_DAYS)
    frame = to_pandas(
        known.join(_on_polars(next_order).select("customer_id", bought="label"), on="customer_id", how="left").join(
            profiles, on="customer_id", how="left"
        )
    )
    bought: Floats = frame["bought"].notna().to_numpy().astype(np.float64)
    return Answers(as_of, _logarithms(frame), bought, frame[list(attributes)])


def _rows_of(table: Frame, customer_ids: Sequence[str]) -> Frame:
    return table.filter(nw.col("customer_id").is_in(customer_ids))


def _last_midnight(orders: Frame) -> float:
    """The last midnight before the last sale: the day of that sale is hardly ever complete."""
    last = to_pandas(orders.filter(nw.col("kind") == "sale").select(last=nw.col("at_days").max()))
    return float(math.floor(last["last"].iloc[0]))


def _on_polars(frame: Frame) -> Frame:
    rows: Frame = nw.from_native(on_polars(frame).lazy())
    return rows


def _logarithms(frame: pd.DataFrame) -> Floats:
    """Recency, frequency and spend as log(1 + x); returns can bring spend below zero, which counts as none."""
    values: Floats = np.log1p(np.maximum(frame[list(RFM)].to_numpy(dtype=np.float64), 0.0))
    return values
