"""Logistic regression on a few columns, shared by the baselines and the calibration."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from models.sample import Floats

STEPS = 100
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Logit:
    """``P(y = 1) = expit(intercept + sum(weights * (column - mean) / scale))``; a null counts as the mean."""

    intercept: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def state(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "intercept": self.intercept,
            "weights": list(self.weights),
            "means": list(self.means),
            "scales": list(self.scales),
        }

    @staticmethod
    def of(state: dict[str, Any]) -> "Logit":
        """From what ``state`` gave."""
        return Logit(float(state["intercept"]), tuple(state["weights"]), tuple(state["means"]), tuple(state["scales"]))


def newton(Z: Floats, y: Floats, ridge: float, start: Floats | None = None, towards: Floats | None = None) -> Floats:
    """Coefficients (first: intercept) minimising the summed log-loss + ``ridge / 2 * |coef - towards|²``.

    ``Z`` is (n, k) without the column of ones. The intercept is penalised only if ``towards`` (k + 1,) is given.
    """
    design = np.column_stack([np.ones(len(y)), Z])
    target = np.zeros(design.shape[1]) if towards is None else towards
    penalty = np.full(design.shape[1], ridge)
    if towards is None:
        penalty[0] = 1e-9  # enough to stay finite where all labels are equal
    coef: Floats = target.copy() if start is None else start.copy()
    for _ in range(STEPS):
        p = expit(design @ coef)
        gradient = design.T @ (p - y) + penalty * (coef - target)
        hessian = (design * (p * (1.0 - p) + 1e-12)[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        coef = coef - np.clip(step, -2.0, 2.0)  # a full step overshoots where the classes separate
        if np.abs(step).max() < TOLERANCE:
            break
    return coef


def fit_logit(columns: list[Floats], y: Floats, ridge: float) -> Logit:
    """Standardise each column, ignoring nulls, and fit; a constant column gets scale 1 and weight 0."""
    means = [_mean(values) for values in columns]
    scales = [_scale(values) for values in columns]
    Z = np.column_stack([_standardise(v, m, s) for v, m, s in zip(columns, means, scales, strict=True)])
    coef = newton(Z, y, max(ridge, 1e-6))
    return Logit(float(coef[0]), tuple(map(float, coef[1:])), tuple(means), tuple(scales))


def apply_logit(model: Logit, columns: list[Floats]) -> Floats:
    """P(y = 1) per row. Summed column by column: a matrix product may sum a batch in another order than one row."""
    total = np.full(len(columns[0]), model.intercept)
    for values, weight, mean, scale in zip(columns, model.weights, model.means, model.scales, strict=True):
        total = total + weight * _standardise(values, mean, scale)
    return np.asarray(expit(total), dtype=np.float64)


def logit_terms(model: Logit, columns: list[Floats]) -> Floats:
    """(n, columns + 1) the terms of the log odds, last the intercept; a null adds nothing."""
    terms = [
        weight * _standardise(values, mean, scale)
        for values, weight, mean, scale in zip(columns, model.weights, model.means, model.scales, strict=True)
    ]
    return np.column_stack([*terms, np.full(len(columns[0]), model.intercept)])


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _scale(values: Floats) -> float:
    known = values[~np.isnan(values)]
    spread = float(known.std()) if len(known) else 0.0
    return spread if spread > 1e-12 else 1.0


def _standardise(values: Floats, mean: float, scale: float) -> Floats:
    return np.where(np.isnan(values), 0.0, (values - mean) / scale)
