"""What the oracles share: the tables cut and ids resolved in plain Python, and a comparison of every column."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd
import polars as pl
import pytest

from features.definition import joined
from features.engines import from_frames, to_pandas
from features.entities import about
from features.families import families
from features.past import look_back
from features.windows import to_days

Row = dict[str, object]
Frames = dict[str, pl.DataFrame]

MOMENTS = (datetime(2021, 3, 5, 18), datetime(2022, 1, 17, 10, 30))
_STARTS = {"subscriptions": "started_at"}


def known_rows(frames: Frames, table: str, as_of: datetime) -> list[Row]:
    """Rows that happened, were known and not yet replaced before ``as_of``, under the customer's main id."""
    happened = _STARTS.get(table, "at")
    rows = [row for row in frames[table].iter_rows(named=True) if row.get(happened) is None or row[happened] < as_of]
    rows = [row for row in rows if row.get("known_at") is None or row["known_at"] < as_of]
    rows = [row for row in rows if row.get("replaced_at") is None or row["replaced_at"] >= as_of]
    if table == "identities" or "identities" not in frames:
        return rows
    links = sorted(known_rows(frames, "identities", as_of), key=lambda link: link["known_at"] or datetime.min)
    main = {link["alias_id"]: link["customer_id"] for link in links}
    if table == "customers":
        return [row for row in rows if row["customer_id"] not in main]
    return [row | {"customer_id": main.get(row["customer_id"], row["customer_id"])} for row in rows]


def by_customer(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows of each customer."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["customer_id"], []).append(row)
    return grouped


def profiles(frames: Frames, as_of: datetime) -> dict[str, Row]:
    """The newest known version of each customer's profile."""
    found = by_customer(known_rows(frames, "customers", as_of))
    return {who: max(rows, key=lambda row: row["known_at"] or datetime.min) for who, rows in found.items()}


def days_since(moment: datetime, as_of: datetime) -> float:
    return (as_of - moment) / timedelta(days=1)


def features_of(family: str, frames: Frames, as_of: datetime, entity: str = "customer") -> pd.DataFrame:
    """The columns that one family has in the snapshot, by customer_id; the others would only take longer."""
    days = to_days(as_of)
    past = look_back(about(from_frames(frames), days, entity), days)
    return to_pandas(joined([families()[family]], past, days)).set_index("customer_id")


def check(
    found: pd.DataFrame, family: str, oracle: Callable[[str], dict[str, object]], money: tuple[str, ...] = ()
) -> None:
    """Every column of ``family`` is, for every customer, what ``oracle(customer_id)`` gives.

    Those of ``money`` to a thousandth only: features round each line to ticks.
    """
    columns = families()[family].COLUMNS
    assert len(found)
    for customer in found.index:
        expected = oracle(customer)
        assert set(expected) == set(columns), set(expected) ^ set(columns)
        for name, value in expected.items():
            close = same(found.at[customer, name], value, rel=1e-3 if name in money else 1e-9)
            assert close, (customer, name, found.at[customer, name], value)


def same(found: object, expected: object, rel: float) -> bool:
    """Equal texts, or numbers that differ by less than rounding to millionths does; null is None."""
    if expected is None or isinstance(expected, str):
        return found == expected or (expected is None and found != found)
    return not math.isnan(found) and found == pytest.approx(expected, rel=rel, abs=1e-5)
