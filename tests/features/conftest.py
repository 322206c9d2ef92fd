"""A small shop with every quirk features must survive, drawn from a seed."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

START = datetime(2020, 1, 1)


@pytest.fixture(scope="session")
def shop() -> dict[str, pl.DataFrame]:
    """Orders of 60 customers over 800 days, with returns, discounts, late knowledge and products without category."""
    draw = np.random.default_rng(7)
    orders = pl.DataFrame([line for order in range(700) for line in _order(draw, order)], infer_schema_length=None)
    products = pl.DataFrame({"product_id": [f"p{i}" for i in range(30)]}).with_columns(
        category=pl.Series([None if i % 7 == 0 else f"k{i % 5}" for i in range(30)])
    )
    return {"orders": orders, "products": products}


def _order(draw: np.random.Generator, number: int) -> list[dict[str, object]]:
    # The square makes some customers regulars and leaves others with one order.
    customer = f"c{int(60 * draw.random() ** 2):02d}"
    at = START + timedelta(microseconds=int(draw.integers(800 * 86_400_000_000)))
    if number % 5 == 0:
        at = at.replace(hour=18, minute=0, second=0, microsecond=0)
    return [
        {
            "order_id": f"o{number:04d}",
            "customer_id": customer,
            "at": at,
            "product_id": None if draw.random() < 0.1 else f"p{draw.integers(32)}",
            "quantity": float(draw.integers(1, 9)) if number % 9 else round(draw.random() + 0.001, 3),
            "unit_price": round(float(draw.gamma(2, 5)), 2) if number % 11 else 0.0,
            "discount": None if draw.random() < 0.7 else 0.01,
            "kind": "return" if number % 8 == 3 else "sale",
            "known_at": at + timedelta(days=3) if number % 10 == 1 else None,
        }
        for _ in range(int(draw.integers(1, 6)))
    ]
