"""Gain: what an attribute adds to predicting who orders again, and how far it differs between low and high spenders."""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from models.logit import newton
from models.losses import log_loss
from models.sample import Floats
from pipelines.audit.coverage.encoding import categories, design

Ints = npt.NDArray[np.int64]

FOLDS = 5
RIDGE = 1.0
PERMUTATIONS = 100
CUSTOMERS_MIN = 200
OUTCOMES_MIN = 30
# The chance that any attribute at all is recommended if none of them predicts anything.
CHANCE = 0.05


@dataclass(frozen=True)
class Gain:
    """What one attribute adds, among the ``customers`` who have it.

    ``gain`` is the cross-validated log-loss (nats a customer) that it takes off recency, frequency and spend, with its
    standard error; ``association`` is Cramer's V with the terciles of spend, 0 to 1, and ``association_by_chance`` the
    95th percentile of V after shuffling the attribute. ``predictive`` and ``associated``: each is beyond chance.
    """

    customers: int
    gain: float
    standard_error: float
    log_loss_rfm: float
    predictive: bool
    association: float
    association_by_chance: float
    associated: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain data, rounded far below the standard error."""
        return {name: round(value, 6) if type(value) is float else value for name, value in asdict(self).items()}


def gain_of(values: "pd.Series[Any]", rfm: Floats, bought: Floats, seed: int, attributes_n: int) -> Gain | str:
    """What the attribute ``values`` (null: missing) adds to ``rfm`` (log recency, frequency, spend), or why not.

    ``attributes_n`` attributes are tested in all, so each needs stronger evidence (Bonferroni).
    """
    has = values.notna().to_numpy()
    y, plain = bought[has], rfm[has]
    if has.sum() < CUSTOMERS_MIN or min(y.sum(), len(y) - y.sum()) < OUTCOMES_MIN:
        return f"too few customers to judge it: {int(has.sum())} have it and a history, {int(y.sum())} of them bought"
    columns = design(values[has])
    if columns.shape[1] == 0:
        return "hardly two customers share a value, or all have the same"
    folds = np.random.default_rng(seed).permutation(len(y)) % FOLDS
    loss_rfm = _log_loss(plain, y, folds)
    saved = loss_rfm - _log_loss(np.column_stack([plain, columns]), y, folds)
    error = float(saved.std(ddof=1) / np.sqrt(len(y)))
    errors_needed = NormalDist().inv_cdf(1 - CHANCE / max(attributes_n, 1))
    v, by_chance = _association(categories(values[has]), _terciles(plain[:, 2]), seed)
    return Gain(
        customers=len(y),
        gain=float(saved.mean()),
        standard_error=error,
        log_loss_rfm=float(loss_rfm.mean()),
        predictive=bool(saved.mean() > errors_needed * error),
        association=v,
        association_by_chance=by_chance,
        associated=bool(v > by_chance),
    )


def _log_loss(X: Floats, y: Floats, folds: Ints) -> Floats:
    """Log-loss of every customer under the model fitted on the other folds."""
    scale = X.std(axis=0)
    Z = (X - X.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    loss = np.empty(len(y))
    for fold in range(FOLDS):
        out = folds == fold
        coef = newton(Z[~out], y[~out], RIDGE)
        loss[out] = log_loss(y[out], expit(coef[0] + Z[out] @ coef[1:]))
    return loss


def _terciles(spend: Floats) -> Ints:
    return np.asarray(np.searchsorted(np.quantile(spend, [1 / 3, 2 / 3]), spend), dtype=np.int64)


def _association(codes: Ints, terciles: Ints, seed: int) -> tuple[float, float]:
    """Cramer's V, and its 95th percentile over shuffles."""
    rng = np.random.default_rng(seed)
    shuffled = [cramers_v(rng.permutation(codes), terciles) for _ in range(PERMUTATIONS)]
    return cramers_v(codes, terciles), float(np.quantile(shuffled, 0.95))


def cramers_v(one: Ints, other: Ints) -> float:
    """Cramer's V of two arrays of codes, 0 (independent) to 1; 0 if either has one value only.

    >>> cramers_v(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    1.0
    >>> cramers_v(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    0.0
    """
    wide = int(other.max()) + 1
    counts = np.bincount(one * wide + other, minlength=(int(one.max()) + 1) * wide).reshape(-1, wide)
    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    if min(counts.shape) < 2:
        return 0.0
    # As scipy.stats.contingency.association, whose checks cost more than the sum; it is needed a thousand times.
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    chi2 = ((counts - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi2 / counts.sum() / (min(counts.shape) - 1)))
