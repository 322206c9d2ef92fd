"""A logistic regression on all features, each on the scale of normal scores, with a strong ridge penalty.

Where rows are few, or features are attributes rather than behaviour, it is as good as trees and errs elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from models.learners import Contributions, Params, _trees
from models.learners._logits import (
    Hazards,
    apply_logits,
    contributions_of,
    dump_logits,
    fit_logits,
    importance_of,
    load_logits,
)
from models.logit import Logit
from models.params import Trial
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample, column

TARGETS = ("binary", "curve")
DEFAULTS: Params = {"ridge": 30.0}
KNOTS = 50
FEWEST_KNOWN = 0.02
"""Share of customers below which known values, or nulls, have no weight of their own."""
EDGE = 2.5
"""Normal scores are cut off here: the largest spender is not ten times as far out as the next."""


@dataclass(frozen=True)
class Scale:
    """A feature's values (k,), ascending, and their normal scores (k,); ``nulls`` if nulls have a weight too."""

    name: str
    values: tuple[float, ...]
    scores: tuple[float, ...]
    nulls: bool


@dataclass(frozen=True)
class Linear:
    """The regression of what ``scales`` make of the features."""

    scales: tuple[Scale, ...]
    logits: Logit | Hazards


def space(trial: Trial) -> Params:
    """Strength of the ridge penalty."""
    return {"ridge": trial.suggest_float("ridge", 3.0, 3000.0, log=True)}


def fit(sample: Sample, params: Params, seed: int) -> Linear:  # noqa: ARG001 - nothing random
    """Scales and weights, from the features that differ between customers."""
    made = sample.once(("normal scores",), lambda: _made(sample))
    scales, columns = made
    return Linear(scales, fit_logits(sample, columns, float(params["ridge"])))


def _made(sample: Sample) -> tuple[tuple[Scale, ...], list[Floats]]:
    scales = tuple(
        scale for name in _trees.usable(sample) if (scale := scale_of(name, sample.column(name))) is not None
    )
    return scales, [made for scale in scales for made in _columns(scale, sample.column(scale.name))]


def scale_of(name: str, values: Floats) -> Scale | None:
    """Normal scores at up to ``KNOTS`` quantiles of the known values; None for a feature that hardly varies."""
    null = np.isnan(values)
    known = np.sort(values[~null])
    if len(known) < max(2.0, FEWEST_KNOWN * len(values)) or known[0] == known[-1]:
        return None
    at = np.unique(np.quantile(known, np.linspace(0.0, 1.0, KNOTS), method="nearest"))
    ranks = (np.searchsorted(known, at, "left") + np.searchsorted(known, at, "right")) / 2.0
    scores = np.clip(ndtri(ranks / len(known)), -EDGE, EDGE)
    return Scale(name, tuple(map(float, at)), tuple(map(float, scores)), bool(null.mean() >= FEWEST_KNOWN))


def _columns(scale: Scale, values: Floats) -> list[Floats]:
    """Scores, null as the middle; and 1.0 for a null, if nulls have a weight."""
    null = np.isnan(values)
    scores = np.interp(np.where(null, 0.0, values), scale.values, scale.scores)
    found = [np.where(null, 0.0, scores)]
    return [*found, null.astype(np.float64)] if scale.nulls else found


def predict(model: Linear, X: pd.DataFrame) -> Floats:
    """(n,) P(y = 1), or (n, K) for a curve."""
    columns = [made for scale in model.scales for made in _columns(scale, column(X, scale.name))]
    return apply_logits(model.logits, columns)


def contributions(model: Linear, X: pd.DataFrame) -> Contributions:
    """Weight times distance from the training mean, in log odds; a feature's score and its null count together."""
    columns = [made for scale in model.scales for made in _columns(scale, column(X, scale.name))]
    terms = contributions_of(model.logits, columns)
    found, place = [], 0
    for scale in model.scales:
        found.append(terms[:, place] + terms[:, place + 1] if scale.nulls else terms[:, place])
        place += 1 + scale.nulls
    return tuple(scale.name for scale in model.scales), np.column_stack([*found, terms[:, -1]])


def importance(model: Linear) -> dict[str, float]:
    """Absolute standardised weights; those of a feature and of its nulls together."""
    owners = [scale.name for scale in model.scales for _ in range(1 + scale.nulls)]
    weights = importance_of(model.logits, [str(place) for place in range(len(owners))])
    found: dict[str, float] = {}
    for name, weight in zip(owners, weights.values(), strict=True):
        found[name] = found.get(name, 0.0) + weight
    return found


def dump(model: Linear) -> dict[str, bytes]:
    """Scales and weights, a JSON file each."""
    scales = [
        {"name": each.name, "values": list(each.values), "scores": list(each.scores), "nulls": each.nulls}
        for each in model.scales
    ]
    return {"linear.json": dump_logits(model.logits), "scales.json": json_bytes({"scales": scales})}


def load(files: Mapping[str, bytes]) -> Linear:
    """What ``dump`` wrote."""
    scales = json_from(files, "scales.json")["scales"]
    made = (Scale(each["name"], tuple(each["values"]), tuple(each["scores"]), each["nulls"]) for each in scales)
    return Linear(tuple(made), load_logits(files, "linear.json"))
