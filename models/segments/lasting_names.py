"""Names that last: a segment that is still the same keeps its name until what that says has become wrong.

A name is derived from thresholds, and a median that moves a little may cross one. So a word stays true within a margin
on the other side of its threshold.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from models.segments.clusterers import NOISE, Labels
from models.segments.names import (
    AXES,
    CONTRASTS,
    MIN_CONTRAST,
    REMARKABLE,
    TRAITS,
    Typical,
    core_name,
    effects_of,
    read_by_names,
    segment_names,
    sentence_case,
    typical,
)

STANDING_MARGIN = 0.1
"""By how much a standing among all customers, between 0 and 1, may have moved past a threshold."""
RATIO_MARGIN = 1.25
"""By what factor a number of days or gaps may have."""
TRAIT_MARGIN = 0.3
"""By how many standard deviations a trait may have faded."""
PHRASES = {
    phrase: (column, sign) for column, both in CONTRASTS.items() for phrase, sign in zip(both, (1, -1), strict=True)
}
CONTRAST_OR_NUMBER = re.compile("|".join([*map(re.escape, sorted(PHRASES, key=len, reverse=True)), r"group \d+"]))


def lasting_names(X: pd.DataFrame, label: Labels, before: Mapping[int, str]) -> dict[int, str]:
    """A unique name for each label that occurs in ``label`` (n,): the one ``before`` where it is still true."""
    fresh = segment_names(X, label)
    if not before:
        return fresh
    X = read_by_names(X)
    effects = effects_of(X, label, [value for value in fresh if value != NOISE])
    kept = {value: name for value, name in before.items() if value in fresh and still_true(X, label, value, before)}
    names = dict(kept)
    for value, name in fresh.items():
        if value not in kept:
            names[value] = _unlike(name, value, names, effects)
    return names


def still_true(X: pd.DataFrame, label: Labels, value: int, before: Mapping[int, str]) -> bool:
    """Whether the segment with the label ``value`` may still be called as ``before``, by label, calls it."""
    name = before[value]
    core = max(
        (each for each in possible_cores(typical(X, X[label == value])) if _begins(name, each)), key=len, default=""
    )
    if not core:
        return False
    namesakes = [other for other, its in before.items() if other != value and _begins(its, core)]
    effects = effects_of(X, label, [value, *namesakes])
    own = _effects_of(effects, value)
    return _details_hold(name.removeprefix(core), own, effects.drop(index=value))


def possible_cores(found: Typical) -> set[str]:
    """Every core name, with its capital, that thresholds moved by the margins would give."""
    by = (-STANDING_MARGIN, 0.0, STANDING_MARGIN)
    factors = (1 / RATIO_MARGIN, 1.0, RATIO_MARGIN)
    names = set()
    for moved in product(by, repeat=len(AXES)):
        standings = {name: found.standings[name] + step for name, step in zip(AXES, moved, strict=True)}
        for tenure, gaps in product(factors, repeat=2):
            names.add(
                core_name(replace(found, standings=standings, tenure=found.tenure * tenure, gaps=found.gaps * gaps))
            )
    return {sentence_case(name) for name in names}


def _effects_of(effects: pd.DataFrame, value: int) -> dict[str, float]:
    """One segment's effects by column."""
    return dict(zip(map(str, effects.columns), effects.loc[[value]].to_numpy()[0].tolist(), strict=True))


def _begins(name: str, core: str) -> bool:
    return name == core or name.startswith((f"{core} ", f"{core},"))


def _details_hold(details: str, own: Mapping[str, float], namesakes: pd.DataFrame) -> bool:
    """Whether the trait and the contrasts behind a core name are true; in standard deviations from all customers."""
    trait, _, contrasts = details.strip().partition(",")
    column = next((column for column, phrase in TRAITS.items() if phrase == trait), None)
    if trait and not own.get(column or "", -np.inf) >= REMARKABLE - TRAIT_MARGIN:
        return False
    rest = CONTRAST_OR_NUMBER.sub("", contrasts).replace(" and ", "").strip(", ")
    said = [PHRASES[phrase] for phrase in CONTRAST_OR_NUMBER.findall(contrasts) if phrase in PHRASES]
    return not rest and all(_on_side(own, namesakes, column, sign) for column, sign in said)


def _on_side(own: Mapping[str, float], namesakes: pd.DataFrame, column: str, sign: int) -> bool:
    """Whether the segment is above (1) or below (-1) the mean of its namesakes; of all customers without any."""
    if column not in own:
        return False
    middle = float(namesakes[column].mean()) if len(namesakes) else 0.0
    return bool(sign * (own[column] - middle) > 0)


def _unlike(name: str, value: int, taken: Mapping[int, str], effects: pd.DataFrame) -> str:
    """The name, with a contrast or a number if another segment has it."""
    holder = next((other for other, its in taken.items() if its == name), None)
    if holder is None or holder == NOISE:
        return name
    own, its = (_effects_of(effects, each) for each in (value, holder))
    distances = {column: own[column] - its[column] for column in own}
    apart = dict(sorted(distances.items(), key=lambda item: -abs(item[1])))
    joint = " and" if "," in name else ","
    for column, distance in apart.items():
        other = f"{name}{joint} {CONTRASTS[column][0 if distance > 0 else 1]}"
        if abs(distance) >= MIN_CONTRAST and other not in taken.values():
            return other
    number = next(n for n in range(2, len(taken) + 3) if f"{name}, group {n}" not in taken.values())
    return f"{name}, group {number}"
