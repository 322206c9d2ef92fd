"""Coarse groups above the segments: those that are nearest to each other have a parent in common.

Segments are merged by Ward's criterion (1963), two by two, whichever costs the least; the groups are those before the
merge that costs the most beside the one before it. Every segment has exactly one parent; customers in no segment have
none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.errors import BadArtifact
from models.segments import identity
from models.segments.catalogue import Catalogue, describe, medians_of
from models.segments.clusterers import NOISE, Floats, Labels
from models.segments.identity import Before
from models.segments.lasting_names import lasting_names

FEWEST, MOST = 2, 4
PREFIX = "g"


@dataclass(frozen=True)
class Group:
    """A coarse group; ``segments`` are the ids of those below it. Shares are in [0, 1], of all customers."""

    id: str
    label: int
    name: str
    description: str
    segments: tuple[str, ...]
    size: int
    share: float
    revenue_share: float | None


Groups = tuple[Group, ...]


def groups(
    X: pd.DataFrame,
    means: Mapping[int, Floats],
    label: Labels,
    catalogue: Catalogue,
    currency: str = "",
    before: Before | None = None,
) -> Groups:
    """The groups of the catalogue's segments, by descending revenue; none for fewer than three segments with customers.

    ``label`` (n,) are the segments' labels of the customers ``X``, ``means`` the mean of each one's preprocessed
    features. Groups that are the same as ``before`` keep their ids, and their names as long as these are true.
    """
    there = [each for each in catalogue if each.label != NOISE and each.size]
    if len(there) <= FEWEST:
        return ()
    of = merged(np.array([means[each.label] for each in there]), np.array([float(each.size) for each in there]))
    number = {each.label: int(group) for each, group in zip(there, of, strict=True)}
    coarse = coarse_labels(label, number)
    found = sorted(set(number.values()))
    kept = {} if before is None else identity.kept_ids(before, coarse, found)
    called = {} if before is None else {each.id: each.name for each in before.catalogue}
    names = lasting_names(X, coarse, {value: called[id_] for value, id_ in kept.items()})
    medians = medians_of(X, coarse, found)
    members = {value: [each for each in there if number[each.label] == value] for value in found}
    revenue = {value: sum(each.revenue_share or 0.0 for each in members[value]) for value in found}
    sizes = {value: sum(each.size for each in members[value]) for value in found}
    order = sorted(found, key=lambda value: (-revenue[value], -sizes[value], value))
    ids = identity.new_ids(before, kept, order, PREFIX)
    return tuple(
        Group(
            id=ids[value],
            label=value,
            name=names[value],
            description=describe(medians[value], currency),
            segments=tuple(each.id for each in members[value]),
            size=sizes[value],
            share=sizes[value] / len(label),
            revenue_share=revenue[value] if members[value][0].revenue_share is not None else None,
        )
        for value in order
    )


def coarse_labels(label: Labels, number: Mapping[int, int]) -> Labels:
    """The group's number for each segment's label (n,); noise stays noise."""
    found = np.full(len(label), NOISE, dtype=np.int64)
    for value, group in number.items():
        found[label == value] = group
    return found


def merged(means: Floats, sizes: Floats) -> Labels:
    """The group, from 0, of each of some segments, by their ``means`` (segments, features) and ``sizes`` (segments,).

    >>> merged(np.array([[0.0], [0.2], [5.0], [5.3], [9.0]]), np.ones(5)).tolist()
    [0, 0, 1, 1, 2]
    """
    group = np.arange(len(means))
    steps: list[tuple[float, Labels]] = []
    means, sizes = means.copy(), sizes.copy()
    while len(set(group.tolist())) > 1:
        cost, one, other = _cheapest(means, sizes, sorted(set(group.tolist())))
        steps.append((cost, group.copy()))
        means[one] = (sizes[one] * means[one] + sizes[other] * means[other]) / (sizes[one] + sizes[other])
        sizes[one] += sizes[other]
        group[group == other] = one
    costs = [cost for cost, _ in steps]
    # steps[i] begins with len(means) - i groups; the merge before it had cost costs[i - 1].
    wanted = [i for i in range(1, len(steps)) if FEWEST <= len(means) - i <= MOST]
    best = max(wanted, key=lambda i: costs[i] / max(costs[i - 1], 1e-12), default=len(steps) - 1)
    return np.unique(steps[best][1], return_inverse=True)[1].astype(np.int64)


def _cheapest(means: Floats, sizes: Floats, alive: Sequence[int]) -> tuple[float, int, int]:
    """What the cheapest merge costs in Ward's criterion, and the two that it merges."""
    return min(
        (sizes[i] * sizes[j] / (sizes[i] + sizes[j]) * float(((means[i] - means[j]) ** 2).sum()), i, j)
        for place, i in enumerate(alive)
        for j in alive[place + 1 :]
    )


def parents(found: Groups) -> dict[str, Group]:
    """The group of each segment, by the segment's id."""
    return {segment: group for group in found for segment in group.segments}


def to_json(found: Groups) -> list[dict[str, Any]]:
    """One plain dictionary per group, as stored and as served."""
    return [{**asdict(group), "segments": list(group.segments)} for group in found]


def from_json(entries: object) -> Groups:
    """The groups from :func:`to_json`; BadArtifact if an entry is incomplete."""
    try:
        return tuple(Group(**{**entry, "segments": tuple(entry["segments"])}) for entry in entries)  # type: ignore[attr-defined]
    except (TypeError, KeyError) as error:
        raise BadArtifact(f"the groups of segments have an invalid entry ({error}): train the model again") from error
