"""BG/NBD, with Gamma-Gamma for the amounts: what a customer's purchase days alone say about the next ones.

A customer is ``x`` repeat purchase days, the last ``t_x`` after the first, observed for ``T``. The score is
P(X(t) > 0), never P(alive), which is 1 for every one-time buyer.
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
TARGETS = ("binary", "amount", "curve")
OUTCOMES = ("buys", "lapses", "net_spend", "next_order")
READS = ("purchase_days_n", "purchase_tenure_days", "purchase_recency_days", "purchase_spend")


UNPAID = GammaGamma(1.0, 2.0, 1.0)
"""Where nobody has paid anything the currency does not matter."""


@dataclass(frozen=True)
class Fitted:
    """The process, what it is asked, and of amounts the Gamma-Gamma and the mean label."""

    process: BgNbd
    outcome: str
    horizons: tuple[float, ...]
    spend: GammaGamma = UNPAID
    mean: float = 0.0


def fit(sample: Sample, params: Params, seed: int) -> Fitted:  # noqa: ARG001 - nothing random
    """Maximum likelihood on the newest cutoff: its rows already contain the whole history of each customer."""
    newest = sample.where(sample.as_of == sample.as_of.max())
    process = maximum_likelihood(*_recency_frequency(newest.X))
    asked = sample.question
    if asked.outcome != "net_spend":
        return Fitted(process, asked.outcome, asked.horizons)
    n, mean = _spending(newest.X)
    paid = mean > 0.0
    spend = spend_maximum_likelihood(n[paid], mean[paid]) if paid.any() else UNPAID
    return Fitted(process, asked.outcome, asked.horizons, spend, float(sample.y.mean()))


def predict(model: Fitted, X: pd.DataFrame) -> Floats:
    """P(at least one purchase within the horizon) or its complement, the curve of it, or the expected amount."""
    return ANSWERS[model.outcome](model, X)


def dump(model: Fitted) -> dict[str, bytes]:
    """One JSON file."""
    return {"bgnbd.json": json_bytes(asdict(model))}


def load(files: Mapping[str, bytes]) -> Fitted:
    """The process."""
    state = json_from(files, "bgnbd.json")
    if "horizons" not in state:  # as artifacts of 0.2.0 and before have it
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
    """Expected purchase days times the expected amount of one."""
    days = expected_purchases(model.process, *_recency_frequency(X), model.horizons[-1])
    return floored(days * expected_spend(model.spend, *_spending(X)), model.mean)


ANSWERS: dict[str, Callable[[Fitted, pd.DataFrame], Floats]] = {
    "buys": _buys,
    "lapses": _lapses,
    "next_order": _curve,
    "net_spend": _amount,
}


def _recency_frequency(X: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """x, t_x, T in days; a null (a customer without a purchase) counts as one just acquired."""
    x = np.nan_to_num(column(X, "purchase_days_n") - 1.0)
    T = np.nan_to_num(column(X, "purchase_tenure_days"))
    t_x = T - np.nan_to_num(column(X, "purchase_recency_days"))
    return np.maximum(x, 0.0), np.clip(t_x, 0.0, T), T


def _spending(X: pd.DataFrame) -> tuple[Floats, Floats]:
    """Purchase days and the mean spend of one.

    The first day counts like the others. The note leaves it out, but no feature does, and under the model all
    amounts of a customer are alike.
    """
    n = np.maximum(np.nan_to_num(column(X, "purchase_days_n")), 1.0)
    return n, np.maximum(np.nan_to_num(column(X, "purchase_spend")), 0.0) / n
