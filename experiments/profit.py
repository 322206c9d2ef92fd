"""What contacting the customers with the highest scores would have brought on the test, at a declared cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.config import Action
from models.sample import Floats

SHARES = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


@dataclass(frozen=True)
class Profit:
    """Of 1,000 customers, the ``share`` with the highest scores contacted: the gain minus the cost of contacting."""

    share: float
    profit: float


def profits(y: Floats, p: Floats, action: Action, shares: Sequence[float] = SHARES) -> list[Profit]:
    """The profit at each share.

    >>> y, p = np.array([1.0, 0.0, 0.0, 0.0]), np.array([0.9, 0.5, 0.2, 0.1])
    >>> profits(y, p, Action(contact_cost=1.0, value=10.0), [0.25])
    [Profit(share=0.25, profit=2250.0)]
    """
    curve = _curve(y, p, action)
    return [Profit(share, float(curve[max(1, round(share * len(y))) - 1] / len(y) * 1000)) for share in shares]


def best_cut(y: Floats, p: Floats, action: Action) -> Profit:
    """The share at which the profit is largest; 0 where contacting anybody costs more than it brings."""
    curve = np.append(0.0, _curve(y, p, action))
    best = int(np.argmax(curve))
    return Profit(best / len(y), float(curve[best] / len(y) * 1000))


def _curve(y: Floats, p: Floats, action: Action) -> Floats:
    """Profit of contacting the first, the first two, ...; the mean outcome of equal scores counts for each of them."""
    order = np.argsort(-p, kind="stable")
    _, tie = np.unique(-p[order], return_inverse=True)
    mean = np.bincount(tie, weights=y[order]) / np.bincount(tie)
    return np.asarray(np.cumsum(action.value * mean[tie] - action.contact_cost), dtype=np.float64)
