"""Groups of equal size by spend, the simplest baseline: whoever spent most is in the first."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import BadInput
from models.plain import array_bytes, array_from
from models.segments.clusterers import Floats, Labels, Trial
from models.segments.preprocessing import raw_column

BASELINE = True
NEEDS: tuple[str, ...] = ("purchase_spend",)
KEEPS_POINTS = False
DEFAULTS: dict[str, Any] = {"k": 10}
MOST = 100
NAMES: Mapping[int, str] = {rank: f"Spend group {rank + 1}" for rank in range(MOST)}


@dataclass(frozen=True)
class Model:
    """The k - 1 inner quantiles of spend, descending, in its currency."""

    edges: Floats


def space(trial: Trial) -> dict[str, Any]:  # noqa: ARG001
    """Nothing to tune: tenths are the convention."""
    return {}


def fit(X: pd.DataFrame, Z: Floats, params: Mapping[str, Any], seed: int, memory: Path | None) -> Model:  # noqa: ARG001
    """Quantiles of these customers' spend; nulls are ignored. BadInput if it is null for all of them."""
    k, spend = int(params["k"]), raw_column(X, NEEDS[0])
    if not 1 <= k <= MOST:
        raise BadInput(f"k = {k}: value_deciles makes 1 to {MOST} groups")
    if np.isnan(spend).all():
        raise BadInput(f"{NEEDS[0]} is null for all {len(X)} customers: value_deciles needs orders with prices")
    return Model(np.ascontiguousarray(np.nanquantile(spend, 1 - np.arange(1, k) / k)))


def labels(model: Model) -> tuple[int, ...]:
    """0, who spent most, to k - 1."""
    return tuple(range(len(model.edges) + 1))


def assign(model: Model, X: pd.DataFrame, Z: Floats, memory: Path | None = None) -> tuple[Labels, Floats]:  # noqa: ARG001
    """The group of the spend; a value on an edge belongs to the lower one, a null to the last. Strength is always 1."""
    spend = np.nan_to_num(raw_column(X, NEEDS[0]), nan=-np.inf)
    label = np.searchsorted(-model.edges, -spend, side="right").astype(np.int64)
    return label, np.ones(len(X))


def dump(model: Model) -> dict[str, bytes]:
    """``value_deciles.npy``: the edges."""
    return {"value_deciles.npy": array_bytes(model.edges)}


def load(files: Mapping[str, bytes]) -> Model:
    """What :func:`dump` wrote."""
    return Model(array_from(files, "value_deciles.npy", np.float64, (None,)))
