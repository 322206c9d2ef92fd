"""Scores of predictions against outcomes, nan where a score is not defined."""

import numpy as np
import numpy.typing as npt

from models.calibration import logit
from models.logit import newton
from models.sample import Floats


def roc_auc(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """P(a random row with y = 1 scores above a random row with y = 0), ties count half; nan if a class is absent.

    >>> roc_auc([0, 1, 0, 1], [.1, .4, .35, .8])
    1.0
    """
    from sklearn.metrics import roc_auc_score  # only for scores: the import takes a second, and serving does without

    y = floats(y)
    return float(roc_auc_score(y, floats(p))) if len(np.unique(y)) == 2 else float("nan")


def lift(y: npt.ArrayLike, p: npt.ArrayLike, top: float = 0.1) -> float:
    """Rate of y = 1 among the ``top`` share by score, over the base rate; nan if no row has y = 1.

    Rows tied at the edge count with their mean, so that the order of the rows does not matter.

    >>> lift([1, 0, 0, 0], [.9, .2, .1, .3], top=0.25)
    4.0
    """
    y, p = floats(y), floats(p)
    if y.sum() == 0:
        return float("nan")
    chosen = max(1, round(top * len(y)))
    edge = np.sort(p)[-chosen]
    above, at_edge = p > edge, p == edge
    hits = y[above].sum() + (chosen - above.sum()) * y[at_edge].mean()
    return float(hits / chosen / y.mean())


def calibration_slope(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Slope of y's logistic regression on logit(p): 1 is right, below 1 p is too extreme; nan if y or p is constant."""
    y, p = floats(y), floats(p)
    log_odds = logit(p)
    if len(y) == 0 or np.ptp(log_odds) < 1e-9 or y.min() == y.max():
        return float("nan")
    return float(newton(log_odds[:, None], y, ridge=1e-9)[1])


def wilson(share: Floats, rows: Floats, z: float = 1.96) -> tuple[Floats, Floats]:
    """Wilson's interval of a ``share`` observed in ``rows`` rows, as (low, high); 95 % at the default z.

    >>> [round(float(end[0]), 3) for end in wilson(np.array([0.5]), np.array([100.0]))]
    [0.404, 0.596]
    """
    centre = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows)) / (1 + z * z / rows)
    return centre - half, centre + half


def mean(values: Floats) -> float:
    """The mean; nan without values, and without a warning."""
    return float(values.mean()) if len(values) else float("nan")


def floats(values: npt.ArrayLike) -> Floats:
    """As a float64 array."""
    return np.asarray(values, dtype=np.float64)


def concordance(days: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Harrell's C: share of pairs with different ``days`` in which the earlier event has the higher ``p``.

    Ties of ``p`` count half. Infinite days (no event seen) are equal to each other and later than all others. nan if
    all days are equal. Computed from Kendall's tau, in O(n log n).

    >>> concordance([3.0, 9.0, np.inf], [0.9, 0.5, 0.5])
    0.8333333333333333
    """
    from scipy.stats import kendalltau  # only for scores: the import takes a second, and serving does without

    sooner, p = -floats(days), floats(p)
    pairs, tied = _pairs(len(p)), _tied(sooner)
    if pairs == tied:
        return float("nan")
    if _tied(p) == pairs:
        return 0.5
    tau = float(kendalltau(sooner, p).statistic)
    agreeing = tau * np.sqrt((pairs - tied) * (pairs - _tied(p)))
    return float(0.5 + agreeing / (2.0 * (pairs - tied)))


def _pairs(n: int) -> float:
    return n * (n - 1) / 2.0


def _tied(values: Floats) -> float:
    """Pairs of equal values."""
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1.0)).sum() / 2.0)
