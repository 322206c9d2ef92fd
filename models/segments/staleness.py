"""Whether segments still fit the customers, or a refit is due.

Told by the population stability index (Siddiqi 2006, section 8) of the segments' sizes, and by how well today's
customers lie in their segments, beside those of the fit. Features that have moved are named; they alone are no reason,
because a shop that grows moves them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.segments import preprocessing
from models.segments.clusterers import Floats, Labels
from models.segments.distances import Distances
from models.segments.preprocessing import raw_column
from models.segments.segmenter import Segmenter, assign_labels

MOVED = 0.25
"""Population stability index from which a population is another one; below 0.1 it is the same."""
WORSE = 0.75
"""Silhouette beside that of the fit, below which the segments do not separate today's customers any more."""
LEAST_SHARE = 1e-4
SAMPLE = 5_000
NAN = float("nan")


@dataclass(frozen=True)
class Staleness:
    """``due``: a refit is, for the ``reason``.

    ``stability_index`` is that of the segments' sizes, ``feature_index`` the largest one of a feature, ``feature`` its
    name; ``silhouette`` is today's, ``silhouette_of_fit`` that of the fit.
    """

    due: bool
    reason: str
    stability_index: float
    feature: str
    feature_index: float
    silhouette: float
    silhouette_of_fit: float


def staleness(model: Segmenter, X: pd.DataFrame) -> Staleness:
    """How well the segments fit the customers ``X`` (all features of the model) beside those they were described by.

    The fit's figures are ``model.reference``; an artifact of before 0.8 has none, and a refit is due.
    """
    if not model.reference:
        return Staleness(True, "the model does not know the customers of its fit", NAN, "", NAN, NAN, NAN)
    label, _ = assign_labels(model, X)
    sizes = index(shares_of(label, model), [each.share for each in model.catalogue])
    moved = {
        name: index(class_shares(raw_column(X, name), edges), shares)
        for name, (edges, shares) in model.reference["tenths"].items()
    }
    feature = max(moved, key=lambda name: moved[name], default="")
    now, then = silhouette(model, X, label), float(model.reference["silhouette"])
    due, reason = _judged(sizes, now, then)
    return Staleness(due, reason, sizes, feature, moved.get(feature, NAN), now, then)


def _judged(sizes: float, now: float, then: float) -> tuple[bool, str]:
    if sizes >= MOVED:
        return True, f"the segments' sizes have moved, stability index {sizes:.2f} (from {MOVED} on they have)"
    if now < WORSE * then:
        return True, f"the segments separate customers less, silhouette {now:.3f} where it was {then:.3f}"
    return False, f"the segments still fit, stability index {sizes:.2f}, silhouette {now:.3f} where it was {then:.3f}"


def reference(model: Segmenter, X: pd.DataFrame) -> dict[str, Any]:
    """What :func:`staleness` compares with, of the customers X that the segments are described by."""
    label, _ = assign_labels(model, X)
    return {
        "silhouette": silhouette(model, X, label),
        "tenths": {name: list(classes(raw_column(X, name))) for name in model.preprocessing.features},
    }


def silhouette(model: Segmenter, X: pd.DataFrame, label: Labels) -> float:
    """Mean silhouette of some customers, in [-1, 1]."""
    chosen = np.sort(np.random.default_rng(model.seed).permutation(len(X))[:SAMPLE])
    some = pd.DataFrame({name: raw_column(X, name)[chosen] for name in model.preprocessing.features})
    distances = Distances.of(preprocessing.transform(model.preprocessing, some), model.seed, SAMPLE)
    return float(distances.silhouettes(label[chosen]).mean())


def shares_of(label: Labels, model: Segmenter) -> list[float]:
    """Share of the customers in each segment of the catalogue."""
    return [float((label == each.label).mean()) for each in model.catalogue]


def classes(values: Floats) -> tuple[list[float], list[float]]:
    """The different ones of the nine inner tenths of the known values, and the share of the values between them."""
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.arange(1, 10) / 10)).tolist() if len(known) else []
    return edges, class_shares(values, edges)


def class_shares(values: Floats, edges: Sequence[float]) -> list[float]:
    """Share of the values in each class between the edges; nulls are a class of their own."""
    group = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
    counts = np.bincount(group.astype(np.int64), minlength=len(edges) + 2)
    return [float(count) / max(len(values), 1) for count in counts]


def index(now: Sequence[float], then: Sequence[float]) -> float:
    """The population stability index of shares; 0 where nothing moved.

    >>> round(index([0.5, 0.5], [0.5, 0.5]), 3), round(index([0.7, 0.3], [0.5, 0.5]), 3)
    (0.0, 0.169)
    """
    one, other = (np.maximum(np.asarray(each, dtype=np.float64), LEAST_SHARE) for each in (now, then))
    return float(((one - other) * np.log(one / other)).sum())
