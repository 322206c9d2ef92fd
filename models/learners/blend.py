"""A blend: trees on all features, plain trees on the 22 columns of ``plain``, a regression on three, and BG/NBD.

They err in different places: trees find what a formula misses, and few columns vary less from one sample to the next.
The mean of their scores (log odds of an event in each interval, logarithms of amounts) beats each of them (Bates &
Granger 1969), and stays a sum of columns. The first trees, which are tuned, weigh as much as all others together; no
weight is fitted. Without orders, a regression on all features is the other half.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from models.calibration import logit
from models.curves import from_hazards, hazards_of
from models.learners import Contributions, Learner, Params, _trees, bgnbd, hazard, lightgbm, linear, logistic, plain
from models.params import Trial
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample, floats

TARGETS = ("binary", "amount", "curve")
DEFAULTS: Params = _trees.DEFAULTS
FILE = "blend.json"

MEMBERS: dict[str, dict[str, Any]] = {
    "binary": {"lightgbm": lightgbm, "plain": plain, "logistic": logistic, "bgnbd": bgnbd},
    "curve": {"hazard": hazard, "plain": plain, "logistic": logistic, "bgnbd": bgnbd},
    "amount": {"lightgbm": lightgbm, "plain": plain, "bgnbd": bgnbd},
}
"""By target, the first of them tuned. One that needs a column which the study excludes, or that does not know the
question's outcome, is left out."""
INSTEAD: dict[str, dict[str, Any]] = {"binary": {"linear": linear}, "curve": {"linear": linear}, "amount": {}}
"""Where all of the others are left out."""
WHOLE = "bgnbd"
"""The member whose score is no sum of columns: what it adds counts for one of them."""
COUNTS_FOR = "purchase_recency_days"
LEAST_AMOUNT = 1e-9


@dataclass(frozen=True)
class Blend:
    """Fitted ``members`` by name, for a kind of answer. ``shift`` is added to every score, so that amounts have the
    total of the tuned trees; ``centre`` is the mean score of BG/NBD."""

    target: str
    members: Mapping[str, Any]
    shift: float = 0.0
    centre: float = 0.0


def space(trial: Trial) -> Params:
    """That of the trees on all features."""
    return _trees.space(trial)


def fit(sample: Sample, params: Params, seed: int) -> Blend:
    """Every member on the columns that it reads; those without parameters are fitted once a sample."""
    target = sample.question.target
    (first, trees), *others = MEMBERS[target].items()
    members = {first: trees.fit(sample, params, seed)}
    for name, module in others:
        if set(module.READS) <= set(sample.names) and _knows(module, sample):
            members[name] = sample.once(("member", name, seed), partial(_fitted, module, sample, seed))
    if len(members) == 1:
        members |= {
            name: sample.once(("member", name, seed), partial(module.fit, sample, module.DEFAULTS, seed))
            for name, module in INSTEAD[target].items()
        }
    return _levelled(Blend(target, members), sample)


def _knows(module: Learner, sample: Sample) -> bool:
    outcomes = getattr(module, "OUTCOMES", ())
    return not outcomes or sample.question.outcome in outcomes


def _fitted(module: Any, sample: Sample, seed: int) -> Any:
    own = replace(sample, table=floats(sample.table, module.READS))
    return module.fit(own, getattr(module, "DEFAULTS", {}), seed)


def _levelled(model: Blend, sample: Sample) -> Blend:
    """With the total of the tuned trees among the customers of the newest cutoff, and BG/NBD's mean score there."""
    newest: Sample = sample.once("newest", lambda: sample.where(sample.as_of == sample.as_of.max()))
    centre = 0.0
    if WHOLE in model.members:
        centre = sample.once("centre", lambda: float(_member_score(model, WHOLE, newest.X).mean()))
    if model.target != "amount":
        return replace(model, centre=centre)
    trees = _modules(model.target)[next(iter(model.members))].predict(next(iter(model.members.values())), newest.X)
    shift = float(np.log(trees.sum() / np.exp(_score(model, newest.X)).sum()))
    return replace(model, shift=shift, centre=centre)


