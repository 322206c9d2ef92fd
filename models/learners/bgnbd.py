"""BG/NBD, with Gamma-Gamma for amounts: predicts from the number and dates of a customer's purchases alone.

``models.btyd`` explains ``x``, ``t_x`` and ``T``. The probability is P(X(t) > 0), never P(alive), which is 1 for every
one-time buyer.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from models.amounts import floored
from models.learners import Params
from models.learners._btyd import (
    BgNbd,
    GammaGamma,
    expected_purchases,
    expected_spend,
    maximum_likelihood,
    purchase_probability,
    spend_maximum_likelihood,
)
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample, column

BASELINE = True
EVERYBODY = True
TARGETS = ("binary", "amount", "curve")
OUTCOMES = ("buys", "lapses", "net_spend", "next_order")
PROCESS = ("purchase_days_n", "purchase_tenure_days", "purchase_recency_days")
READS = (*PROCESS, "purchase_spend")


UNPAID = GammaGamma(1.0, 2.0, 1.0)
"""Used where nobody has paid anything."""


@dataclass(frozen=True)
class Fitted:
    """The BG/NBD and the question it answers; ``spend`` and ``mean`` (the mean label) are for amounts only."""

    process: BgNbd
    outcome: str
    horizons: tuple[float, ...]
    spend: GammaGamma = UNPAID
    mean: float = 0.0


def fit(sample: Sample, params: Params, seed: int) -> Fitted:  # noqa: ARG001 - nothing random
    """Maximum likelihood on all buyers up to the newest cutoff, whose features cover the whole history of each.

    Fitted on those alone who bought lately, it would take nobody for gone.
    """
    newest = sample.all_buyers(READS if sample.question.outcome == "net_spend" else PROCESS)
    process = maximum_likelihood(*_recency_frequency(newest))
    question = sample.question
    if question.outcome != "net_spend":
        return Fitted(process, question.outcome, question.horizons)
    n, mean = _spending(newest)
    paid = mean > 0.0
    spend = spend_maximum_likelihood(n[paid], mean[paid]) if paid.any() else UNPAID
    return Fitted(process, question.outcome, question.horizons, spend, float(sample.y.mean()))


def predict(model: Fitted, X: pd.DataFrame) -> Floats:
    """(n,) P(a purchase within the horizon), its complement or the expected amount, or (n, K) the curve."""
    return ANSWERS[model.outcome](model, X)


def dump(model: Fitted) -> dict[str, bytes]:
    """One JSON file."""
    return {"bgnbd.json": json_bytes(asdict(model))}


def load(files: Mapping[str, bytes]) -> Fitted:
    """What ``dump`` wrote."""
    state = json_from(files, "bgnbd.json")
    if "horizons" not in state:  # artifacts of 0.2.0 and before
        return Fitted(BgNbd(**state["process"]), state["positive"], (float(state["horizon_days"]),))
    process, spend = BgNbd(**state["process"]), GammaGamma(**state["spend"])
    return Fitted(process, state["outcome"], tuple(state["horizons"]), spend, state["mean"])


def _buys(model: Fitted, X: pd.DataFrame) -> Floats:
    return purchase_probability(model.process, *_recency_frequency(X), model.horizons[-1])


def _lapses(model: Fitted, X: pd.DataFrame) -> Floats:
    return 1.0 - _buys(model, X)


def _curve(model: Fitted, X: pd.DataFrame) -> Floats:
    customers = _recency_frequency(X)
    each = [purchase_probability(model.process, *customers, horizon) for horizon in model.horizons]
    return np.asarray(np.maximum.accumulate(np.column_stack(each), axis=1), dtype=np.float64)


def _amount(model: Fitted, X: pd.DataFrame) -> Floats:
    """Expected number of purchase days times the expected amount of one."""
    days = expected_purchases(model.process, *_recency_frequency(X), model.horizons[-1])
    return floored(days * expected_spend(model.spend, *_spending(X)), model.mean)


ANSWERS: dict[str, Callable[[Fitted, pd.DataFrame], Floats]] = {
    "buys": _buys,
    "lapses": _lapses,
    "next_order": _curve,
    "net_spend": _amount,
}


def _recency_frequency(X: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """x, t_x and T in days; a null (a customer without a purchase) counts as a customer acquired just now."""
    x = np.nan_to_num(column(X, "purchase_days_n") - 1.0)
    T = np.nan_to_num(column(X, "purchase_tenure_days"))
    t_x = T - np.nan_to_num(column(X, "purchase_recency_days"))
    return np.maximum(x, 0.0), np.clip(t_x, 0.0, T), T


def _spending(X: pd.DataFrame) -> tuple[Floats, Floats]:
    """Number of purchase days, and the mean spend on one.

    Fader & Hardie leave out the first purchase. The features include it, and under the model all amounts of a customer
    have the same distribution.
    """
    n = np.maximum(np.nan_to_num(column(X, "purchase_days_n")), 1.0)
    return n, np.maximum(np.nan_to_num(column(X, "purchase_spend")), 0.0) / n
