"""Curves: the chance that an event has come by each of several horizons, and the date when it is expected.

``y`` is (n, 2): days from the cutoff to the event (inf if it was not seen) and days the customer was observed. A
curve is (n, K): P(event within ``horizons[k]``), never decreasing along a row. Horizons are days; an event exactly at a
horizon is outside it.
"""

import numpy as np
from numpy.typing import NDArray

from models.sample import Floats

MAX_CHANCE = 1.0 - 1e-12
"""Chances are capped here so that the logarithm of 1 - chance is finite."""


def happened(y: Floats, horizons: tuple[float, ...]) -> Floats:
    """(n, K): 1.0 where the event came within the horizon, 0.0 where not, nan where not observed that long.

    An observed event does not count for horizons beyond the observation. Otherwise buyers would have a value there and
    the others none, which would overstate the rate.

    >>> happened(np.array([[5.0, 40.0], [np.inf, 10.0]]), (7.0, 30.0)).tolist()
    [[1.0, 1.0], [0.0, nan]]
    """
    event, observed = y[:, :1], y[:, 1:]
    ends = np.asarray(horizons)
    return np.where(observed >= ends, (event < ends).astype(np.float64), np.nan)


def at_risk(y: Floats, horizons: tuple[float, ...]) -> list[tuple[NDArray[np.bool_], Floats]]:
    """For each interval between horizons: the rows at risk (n,), and 1.0 or 0.0 for each of them, event or no event.

    A row is at risk if it had no event before the interval and was observed to the interval's end.
    """
    seen = happened(y, horizons)
    before = np.column_stack([np.zeros(len(y)), seen[:, :-1]])
    enters = [(before[:, k] == 0.0) & ~np.isnan(seen[:, k]) for k in range(len(horizons))]
    return [(rows, seen[rows, k]) for k, rows in enumerate(enters)]


def from_hazards(hazards: Floats) -> Floats:
    """The curve (n, K) with these ``hazards`` (n, K): chances in each interval, given no event before it.

    >>> from_hazards(np.array([[0.5, 0.5]])).tolist()
    [[0.5, 0.75]]
    """
    return np.asarray(np.maximum.accumulate(1.0 - np.cumprod(1.0 - hazards, axis=1), axis=1), dtype=np.float64)


def hazards_of(curve: Floats) -> Floats:
    """(n, K) chances in each interval, given no event before it, of a curve (n, K): what ``from_hazards`` undoes.

    >>> hazards_of(np.array([[0.5, 0.75]])).tolist()
    [[0.5, 0.5]]
    """
    before = np.column_stack([np.zeros(len(curve)), np.minimum(curve[:, :-1], MAX_CHANCE)])
    return np.asarray((curve - before) / (1.0 - before), dtype=np.float64)


def base_hazards(y: Floats, horizons: tuple[float, ...]) -> Floats:
    """(K,) hazards of all customers together. Half an event and half a non-event are added, so none is 0 or 1.

    ``from_hazards`` turns them into the Kaplan-Meier estimate at the horizons.
    """
    rates = [(events.sum() + 0.5) / (len(events) + 1.0) for _, events in at_risk(y, horizons)]
    return np.asarray(rates, dtype=np.float64)


def days_until(curve: Floats, horizons: tuple[float, ...], chance: float) -> Floats:
    """(n,) days until the curve reaches ``chance``; nan if it does not within the longest horizon.

    The hazard is taken as constant within each interval.

    >>> days_until(np.array([[0.5, 0.75], [0.1, 0.2]]), (10.0, 20.0), 0.5).tolist()
    [10.0, nan]
    """
    waits = np.column_stack([np.zeros(len(curve)), -np.log1p(-np.minimum(curve, MAX_CHANCE))])
    wanted = -np.log1p(-chance)
    days = np.concatenate([[0.0], horizons])
    last = np.argmax(waits >= wanted, axis=1)  # 0 where the chance is never reached
    row, first = np.arange(len(curve)), np.maximum(last - 1, 0)
    rise = np.maximum(waits[row, last] - waits[row, first], 1e-300)
    found = days[first] + (days[last] - days[first]) * (wanted - waits[row, first]) / rise
    return np.where(last > 0, found, np.nan)
