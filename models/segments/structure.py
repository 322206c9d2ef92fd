"""Is there more than one cloud, and how many groups? Separation beside that of customers without groups.

Silhouette alone proves nothing: one cloud with the same marginals and rank correlations often scores as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from features.errors import BadInput
from models.segments import nulls
from models.segments.clusterers import Floats, clusterer
from models.segments.distances import Distances, drawn
from models.segments.segmenter import Prepared, Segmenter, fit_clusters, labels_of, prepare_like
from models.segments.shared import once

TEST_CUSTOMERS = 4_000  # customers that are clustered again and again in the test of structure
TEST_SILHOUETTES = 2_000
LEAST_SPREAD = 0.01  # of silhouettes between draws: where clouds hardly differ, a tiny difference is no structure
CLEARLY = 0.02
"""Gap by which another number of groups must be better, at the lower end of its interval, to be called so."""
ONE_SIDED = 1.645  # standard errors of a 95 % bound
NAN = float("nan")


@dataclass(frozen=True)
class Structure:
    """Mean silhouettes of a clustering and of the same clustering of customers without groups, and their difference.

    ``low`` is the part of the gap beyond chance: what remains after subtracting the most that any draw without groups
    reaches, at whatever number of groups it does best. Above 0, the 19 draws show structure at the 5 % level.
    """

    silhouette: float
    null: float
    gap: float
    low: float


@dataclass(frozen=True)
class Better:
    """A number of groups ``k`` that separates customers better than the one chosen: by how much its gap is larger, and
    the lower end of that, one-sided at 95 %. All nan where none is clearly better."""

    k: float = NAN
    by: float = NAN
    low: float = NAN


def structure(
    customers: Prepared, segmenter: Segmenter, seed: int, draws: int = nulls.DRAWS, memory: Path | None = None
) -> Structure:
    """Is the separation more than that of one cloud? At most ``TEST_CUSTOMERS`` are clustered, real and null alike.

    Each draw is compared with the others, at every number of groups, in standard deviations between the others; its
    largest surplus is what searching among the numbers finds where there is nothing. It takes 3 draws or more.
    ``memory`` is a folder in which fits share the null's work.
    """
    some = _some(customers, seed)
    numbers = clusterer(segmenter.clusterer).numbers(segmenter.params)
    real = max(0.0, silhouettes_of(some, segmenter, segmenter.params, seed, memory).mean())
    null = _null(some, segmenter, numbers, seed, draws, memory)
    own = null[:, _place(numbers, segmenter)]
    mean, spread = float(own.mean()), max(float(own.std(ddof=1)), LEAST_SPREAD)
    return Structure(real, mean, real - mean, real - (mean + spread * _largest_surplus(null)))


def better_number(
    customers: Prepared,
    segmenter: Segmenter,
    limits: tuple[int, int],
    seed: int,
    draws: int = nulls.DRAWS,
    memory: Path | None = None,
) -> Better:
    """The number of groups, from ``limits`` (fewest, most), whose gap to customers without groups is clearly larger.

    The same customers are compared, each by its silhouette under either number. It is the best of those that are
    clearly better, or nan.
    """
    some = _some(customers, seed)
    numbers = clusterer(segmenter.clusterer).numbers(segmenter.params)
    null, own = _null(some, segmenter, numbers, seed, draws, memory).mean(axis=0), _place(numbers, segmenter)
    gaps = [silhouettes_of(some, segmenter, n, seed, memory) - null[place] for place, n in enumerate(numbers)]
    found = [
        Better(float(params["k"]), float(lead.mean()), float(lead.mean() - ONE_SIDED * standard_error(lead)))
        for place, params in enumerate(numbers)
        if place != own and limits[0] <= params.get("k", -1) <= limits[1]
        for lead in [gaps[place] - gaps[own]]
    ]
    return max((each for each in found if each.low > CLEARLY), key=lambda each: each.by, default=Better())


def standard_error(values: Floats) -> float:
    """Of the mean of independent values."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _place(numbers: Sequence[Mapping[str, Any]], segmenter: Segmenter) -> int:
    return [dict(params) == dict(segmenter.params) for params in numbers].index(True)


def _null(
    some: Prepared,
    segmenter: Segmenter,
    numbers: Sequence[Mapping[str, Any]],
    seed: int,
    draws: int,
    memory: Path | None,
) -> Floats:
    """Mean silhouettes (draws, numbers) of customers without groups, at least 0: one cut badly scores below that."""
    drawn_ = nulls.copula(some, segmenter.features, seed, draws)
    return np.array(
        [[max(0.0, silhouettes_of(each, segmenter, n, seed, memory).mean()) for n in numbers] for each in drawn_]
    )


def _largest_surplus(null: Floats) -> float:
    """The largest of silhouettes (draws, numbers) above the mean of the other draws, in their standard deviations."""
    others = [np.delete(null, draw, axis=0) for draw in range(len(null))]
    mean = np.array([each.mean(axis=0) for each in others])
    spread = np.array([np.maximum(each.std(axis=0, ddof=1), LEAST_SPREAD) for each in others])
    return float(((null - mean) / spread).max())


def _some(customers: Prepared, seed: int) -> Prepared:
    """All customers, or ``TEST_CUSTOMERS`` of them, preprocessed again."""
    chosen = drawn(len(customers.Z), seed, TEST_CUSTOMERS)
    if len(chosen) == len(customers.Z):
        return customers
    return prepare_like(customers.X.iloc[chosen], customers.preprocessing)


def silhouettes_of(
    customers: Prepared, segmenter: Segmenter, params: Mapping[str, Any], seed: int, memory: Path | None
) -> Floats:
    """Silhouettes of some of these customers, clustered with ``params``; zeros where the clusterer finds no groups.

    With ``memory``, the same clustering of the same customers is computed once by all processes of a study.
    """

    def compute() -> tuple[Floats, ...]:
        distances = Distances.of(customers.Z, seed, TEST_SILHOUETTES)
        try:
            fitted = fit_clusters(customers, segmenter.clusterer, params, segmenter.seed, memory)
        except BadInput:  # too few different customers for these groups
            return (np.zeros(len(distances.chosen)),)
        return (distances.silhouettes(labels_of(fitted, customers, memory)),)

    if memory is None:
        return compute()[0]
    asked = (customers.Z, segmenter.clusterer, sorted(params.items()), segmenter.seed, seed)
    needed = [customers.X[name].to_numpy() for name in clusterer(segmenter.clusterer).NEEDS]
    return once(memory, "silhouette", (*asked, *needed), compute)[0]
