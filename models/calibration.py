"""Calibration of probabilities by Platt's sigmoid on the logit scale: of customers scored 0.3, three in ten do it."""

import numpy as np
from scipy.special import expit

from models.logit import newton
from models.sample import Floats

Sigmoid = dict[str, float]
"""``p -> expit(intercept + slope * logit(p))`` as plain JSON; intercept 0 and slope 1 change nothing."""

EDGE = 1e-6
"""Probabilities are clipped this far from 0 and 1 before their logit is taken."""

LEVEL_TRUST = 0.5
"""Share of the level's shift that a calibration applies. Part of the newest base rate's distance from that of all
history is seasonal and will pass."""

PRIOR = 200.0
"""Strength of the prior that the scores need no correction, about that of a thousand rows at a base rate of a quarter.

It is this strong because the calibration rows are older than the rows to be scored, and because they contain the same
customers several times.
"""


def fit(p: Floats, y: Floats, level_trust: float = 1.0) -> Sigmoid:
    """The sigmoid under which the labels ``y`` are likeliest, shrunk towards no change by ``PRIOR``.

    ``level_trust`` is the share of the level's shift (how far the sigmoid moves the mean log odds) that is applied. A
    negative slope, which would reverse the order of the customers, is set to zero.

    >>> import numpy as np
    >>> fit(np.repeat([.2, .8], 5000), np.repeat([0., 1., 0., 1.], [4000, 1000, 1000, 4000]))["slope"].__round__(2)
    1.0
    """
    log_odds = logit(p)
    centre = float(log_odds.mean())
    level, slope = newton((log_odds - centre)[:, None], y, ridge=PRIOR, towards=np.array([centre, 1.0]))
    slope = max(float(slope), 0.0)
    return {"intercept": centre + level_trust * (float(level) - centre) - slope * centre, "slope": slope}


def apply(sigmoid: Sigmoid | None, p: Floats) -> Floats:
    """Calibrated probabilities, in the same order as ``p``; without a sigmoid ``p`` itself."""
    if sigmoid is None:
        return p
    return np.asarray(expit(sigmoid["intercept"] + sigmoid["slope"] * logit(p)), dtype=np.float64)


def logit(p: Floats) -> Floats:
    """Log odds; ``p`` is clipped away from 0 and 1 so that they stay finite."""
    inside = np.clip(p, EDGE, 1.0 - EDGE)
    return np.log(inside) - np.log1p(-inside)
