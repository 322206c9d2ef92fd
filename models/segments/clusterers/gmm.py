"""A Gaussian mixture (McLachlan and Peel 2000): groups of any spread and direction, which may overlap."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from features.errors import BadArtifact, BadInput
from models.plain import array_bytes, array_from
from models.segments.clusterers import Floats, Labels, Trial

DEFAULTS: dict[str, Any] = {"k": 6, "covariance": "full"}
KEEPS_POINTS = False
LEAST_VARIANCE = 0.01
"""Added to each variance, in squared standard deviations of all customers: a column of few values, like the number of
orders, would otherwise collapse into groups without width."""


@dataclass(frozen=True)
class Model:
    """Means (k, features) in standard units, sorted by their coordinates; ``whitening`` (k, features, features) are
    upper triangular, such that (z − mean) @ whitening has unit variance; ``log_weight`` (k,)."""

    mean: Floats
    whitening: Floats
    log_weight: Floats


def space(trial: Trial) -> dict[str, Any]:
    """Three to ten groups, their columns correlated or not."""
    return {
        "k": trial.suggest_int("k", 3, 10),
        "covariance": trial.suggest_categorical("covariance", ("full", "diag")),
    }


def numbers(params: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Three to ten groups, and as many as asked for."""
    return tuple({**params, "k": k} for k in sorted({*range(3, 11), int(params["k"])}))


def fit(X: pd.DataFrame, Z: Floats, params: Mapping[str, Any], seed: int, memory: Path | None) -> Model:  # noqa: ARG001
    """The best of three EM runs from k-means starts, on one thread, because sums over threads differ in last bits."""
    # Only for fitting: the import takes seconds, and serving does not need it.
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    k = int(params["k"])
    distinct = len(np.unique(Z, axis=0))
    if distinct < k or k < 1 or len(Z) < 2:
        raise BadInput(f"{distinct} different customers cannot make k = {k} groups: lower k or bring more customers")
    with threadpool_limits(limits=1):
        mixture = GaussianMixture(
            k, covariance_type=str(params["covariance"]), reg_covar=LEAST_VARIANCE, n_init=3, random_state=seed
        ).fit(Z)
    order = np.lexsort(mixture.means_.T[::-1])
    whitening = mixture.precisions_cholesky_[order]
    if whitening.ndim == 2:
        whitening = np.stack([np.diag(each) for each in whitening])
    log_weight = np.log(np.maximum(mixture.weights_[order], 1e-300))
    return Model(np.ascontiguousarray(mixture.means_[order]), np.ascontiguousarray(whitening), log_weight)


def labels(model: Model) -> tuple[int, ...]:
    """0 to k - 1."""
    return tuple(range(len(model.mean)))


def assign(model: Model, X: pd.DataFrame, Z: Floats, memory: Path | None = None) -> tuple[Labels, Floats]:  # noqa: ARG001
    """The most probable group. Strength is 0 where another is as probable and 1 where none else is possible."""
    density = np.column_stack(
        [_log_density(Z, *one) for one in zip(model.mean, model.whitening, model.log_weight, strict=True)]
    )
    label = density.argmax(axis=1).astype(np.int64)
    if density.shape[1] == 1:
        return label, np.ones(len(Z))
    second, first = np.sort(density, axis=1)[:, -2:].T
    return label, np.asarray(-special.expm1(second - first), dtype=np.float64)


def _log_density(Z: Floats, mean: Floats, whitening: Floats, log_weight: np.float64) -> Floats:
    """Log of weight times density (rows,), but for a constant; summed one feature at a time, because the order of a sum
    must not depend on the number of rows."""
    squared, centred = np.zeros(len(Z)), Z - mean
    for column in range(len(mean)):
        whitened = np.zeros(len(Z))
        for feature in range(column + 1):
            if whitening[feature, column] != 0.0:
                whitened += centred[:, feature] * whitening[feature, column]
        squared += whitened**2
    log_determinant = sum(float(np.log(value)) for value in np.diag(whitening))
    return np.asarray(float(log_weight) + log_determinant - 0.5 * squared, dtype=np.float64)


def dump(model: Model) -> dict[str, bytes]:
    """Means, whitening matrices and log-weights as arrays."""
    return {
        "gmm_mean.npy": array_bytes(model.mean),
        "gmm_whitening.npy": array_bytes(model.whitening),
        "gmm_log_weight.npy": array_bytes(model.log_weight),
    }


def load(files: Mapping[str, bytes]) -> Model:
    """What :func:`dump` wrote; BadArtifact if a matrix is not upper triangular with a positive diagonal."""
    mean = array_from(files, "gmm_mean.npy", np.float64, (None, None))
    k, features = mean.shape
    whitening = array_from(files, "gmm_whitening.npy", np.float64, (k, features, features))
    log_weight = array_from(files, "gmm_log_weight.npy", np.float64, (k,))
    upper = np.array_equal(whitening, np.triu(whitening)) and (np.diagonal(whitening, axis1=1, axis2=2) > 0).all()
    if not (upper and all(np.isfinite(array).all() for array in (mean, whitening, log_weight))):
        raise BadArtifact("the gmm files do not describe a mixture: train the model again")
    return Model(mean, whitening, log_weight)
