"""Tasks label the half-open future, ask about the right customers, and are found by scanning."""

from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from features.engines import Tables, from_frames
from features.errors import NotFound
from features.windows import to_days
from models.tasks import eligible_mask, task, tasks

AS_OF = "2024-03-01"


def orders(*rows: tuple[str, str, str]) -> Tables:
    """Orders from (customer, time, kind)."""
    frame = pl.DataFrame(
        {
            "order_id": [str(i) for i in range(len(rows))],
            "customer_id": [row[0] for row in rows],
            "at": [datetime.fromisoformat(row[1]) for row in rows],
            "product_id": ["p"] * len(rows),
            "quantity": [1.0] * len(rows),
            "unit_price": [1.0] * len(rows),
            "kind": [row[2] for row in rows],
        },
        schema_overrides={"at": pl.Datetime("us")},
    )
    return from_frames({"orders": frame})


def labels(name: str, tables: Tables, horizon_days: float = 30.0) -> dict[str, float]:
    frame = task(name).label(tables, to_days(AS_OF), horizon_days).collect().to_pandas()
    assert frame["customer_id"].is_unique
    return dict(zip(frame["customer_id"], frame["label"], strict=True))


SHOP = orders(
    ("before", "2024-02-29 23:59:59", "sale"),
    ("at the cutoff", "2024-03-01 00:00:00", "sale"),
    ("twice", "2024-03-02 00:00:00", "sale"),
    ("twice", "2024-03-12 00:00:00", "sale"),
    ("last moment", "2024-03-30 23:59:59", "sale"),
    ("at the end", "2024-03-31 00:00:00", "sale"),
    ("sends back", "2024-03-05 00:00:00", "return"),
)


def test_the_scan_finds_both_tasks_and_an_unknown_one_is_named_with_them() -> None:
    assert {"churn", "next_purchase"} <= set(tasks())
    with pytest.raises(NotFound, match=r"chrun.*churn, next_purchase"):
        task("chrun")


@pytest.mark.parametrize(("name", "bought", "missing"), [("churn", 0.0, 1.0), ("next_purchase", 1.0, 0.0)])
def test_buyers_of_the_half_open_horizon_have_a_label_and_the_others_get_the_missing_one(
    name: str, bought: float, missing: float
) -> None:
    assert labels(name, SHOP) == dict.fromkeys(("at the cutoff", "twice", "last moment"), bought)
    assert missing == task(name).MISSING_LABEL


def test_a_longer_horizon_reaches_further() -> None:
    assert "at the end" in labels("next_purchase", SHOP, horizon_days=31.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("churn", [True, True, False, False]), ("next_purchase", [True, True, True, False])],
)
def test_who_is_asked_about(name: str, expected: list[bool]) -> None:
    X = pd.DataFrame({"purchase_recency_days": [0.1, 90.0, 90.1, np.nan]})
    assert eligible_mask(name, X, 30.0).tolist() == expected


def test_nobody_to_ask_about_is_an_empty_mask() -> None:
    assert eligible_mask("churn", pd.DataFrame({"purchase_recency_days": []}, dtype=float), 30.0).shape == (0,)


@pytest.mark.parametrize("name", sorted(tasks()))
def test_every_task_says_why_a_customer_is_not_asked_about(name: str) -> None:
    module = task(name)
    assert module.POSITIVE in ("buys", "lapses")
    assert module.HORIZON_DAYS > 0
    assert isinstance(module.reason_not_eligible, str)
    assert len(module.reason_not_eligible) > 10
