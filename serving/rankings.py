"""Answers of recommenders: the products a customer buys next, best first, each with a reason."""

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.item_history import COLUMN
from models.ranking.affinity import MOST
from models.ranking.recommender import TEXT as LISTED
from models.ranking.recommender import Recommender, answers
from models.sample import Mask
from models.tasks import NO_ORDER_YET
from serving.json_columns import Columns

TEXT = (*LISTED, "reason")
ONLY_JSON: tuple[str, ...] = ()


def key(model_name: str) -> str:
    """Where the answer stands: under the model's own name."""
    return model_name


def columns(recommender: Recommender, features: pd.DataFrame, about: Mask) -> Columns:
    """The recommender's columns, and ``reason``: for people without an order it says so and the others are null."""
    found = answers(recommender, features[COLUMN])
    reason = np.full(len(features), None, dtype=object)
    reason[~about] = NO_ORDER_YET
    empty: dict[bool, Any] = {True: None, False: np.nan}
    return {**{name: np.where(about, values, empty[name in TEXT]) for name, values in found.items()}, "reason": reason}


def as_json(recommender: Recommender, columns: Columns, as_of: float) -> list[str]:  # noqa: ARG001
    """Each row of ``columns`` as ``models.ranking.answer.Answer``."""
    names = dict(zip(recommender.items.ids, recommender.items.names, strict=True))
    categories = dict(zip(recommender.items.ids, recommender.items.categories, strict=True))
    rows = range(len(columns["reason"]))
    items: list[list[dict[str, Any]]] = [[] for _ in rows]
    for n in range(1, recommender.length + 1):
        for row, product, kind, score, why in _rows(
            columns, *(f"{c}_{n}" for c in ("product", "kind", "score", "why"))
        ):
            about = {"name": names[product] or None, "category": categories[product] or None}
            items[row].append({"product_id": product, **about, "kind": kind, "score": score, "why": why})
    own: list[list[dict[str, Any]]] = [[] for _ in rows]
    for n in range(1, MOST + 1):
        for row, category, share in _rows(columns, f"category_{n}", f"category_share_{n}"):
            own[row].append({"category": category, "share": share})
    ahead = {"horizon_days": recommender.question.horizon_days}
    why_not = [{} if reason is None else {"reason": reason} for reason in columns["reason"]]
    return [
        json.dumps({"items": items[row], "categories": own[row], **ahead, **why_not[row]}, allow_nan=False)
        for row in rows
    ]


def _rows(columns: Columns, *names: str) -> list[tuple[Any, ...]]:
    """(row, value of each column) of the rows where the first of the columns has a value."""
    values: list[NDArray[Any]] = [columns[name] for name in names]
    there = [row for row, value in enumerate(values[0]) if value is not None]
    return [(row, *(value[row] for value in values)) for row in there]


def cards(recommender: Recommender) -> dict[str, dict[str, Any]]:  # noqa: ARG001
    """None."""
    return {}


def groups(recommender: Recommender) -> list[dict[str, Any]]:  # noqa: ARG001 - only segmenters have segments
    """None."""
    return []


def ledger(recommender: Recommender) -> list[dict[str, Any]]:  # noqa: ARG001 - only segmenters have segments
    """None."""
    return []


def catalogue(recommender: Recommender) -> list[dict[str, Any]]:  # noqa: ARG001 - only segmenters have segments
    """No segments."""
    return []
