"""Scores of predicted probabilities, each nan where it is not defined, and the interval of a difference."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from models.calibration import logit
from models.logit import newton
from models.sample import Floats

Score = Callable[[Floats, Floats], float]
EDGE = 1e-15


def roc_auc(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """P(a random one scores above a random zero), ties count half; nan if a class is absent.

    >>> roc_auc([0, 1, 0, 1], [.1, .4, .35, .8])
    1.0
    """
    y, p = _floats(y), _floats(p)
    ones, zeros = y.sum(), (1.0 - y).sum()
    if ones == 0 or zeros == 0:
        return float("nan")
    return float((rankdata(p)[y == 1.0].sum() - ones * (ones + 1.0) / 2.0) / (ones * zeros))


def average_precision(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Precision averaged over the recall steps, tied scores taken together; nan if there is no one.

    >>> average_precision([0, 1, 1, 0], [.1, .9, .8, .7])
    1.0
    """
    y, p = _floats(y), _floats(p)
    if y.sum() == 0:
        return float("nan")
    order = np.argsort(-p, kind="stable")
    last_of_tie = np.append(np.diff(p[order]) != 0, True)
    hits = np.cumsum(y[order])[last_of_tie]
    seen = np.flatnonzero(last_of_tie) + 1.0
    return float((np.diff(hits, prepend=0.0) / y.sum() * (hits / seen)).sum())


def log_loss(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Mean of -log of the probability given to what happened; nan without rows.

    >>> round(log_loss([1, 0], [.5, .5]), 4)
    0.6931
    """
    y, p = _floats(y), np.clip(_floats(p), EDGE, 1.0 - EDGE)
    return float(-np.where(y == 1.0, np.log(p), np.log1p(-p)).mean()) if len(y) else float("nan")


def brier(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Mean squared difference of probability and outcome; nan without rows.

    >>> brier([1, 0], [1, .5])
    0.125
    """
    y, p = _floats(y), _floats(p)
    return float(((p - y) ** 2).mean()) if len(y) else float("nan")


def lift(y: npt.ArrayLike, p: npt.ArrayLike, top: float = 0.1) -> float:
    """Rate among the ``top`` share by score over the base rate, ties shared; nan if there is no one.

    >>> lift([1, 0, 0, 0], [.9, .2, .1, .3], top=0.25)
    4.0
    """
    y, p = _floats(y), _floats(p)
    if y.sum() == 0:
        return float("nan")
    chosen = max(1, round(top * len(y)))
    edge = np.sort(p)[-chosen]
    above, at_edge = p > edge, p == edge
    # Rows tied at the edge fill the remaining places by their average: the order of the rows must not matter.
    hits = y[above].sum() + (chosen - above.sum()) * y[at_edge].mean()
    return float(hits / chosen / y.mean())


def calibration_slope(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Slope of the labels' logistic regression on logit(p): 1 is right, below 1 too extreme; nan if p is constant."""
    y, p = _floats(y), _floats(p)
    log_odds = logit(p)
    if len(y) == 0 or np.ptp(log_odds) < 1e-9 or y.min() == y.max():
        return float("nan")
    return float(newton(log_odds[:, None], y, ridge=1e-9)[1])


def predictive_scores(y: npt.ArrayLike, p: npt.ArrayLike) -> dict[str, float]:
    """All the scores of one set of predictions, by name; ``base_rate`` and ``mean_prediction`` beside them."""
    y, p = _floats(y), _floats(p)
    return {
        "roc_auc": roc_auc(y, p),
        "average_precision": average_precision(y, p),
        "log_loss": log_loss(y, p),
        "brier": brier(y, p),
        "lift_10": lift(y, p),
        "calibration_slope": calibration_slope(y, p),
        "base_rate": float(y.mean()) if len(y) else float("nan"),
        "mean_prediction": float(p.mean()) if len(p) else float("nan"),
    }


def bootstrap_difference(
    y: npt.ArrayLike,
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    score: Score,
    customers: npt.ArrayLike | None = None,
    draws: int = 500,
    seed: int = 0,
) -> tuple[float, float, float]:
    """``score(y, a) - score(y, b)``: (difference on all rows, 2.5 % and 97.5 % of it over resampled customers).

    Customers are drawn with all their rows, because rows of one customer are not independent; without
    ``customers`` every row is its own.
    """
    y, a, b = _floats(y), _floats(a), _floats(b)
    groups = _rows_of_each(np.arange(len(y)) if customers is None else np.asarray(customers))
    random = np.random.default_rng(seed)
    differences = np.empty(draws)
    for draw in range(draws):
        chosen = random.integers(len(groups), size=len(groups))
        rows = np.concatenate([groups[i] for i in chosen])
        differences[draw] = score(y[rows], a[rows]) - score(y[rows], b[rows])
    low, high = np.nanquantile(differences, (0.025, 0.975))
    return score(y, a) - score(y, b), float(low), float(high)


def _rows_of_each(customers: npt.NDArray[np.generic]) -> list[npt.NDArray[np.intp]]:
    _, codes = np.unique(customers, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def _floats(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