def _modules(target: str) -> dict[str, Any]:
    return {**MEMBERS[target], **INSTEAD[target]}


def predict(model: Blend, X: pd.DataFrame) -> Floats:
    """(n,) P(y = 1) or expected amounts, (n, K) P(event within each horizon), at the weighted mean of the scores."""
    score = _score(model, X)
    if model.target == "amount":
        return np.exp(score)
    p = np.asarray(expit(score), dtype=np.float64)
    return p if model.target == "binary" else from_hazards(p)


def _score(model: Blend, X: pd.DataFrame) -> Floats:
    """Half the first and half the mean of the others; one after the other, so that a row's bits do not depend on other
    rows."""
    (first, weight), *others = _weights(model).items()
    total = model.shift + weight * _member_score(model, first, X)
    for name, own in others:
        total = total + own * _member_score(model, name, X)
    return total


def _weights(model: Blend) -> dict[str, float]:
    first, *others = model.members
    if not others:
        return {first: 1.0}
    return {first: 0.5, **dict.fromkeys(others, 0.5 / len(others))}


def _member_score(model: Blend, name: str, X: pd.DataFrame) -> Floats:
    """(n,) log odds or logarithms of amounts, (n, K) log odds of an event in each interval, given none before."""
    raw: Floats = _modules(model.target)[name].predict(model.members[name], X)
    if model.target == "amount":
        return np.asarray(np.log(np.maximum(raw, LEAST_AMOUNT)), dtype=np.float64)
    return logit(raw if model.target == "binary" else hazards_of(raw))


def contributions(model: Blend, X: pd.DataFrame) -> Contributions:
    """The weighted contributions of the members; what BG/NBD's score differs from its mean by counts for recency."""
    added: dict[str, Floats] = {}
    base = np.full(len(X), model.shift)
    for name, weight in _weights(model).items():
        names, each = _member_contributions(model, name, X)
        base = base + weight * each[:, -1]
        for place, column in enumerate(names):
            so_far = added.get(column)
            added[column] = weight * each[:, place] if so_far is None else so_far + weight * each[:, place]
    return tuple(added), np.column_stack([*added.values(), base])


def _member_contributions(model: Blend, name: str, X: pd.DataFrame) -> Contributions:
    if name != WHOLE:
        found: Contributions = _modules(model.target)[name].contributions(model.members[name], X)
        return found
    score = _member_score(model, name, X)
    mean = score if score.ndim == 1 else score.mean(axis=1)
    return (COUNTS_FOR,), np.column_stack([mean - model.centre, np.full(len(X), model.centre)])


def importance(model: Blend) -> dict[str, float]:
    """That of the trees on all features."""
    first = next(iter(MEMBERS[model.target]))
    found: dict[str, float] = MEMBERS[model.target][first].importance(model.members[first])
    return found


def dump(model: Blend) -> dict[str, bytes]:
    """The members' files, with their names before them, and which members there are."""
    modules = _modules(model.target)
    files = {
        f"{name}.{file}": content
        for name, member in model.members.items()
        for file, content in modules[name].dump(member).items()
    }
    about = {"target": model.target, "members": list(model.members), "shift": model.shift, "centre": model.centre}
    return {FILE: json_bytes(about), **files}


def load(files: Mapping[str, bytes]) -> Blend:
    """What ``dump`` wrote."""
    about = json_from(files, FILE)
    modules = _modules(about["target"])
    members = {name: modules[name].load(_own(files, name)) for name in about["members"]}
    return Blend(about["target"], members, float(about["shift"]), float(about["centre"]))


def _own(files: Mapping[str, bytes], member: str) -> dict[str, bytes]:
    prefix = f"{member}."
    return {name.removeprefix(prefix): content for name, content in files.items() if name.startswith(prefix)}
