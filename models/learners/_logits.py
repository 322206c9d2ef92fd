"""Shared by the logistic baselines: one regression for a probability, one per interval between horizons for a curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.curves import at_risk, from_hazards
from models.logit import Logit, apply_logit, fit_logit, logit_terms
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample


@dataclass(frozen=True)
class Hazards:
    """One regression per interval between horizons, of P(event in it), given no event before it."""

    intervals: tuple[Logit, ...]


def fit_logits(sample: Sample, columns: list[Floats], ridge: float) -> Logit | Hazards:
    """A regression of the labels; for a curve, one per interval, fitted to the rows at risk in it."""
    if sample.question.target != "curve":
        return fit_logit(columns, sample.y, ridge)
    risks = at_risk(sample.y, sample.question.horizons)
    return Hazards(tuple(fit_logit([values[rows] for values in columns], events, ridge) for rows, events in risks))


def apply_logits(model: Logit | Hazards, columns: list[Floats]) -> Floats:
    """(n,) P(y = 1), or (n, K) P(event within each horizon)."""
    if isinstance(model, Logit):
        return apply_logit(model, columns)
    return from_hazards(np.column_stack([apply_logit(each, columns) for each in model.intervals]))


def contributions_of(model: Logit | Hazards, columns: list[Floats]) -> Floats:
    """(n, columns + 1) what each column adds to the log odds, last the intercept; for a curve, means over intervals."""
    each = (model,) if isinstance(model, Logit) else model.intervals
    found = [logit_terms(logit, columns) for logit in each]
    return np.asarray(sum(found[1:], found[0]) / len(found), dtype=np.float64)


def importance_of(model: Logit | Hazards, names: Sequence[str]) -> dict[str, float]:
    """Absolute standardised weights; for a curve, their mean over the intervals."""
    each = (model,) if isinstance(model, Logit) else model.intervals
    weights = np.abs([logit.weights for logit in each]).mean(axis=0)
    return {name: float(weight) for name, weight in zip(names, weights, strict=True)}


def dump_logits(model: Logit | Hazards) -> bytes:
    """As JSON."""
    if isinstance(model, Logit):
        return json_bytes(model.state())
    return json_bytes({"intervals": [each.state() for each in model.intervals]})


def load_logits(files: Mapping[str, bytes], name: str) -> Logit | Hazards:
    """What ``dump_logits`` wrote."""
    state = json_from(files, name)
    if "intervals" not in state:
        return Logit.of(state)
    return Hazards(tuple(Logit.of(each) for each in state["intervals"]))
