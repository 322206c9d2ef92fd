"""The same as last time: whoever spent 80 in the last 90 days will spend 80 in the next 90 days."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from models.amounts import floored
from models.learners import Params
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample, column

BASELINE = True
TARGETS = ("amount",)
OUTCOMES = ("net_spend",)

WINDOWS_DAYS = (30.0, 90.0, 365.0)
READS = tuple(f"purchase_spend_{days:.0f}d" for days in WINDOWS_DAYS)
"""Sales after discounts. Returns are not subtracted in these features, so the level may be a little high."""


@dataclass(frozen=True)
class LastHorizon:
    """The spend in the window nearest to the horizon, the factor that scales it to the horizon, and the mean label."""

    feature: str
    factor: float
    mean: float


def fit(sample: Sample, params: Params, seed: int) -> LastHorizon:  # noqa: ARG001 - nothing random
    """Choose the window whose length is nearest to the horizon."""
    horizon_days = sample.question.horizon_days
    days = min(WINDOWS_DAYS, key=lambda window: abs(np.log(window / horizon_days)))
    return LastHorizon(f"purchase_spend_{days:.0f}d", horizon_days / days, float(sample.y.mean()))


def predict(model: LastHorizon, X: pd.DataFrame) -> Floats:
    """(n,) expected amounts; null counts as 0, and amounts are at least a hundredth of the mean label."""
    return floored(np.maximum(np.nan_to_num(column(X, model.feature)), 0.0) * model.factor, model.mean)


def importance(model: LastHorizon) -> dict[str, float]:
    """The one feature."""
    return {model.feature: 1.0}


def dump(model: LastHorizon) -> dict[str, bytes]:
    """One JSON file."""
    return {"last_horizon.json": json_bytes(asdict(model))}


def load(files: Mapping[str, bytes]) -> LastHorizon:
    """What ``dump`` wrote."""
    return LastHorizon(**json_from(files, "last_horizon.json"))
