"""BG/NBD (Fader, Hardie & Lee 2005): buying at a Gamma rate until a coin tossed after each purchase ends it.

A customer is ``x`` repeat purchase days, the last ``t_x`` after the first, watched for ``T``. The score is
P(X(t) > 0), never P(alive), which is 1 for every one-time buyer.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from models.learners import Params
from models.params import Trial
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample, column

NAME = "bgnbd"
BASELINE = True
OUTCOMES = ("buys", "lapses")
READS = ("purchase_days_n", "purchase_tenure_days", "purchase_recency_days")
DEFAULTS: Params = {}
BOUNDS = [(-9.0, 9.0)] * 4
"""Of the logarithms of r, alpha / mean T, a and b: without repeat purchases the likelihood has no maximum."""


@dataclass(frozen=True)
class BgNbd:
    """Purchase rates are Gamma(r, alpha), dropout probabilities Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class Fitted:
    """The process, and the question asked of it."""

    process: BgNbd
    horizon_days: float
    positive: str


def space(trial: Trial) -> Params:  # noqa: ARG001 - maximum likelihood has nothing to tune
    """No parameters."""
    return {}


def fit(sample: Sample, params: Params, seed: int) -> Fitted:  # noqa: ARG001 - nothing random
    """Maximum likelihood on the newest cutoff: its rows already hold the whole history of each customer."""
    newest = sample.where(sample.as_of == sample.as_of.max())
    process = maximum_likelihood(*_recency_frequency(newest.X))
    return Fitted(process, sample.question.horizon_days, sample.question.outcome)


def predict(model: Fitted, X: pd.DataFrame) -> Floats:
    """P(at least one purchase within the horizon), or its complement where y = 1 means that a customer lapses."""
    buys = purchase_probability(model.process, *_recency_frequency(X), model.horizon_days)
    return buys if model.positive == "buys" else 1.0 - buys


def importance(model: Fitted) -> dict[str, float]:  # noqa: ARG001 - the process is not a sum of features
    """No weights."""
    return {}


def dump(model: Fitted) -> dict[str, bytes]:
    """One JSON file."""
    return {"bgnbd.json": json_bytes(asdict(model))}


def load(files: Mapping[str, bytes]) -> Fitted:
    """The process."""
    state = json_from(files, "bgnbd.json")
    return Fitted(BgNbd(**state["process"]), float(state["horizon_days"]), state["positive"])


def maximum_likelihood(x: Floats, t_x: Floats, T: Floats) -> BgNbd:
    """The process under which these customers are likeliest; time in any unit, which alpha then shares."""
    unit = float(T.mean()) or 1.0  # so that the optimiser sees numbers near 1 whatever the unit
    customers, counts = np.unique(np.column_stack([x, t_x / unit, T / unit]), axis=0, return_counts=True)

    def loss(log_params: Floats) -> float:
        each = log_likelihood(BgNbd(*np.exp(log_params)), *customers.T)
        return -float((counts * each).sum()) / len(x)

    found = minimize(loss, np.zeros(4), method="L-BFGS-B", bounds=BOUNDS, options={"ftol": 1e-14, "gtol": 1e-8})
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    return BgNbd(r, alpha * unit, a, b)


def log_likelihood(process: BgNbd, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Log-likelihood a customer (equation 6 of the paper)."""
    r, alpha, a, b = process.r, process.alpha, process.a, process.b
    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stays = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
    left = betaln(a + 1.0, b + np.maximum(x, 1.0) - 1.0) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return np.asarray(rate + np.where(x > 0, np.logaddexp(stays, left), stays), dtype=np.float64)


def alive_probability(process: BgNbd, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """P(has not dropped out by T); 1 for every one-time buyer, so no score by itself."""
    r, alpha, a, b = process.r, process.alpha, process.a, process.b
    repeat = np.maximum(x, 1.0)
    log_odds_left = np.log(a / (b + repeat - 1.0)) + (r + x) * (np.log(alpha + T) - np.log(alpha + t_x))
    return np.where(x > 0, 1.0 / (1.0 + np.exp(np.minimum(log_odds_left, 700.0))), 1.0)


def purchase_probability(process: BgNbd, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """P(X(t) > 0): alive at T, and the next purchase comes within ``t``.

    Given alive, the rate is Gamma(r + x, alpha + T), so nobody buys for ``t`` with
    probability ((alpha + T) / (alpha + T + t)) ** (r + x).
    """
    waits = np.exp((process.r + x) * (np.log(process.alpha + T) - np.log(process.alpha + T + t)))
    return np.asarray(alive_probability(process, x, t_x, T) * (1.0 - waits), dtype=np.float64)


def expected_purchases(process: BgNbd, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """E[X(t) | x, t_x, T] (equation 10 of the paper)."""
    r, alpha, a, b = process.r, process.alpha, process.a, process.b
    shrinks = ((alpha + T) / (alpha + T + t)) ** (r + x)
    series = hyp2f1(r + x, b + x, a + b + x - 1.0, t / (alpha + T + t))
    alive = alive_probability(process, x, t_x, T)
    return np.asarray((a + b + x - 1.0) / (a - 1.0) * (1.0 - shrinks * series) * alive, dtype=np.float64)


def _recency_frequency(X: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """x, t_x, T in days; a null (a customer without a purchase) counts as one just acquired."""
    x = np.nan_to_num(column(X, "purchase_days_n") - 1.0)
    T = np.nan_to_num(column(X, "purchase_tenure_days"))
    t_x = T - np.nan_to_num(column(X, "purchase_recency_days"))
    return np.maximum(x, 0.0), np.clip(t_x, 0.0, T), T
