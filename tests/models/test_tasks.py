"""Tasks label the half-open horizon, for the right customers, and are found by scanning."""

from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from features.engines import Tables, from_frames
from features.errors import BadInput, NotFound
from features.windows import to_days
from models.tasks import eligible_mask, question, task, tasks

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
    ("keeps one of two", "2024-03-04 00:00:00", "sale"),
    ("keeps one of two", "2024-03-05 00:00:00", "sale"),
    ("keeps one of two", "2024-03-06 00:00:00", "return"),
)


def test_the_scan_finds_the_tasks_and_an_unknown_one_is_named_with_them() -> None:
    assert {"churn", "next_purchase", "value"} <= set(tasks())
    with pytest.raises(NotFound, match=r"chrun.*churn, .*value"):
        task("chrun")


LABELS = {
    "churn": {"at the cutoff": 0.0, "twice": 0.0, "last moment": 0.0, "keeps one of two": 0.0},
    "next_purchase": {"at the cutoff": 0.0, "twice": 1.0, "last moment": 30 - 1 / 86_400, "keeps one of two": 3.0},
    # Each line costs 1.00; a customer with returns only has a negative net spend, which counts as 0.
    "value": {"at the cutoff": 1.0, "twice": 2.0, "last moment": 1.0, "sends back": 0.0, "keeps one of two": 1.0},
}


@pytest.mark.parametrize(("name", "missing"), [("churn", 1.0), ("next_purchase", np.inf), ("value", 0.0)])
def test_the_half_open_horizon_is_labelled_and_the_others_get_the_missing_label(name: str, missing: float) -> None:
    assert labels(name, SHOP) == pytest.approx(LABELS[name])
    assert missing == task(name).MISSING_LABEL


def contracts(*rows: tuple[str, str, str | None]) -> Tables:
    """Contracts from (customer, start, end)."""
    moments = {"started_at": [row[1] for row in rows], "ended_at": [row[2] for row in rows]}
    frame = pl.DataFrame({"customer_id": [row[0] for row in rows], "plan": ["plus"] * len(rows), **moments})
    times = pl.col("started_at", "ended_at").str.to_datetime(time_unit="us")
    return from_frames({"subscriptions": frame.with_columns(times)})


def test_a_contract_that_ends_within_the_horizon_is_churn_unless_another_runs() -> None:
    found = contracts(
        ("leaves", "2023-01-01", "2024-03-01"),
        ("left before", "2023-01-01", "2024-02-29"),
        ("leaves later", "2023-01-01", "2024-03-31"),
        ("stays", "2023-01-01", None),
        ("changes the plan", "2023-01-01", "2024-03-10"),
        ("changes the plan", "2024-03-10", None),
        ("leaves both", "2023-01-01", "2024-03-10"),
        ("leaves both", "2024-03-10", "2024-03-20"),
        ("comes back after", "2023-01-01", "2024-03-10"),
        ("comes back after", "2024-03-31", None),
    )
    assert labels("contract_churn", found) == dict.fromkeys(("leaves", "leaves both", "comes back after"), 1.0)


def test_a_first_order_is_anybodys_within_the_horizon() -> None:
    bought = ("at the cutoff", "twice", "last moment", "keeps one of two")
    assert labels("first_order", SHOP) == dict.fromkeys(bought, 1.0)
    X = pd.DataFrame({"purchase_recency_days": [0.1, np.nan]})
    assert eligible_mask("first_order", X, 30.0).tolist() == [False, True]


def test_a_longer_horizon_reaches_further() -> None:
    assert "at the end" in labels("next_purchase", SHOP, horizon_days=31.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("churn", [True, True, False, False]),
        ("next_purchase", [True, True, True, False]),
        ("value", [True, True, True, False]),
    ],
)
def test_who_is_asked_about(name: str, expected: list[bool]) -> None:
    X = pd.DataFrame({"purchase_recency_days": [0.1, 90.0, 90.1, np.nan]})
    assert eligible_mask(name, X, 30.0).tolist() == expected


def test_without_rows_the_mask_of_eligible_customers_is_empty() -> None:
    assert eligible_mask("churn", pd.DataFrame({"purchase_recency_days": []}, dtype=float), 30.0).shape == (0,)


def test_a_question_has_horizons_that_its_target_can_answer_for() -> None:
    assert question("next_purchase", [7, 30]).horizon_days == 30.0
    assert question("value", [90]).unit == "currency"
    with pytest.raises(BadInput, match="a probability has one"):
        question("churn", [30, 90])
    with pytest.raises(BadInput, match="ascending order"):
        question("next_purchase", [30, 7])
