"""Calibration: making a score of 0.3 mean three in ten, with Platt's sigmoid on the logit scale."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from models.logit import newton
from models.sample import Floats

EDGE = 1e-6
"""Probabilities are held this far from 0 and 1 before their logit is taken."""

PRIOR = 200.0
"""Curvature of the belief that the scores need no correction, about that of a thousand rows at a rate of a quarter.

The rows that calibrate are not the rows that get scored: they are earlier, and the same customers several times over.
"""


@dataclass(frozen=True)
class Sigmoid:
    """``p -> expit(intercept + slope * logit(p))``; intercept 0 and slope 1 change nothing."""

    intercept: float
    slope: float


def fit(p: Floats, y: Floats, level_trust: float = 1.0) -> Sigmoid:
    """The sigmoid under which the labels ``y`` are likeliest, held towards no change by ``PRIOR``.

    ``level_trust`` is the share of the level's shift (the sigmoid's move at the mean log odds) that is kept. A slope
    that would turn the order of the customers round is set to zero.

    >>> import numpy as np
    >>> fit(np.repeat([.2, .8], 5000), np.repeat([0., 1., 0., 1.], [4000, 1000, 1000, 4000])).slope.__round__(2)
    1.0
    """
    log_odds = logit(p)
    centre = float(log_odds.mean())
    level, slope = newton((log_odds - centre)[:, None], y, ridge=PRIOR, towards=np.array([centre, 1.0]))
    slope = max(float(slope), 0.0)
    return Sigmoid(centre + level_trust * (float(level) - centre) - slope * centre, slope)


def apply(sigmoid: Sigmoid, p: Floats) -> Floats:
    """Calibrated probabilities, in the same order as ``p``."""
    return np.asarray(expit(sigmoid.intercept + sigmoid.slope * logit(p)), dtype=np.float64)


def logit(p: Floats) -> Floats:
    """Log odds; ``p`` is held away from 0 and 1 so that they stay finite."""
    held = np.clip(p, EDGE, 1.0 - EDGE)
    return np.log(held) - np.log1p(-held)


def dump(sigmoid: Sigmoid | None) -> dict[str, float] | None:
    """Plain JSON values."""
    return None if sigmoid is None else {"intercept": sigmoid.intercept, "slope": sigmoid.slope}


def load(state: dict[str, float] | None) -> Sigmoid | None:
    """What ``dump`` wrote."""
    return None if state is None else Sigmoid(float(state["intercept"]), float(state["slope"]))
