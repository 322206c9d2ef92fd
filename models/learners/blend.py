"""A blend: trees on all features, plain trees on the 22 columns of ``plain``, a regression on three, and BG/NBD.

They err in different places: trees find what a formula misses, and few columns vary less from one sample to the next.
The mean of their log odds beats each of them (Bates & Granger 1969). The first trees, which are tuned, weigh as much as
all others together; weights fitted to so few customers would cost more than they bring. Without orders, a regression on
all features is the other half.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from models.calibration import logit
from models.learners import Learner, Params, _trees, bgnbd, hazard, lightgbm, linear, logistic, plain
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
INSTEAD = {"binary": {"linear": linear}, "curve": {"linear": linear}, "amount": {}}
"""Where all of the others are left out."""


@dataclass(frozen=True)
class Blend:
    """Fitted ``members`` by name, for a kind of answer; ``levels`` by name scale members that did not learn from the
    labels."""

    target: str
    members: Mapping[str, Any]
    levels: Mapping[str, float]


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
    derived = [name for name in members if target == "amount" and MEMBERS[target][name] is bgnbd]
    levels = {name: sample.once(("level", name), partial(_level, members[name], sample)) for name in derived}
    return Blend(target, members, levels)


def _level(member: Any, sample: Sample) -> float:
    """Mean label over the mean that BG/NBD expects, of the newest cutoff."""
    newest = sample.where(sample.as_of == sample.as_of.max())
    return float(newest.y.mean() / bgnbd.predict(member, newest.X).mean())


def _modules(target: str) -> dict[str, Any]:
    return {**MEMBERS[target], **INSTEAD[target]}


def _knows(module: Learner, sample: Sample) -> bool:
    outcomes = getattr(module, "OUTCOMES", ())
    return not outcomes or sample.question.outcome in outcomes


def _fitted(module: Any, sample: Sample, seed: int) -> Any:
    own = replace(sample, table=floats(sample.table, module.READS))
    return module.fit(own, getattr(module, "DEFAULTS", {}), seed)


def predict(model: Blend, X: pd.DataFrame) -> Floats:
    """The weighted mean of the members' expected amounts (n,), or the probability at that of their log odds, (n,) or
    (n, K)."""
    modules = _modules(model.target)
    each = [modules[name].predict(member, X) for name, member in model.members.items()]
    if model.target == "amount":
        return _mean([values * model.levels.get(name, 1.0) for name, values in zip(model.members, each, strict=True)])
    found = np.asarray(expit(_mean([logit(p) for p in each])), dtype=np.float64)
    return found if model.target == "binary" else np.asarray(np.maximum.accumulate(found, axis=1), dtype=np.float64)


def _mean(each: list[Floats]) -> Floats:
    """Half the first and half the mean of the others; one after the other, so that a row's bits do not depend on other
    rows."""
    first, *others = each
    if not others:
        return first
    total = others[0]
    for values in others[1:]:
        total = total + values
    return (first + total / len(others)) / 2.0


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
    return {
        FILE: json_bytes({"target": model.target, "members": list(model.members), "levels": dict(model.levels)}),
        **files,
    }


def load(files: Mapping[str, bytes]) -> Blend:
    """What ``dump`` wrote."""
    about = json_from(files, FILE)
    modules = _modules(about["target"])
    members = {name: modules[name].load(_own(files, name)) for name in about["members"]}
    return Blend(about["target"], members, about["levels"])


def _own(files: Mapping[str, bytes], member: str) -> dict[str, bytes]:
    prefix = f"{member}."
    return {name.removeprefix(prefix): content for name, content in files.items() if name.startswith(prefix)}
