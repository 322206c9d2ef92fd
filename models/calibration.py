"""Calibration of probabilities: of customers scored 0.3, three in ten do it.

A correction has to prove itself, as parameters have: it is fitted to predictions at earlier cutoffs and judged a
horizon later. Many models need none, and one that is fitted to last season makes them worse.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

from models.logit import newton
from models.losses import log_loss
from models.sample import Floats

Correction = dict[str, Any]
"""As plain JSON. ``method`` none, level and sigmoid: ``p -> expit(intercept + slope * logit(p))``, where a slope of 1
and an intercept of 0 change nothing; isotonic: linear between the knots ``p`` and ``corrected``. Artifacts of 0.8 and
before have sigmoids without ``method``."""
NONE: Correction = {"method": "none", "intercept": 0.0, "slope": 1.0}

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

LEVEL_STEPS = 25


def sigmoid(p: Floats, y: Floats, level_trust: float = LEVEL_TRUST) -> Correction:
    """Platt's sigmoid on log odds: the one under which the labels are likeliest, shrunk towards no change by ``PRIOR``.

    ``level_trust`` is the share of the level's shift (how far the sigmoid moves the mean log odds) that is applied. A
    negative slope, which would reverse the order of the customers, is set to zero.

    >>> import numpy as np
    >>> sigmoid(np.repeat([.2, .8], 5000), np.repeat([0., 1., 0., 1.], [4000, 1000, 1000, 4000]))["slope"].__round__(2)
    1.0
    """
    log_odds = logit(p)
    centre = float(log_odds.mean())
    level, slope = newton((log_odds - centre)[:, None], y, ridge=PRIOR, towards=np.array([centre, 1.0]))
    slope = max(float(slope), 0.0)
    intercept = centre + level_trust * (float(level) - centre) - slope * centre
    return {"method": "sigmoid", "intercept": intercept, "slope": slope}


def level(p: Floats, y: Floats) -> Correction:
    """The same log odds added to all, ``LEVEL_TRUST`` of what brings their mean to that of the labels."""
    log_odds, shift = logit(p), 0.0
    for _ in range(LEVEL_STEPS):
        shifted = expit(log_odds + shift)
        shift += float(np.clip((y - shifted).sum() / max((shifted * (1.0 - shifted)).sum(), 1e-9), -2.0, 2.0))
    return {"method": "level", "intercept": LEVEL_TRUST * shift, "slope": 1.0}


def isotonic(p: Floats, y: Floats) -> Correction:
    """The never decreasing function of p that is nearest to the labels (Zadrozny & Elkan 2002)."""
    from sklearn.isotonic import IsotonicRegression  # only for fitting: the import takes seconds

    fitted = IsotonicRegression(out_of_bounds="clip", y_min=1.0 / len(y), y_max=1.0 - 1.0 / len(y)).fit(p, y)
    return {"method": "isotonic", "p": fitted.X_thresholds_.tolist(), "corrected": fitted.y_thresholds_.tolist()}


METHODS: dict[str, Callable[[Floats, Floats], Correction]] = {"level": level, "sigmoid": sigmoid, "isotonic": isotonic}
"""Those that change something, the simplest first."""


def proven(p: Floats, y: Floats, as_of: Floats, horizon_days: float, enough: Callable[[Floats], bool]) -> Correction:
    """The correction that proved itself out of time, fitted to all rows; ``NONE`` if none did.

    At each cutoff, every method is fitted to the cutoffs whose labels were complete by then, if they are ``enough``.
    One is taken in place of a simpler one if its log-loss is lower at every cutoff and, on average, by more than a
    standard error.
    """
    losses = _losses_later(p, y, as_of, horizon_days, enough)
    taken = "none"
    for name in METHODS:
        if losses[name] and _better(losses[taken], losses[name]):
            taken = name
    return NONE if taken == "none" else METHODS[taken](p, y)


def _losses_later(
    p: Floats, y: Floats, as_of: Floats, horizon_days: float, enough: Callable[[Floats], bool]
) -> dict[str, list[Floats]]:
    """By method, the losses at each cutoff that a horizon of cutoffs came before."""
    found: dict[str, list[Floats]] = {name: [] for name in ("none", *METHODS)}
    for cutoff in np.unique(as_of):
        before, at = as_of + horizon_days <= cutoff, as_of == cutoff
        if not enough(y[before]):
            continue
        found["none"].append(log_loss(y[at], p[at]))
        for name, fit in METHODS.items():
            found[name].append(log_loss(y[at], apply(fit(p[before], y[before]), p[at])))
    return found


def _better(simpler: list[Floats], other: list[Floats]) -> bool:
    gains = [one - two for one, two in zip(simpler, other, strict=True)]
    each = np.concatenate(gains)
    return all(gain.mean() > 0 for gain in gains) and bool(each.mean() > each.std() / np.sqrt(len(each)))


def apply(correction: Correction | None, p: Floats) -> Floats:
    """Corrected probabilities, in the same order as ``p``; without a correction ``p`` itself."""
    if correction is None or correction.get("method") == "none":
        return p
    if correction.get("method") == "isotonic":
        return np.asarray(np.interp(p, correction["p"], correction["corrected"]), dtype=np.float64)
    return np.asarray(expit(correction["intercept"] + correction["slope"] * logit(p)), dtype=np.float64)


def logit(p: Floats) -> Floats:
    """Log odds; ``p`` is clipped away from 0 and 1 so that they stay finite."""
    inside = np.clip(p, EDGE, 1.0 - EDGE)
    return np.log(inside) - np.log1p(-inside)
