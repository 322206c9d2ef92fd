"""From skewed features to comparable columns: winsorise, transform by Yeo-Johnson, standardise.

Every step works on each value alone, so a customer gets the same bits alone as in a batch of a million.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from features.errors import BadArtifact, BadInput
from models.plain import array_bytes, array_from, json_bytes, json_from

Floats = NDArray[np.float64]

WINSOR_SHARE = 0.01  # clipped at each end, so that a single wholesaler does not set the scale
# Below -1 the transform reduces a count to "one or more"; above 2 it only follows the longest tail.
LAMBDA_RANGE = (-1.0, 2.0)
POWER_POINTS = 2_000  # quantiles that lambda is fitted to; more change its third decimal
_STATE = ("fill", "low", "high", "power", "mean", "scale")


@dataclass(frozen=True)
class Preprocessing:
    """The fitted constants; every array has one entry per feature, in the order of ``features``."""

    features: tuple[str, ...]
    fill: Floats  # median, in the feature's unit: replaces null
    low: Floats  # winsor limits, in the feature's unit
    high: Floats
    power: Floats  # Yeo-Johnson lambda
    mean: Floats  # of the transformed values
    scale: Floats  # their standard deviation; 1 where the feature is constant
    weight: Floats  # what a standard deviation counts in distances; 1 unless a study weighs its features


def raw_matrix(X: pd.DataFrame, features: Sequence[str]) -> Floats:
    """(rows, features) float64 of the named columns in order, NaN for null; BadInput if one is missing or infinite."""
    missing = [name for name in features if name not in X.columns]
    if missing:
        raise BadInput(f"{len(missing)} of {len(features)} features are missing ({', '.join(missing[:5])}): send them")
    # Column by column: selecting a sub-frame takes pandas ten times longer, and the service asks for one customer.
    matrix = np.column_stack([_numbers(X[name]) for name in features])
    if np.isinf(matrix).any():
        raise _infinite([name for name, column in zip(features, matrix.T, strict=True) if np.isinf(column).any()])
    return matrix


def raw_column(X: pd.DataFrame, name: str) -> Floats:
    """(rows,) float64 of one column, NaN for null; BadInput if it contains an infinite value."""
    column = _numbers(X[name])
    if np.isinf(column).any():
        raise _infinite([name])
    return column


def _infinite(names: Sequence[str]) -> BadInput:
    return BadInput(f"infinite values in {', '.join(names[:5])}: send finite numbers, or null where unknown")


def _numbers(column: "pd.Series[Any]") -> Floats:
    try:
        found: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        # The library's own message quotes a value.
        raise BadInput(f"{column.name} contains {column.dtype}: features are numbers, null is NaN") from None
    return found


def fit(X: pd.DataFrame, features: Sequence[str], weight: Floats | None = None) -> Preprocessing:
    """Fit medians, winsor limits, powers and scales; BadInput if all customers are equal in all features.

    ``weight`` (features,) is what a standard deviation of each counts in distances; 1 unless given.
    A feature that is null or equal for all customers becomes a column of zeros.
    """
    if not len(features) or not len(X):
        raise BadInput(f"{len(X)} customers with {len(features)} features: segments need at least one of each")
    columns = [_fit_column(column) for column in raw_matrix(X, features).T]
    fill, low, high, power, mean, scale = (np.array(values, dtype=np.float64) for values in zip(*columns, strict=True))
    if (low == high).all():
        raise BadInput(f"all {len(X)} customers look the same in {', '.join(features[:5])}: use other features")
    weights = np.ones(len(features)) if weight is None else np.asarray(weight, dtype=np.float64)
    return Preprocessing(tuple(features), fill, low, high, power, mean, scale, weights)


def _fit_column(values: Floats) -> tuple[float, float, float, float, float, float]:
    """Median, winsor limits, Yeo-Johnson lambda, mean and scale of one feature."""
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0, 0.0, 0.0, 1.0, 0.0, 1.0
    low, fill, high = np.quantile(known, [WINSOR_SHARE, 0.5, 1 - WINSOR_SHARE])
    if low == high:
        # A value that 99 % share still separates the others: use the whole range.
        low, high = known.min(), known.max()
    power = _fit_power(np.clip(known, low, high)) if low < high else 1.0
    filled = np.clip(np.where(np.isnan(values), fill, values), low, high)
    shaped = yeo_johnson(filled, np.float64(power))
    spread = float(shaped.std())
    return float(fill), float(low), float(high), power, float(shaped.mean()), spread if spread > 1e-12 else 1.0


def _fit_power(values: Floats) -> float:
    """Maximum-likelihood lambda in ``LAMBDA_RANGE`` (Yeo and Johnson 2000, eq. 3.1), from quantiles of the values."""
    from scipy import optimize  # only for fitting: without it serving starts a second sooner

    points = np.quantile(values, np.linspace(0.0, 1.0, POWER_POINTS)) if len(values) > POWER_POINTS else values
    jacobian = float((np.sign(points) * np.log1p(np.abs(points))).sum())

    def negative_log_likelihood(power: float) -> float:
        spread = float(yeo_johnson(points, np.float64(power)).var())
        return len(points) / 2.0 * float(np.log(max(spread, 1e-300))) - (power - 1.0) * jacobian

    return float(optimize.minimize_scalar(negative_log_likelihood, bounds=LAMBDA_RANGE, method="bounded").x)


def yeo_johnson(values: Floats, power: Floats | np.float64) -> Floats:
    """The Yeo-Johnson transform (Yeo and Johnson 2000), elementwise; monotone for every ``power``.

    scipy's scalar loops are used instead of numpy's vectorised ones: those may differ in the last bit between machines.
    """
    size = special.log1p(np.abs(values))
    rising = np.where(values >= 0, power, 2.0 - power)
    safe = np.where(rising == 0, 1.0, rising)
    shaped = np.where(rising == 0, size, special.expm1(rising * size) / safe)
    return np.asarray(np.where(values >= 0, shaped, -shaped), dtype=np.float64)


def transform(preprocessing: Preprocessing, X: pd.DataFrame) -> Floats:
    """(rows, features) in weighted standard deviations from the mean, finite for every finite or null input."""
    p = preprocessing
    raw = raw_matrix(X, p.features)
    filled = np.clip(np.where(np.isnan(raw), p.fill, raw), p.low, p.high)
    return np.ascontiguousarray((yeo_johnson(filled, p.power) - p.mean) / p.scale * p.weight)


def dump(preprocessing: Preprocessing) -> dict[str, bytes]:
    """``preprocessing.json`` (features in order, and weights) and ``preprocessing.npy`` (state, features)."""
    state = np.stack([getattr(preprocessing, name) for name in _STATE])
    settings = {
        "features": list(preprocessing.features),
        "state": list(_STATE),
        "weight": preprocessing.weight.tolist(),
    }
    return {"preprocessing.json": json_bytes(settings), "preprocessing.npy": array_bytes(state)}


def load(files: Mapping[str, bytes]) -> Preprocessing:
    """What :func:`dump` wrote."""
    settings = json_from(files, "preprocessing.json")
    if settings.get("state") != list(_STATE) or not isinstance(settings.get("features"), list):
        raise BadArtifact("preprocessing.json has other steps than this version knows: train the model again")
    features = tuple(str(name) for name in settings["features"])
    state = array_from(files, "preprocessing.npy", np.float64, (len(_STATE), len(features)))
    if not np.isfinite(state).all():
        raise BadArtifact("preprocessing.npy contains a value that is not finite: train the model again")
    # Artifacts of before 0.8 have no weights: all were 1.
    weight = np.asarray(settings.get("weight", [1.0] * len(features)), dtype=np.float64)
    if weight.shape != (len(features),) or not np.isfinite(weight).all():
        raise BadArtifact("preprocessing.json does not have one weight a feature: train the model again")
    fill, low, high, power, mean, scale = state
    return Preprocessing(features, fill, low, high, power, mean, scale, weight)
