"""Two prediction runs side by side: how much smaller the losses of one are, customer by customer, at every cutoff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.contest import BASELINE, TUNED
from experiments.verdict import Difference
from features.errors import BadInput
from models.intervals import clustered_mean
from models.sample import Floats

DRAWS, CONFIDENCE, SEED = 1000, 0.9, 7


@dataclass(frozen=True)
class Lead:
    """The advantage of the second model at one cutoff, or over all of them (an empty ``cutoff``): above 0, its losses
    are smaller. ``customers`` are those compared."""

    cutoff: str
    customers: int
    advantage: Difference


def leads(
    one: Sequence[Floats], other: Sequence[Floats], cutoffs: Sequence[str], ids: Sequence[NDArray[np.int64]] = ()
) -> list[Lead]:
    """One a cutoff, then one over all; ``one`` and ``other`` are losses a row, ``ids`` whose row it is.

    At one cutoff every row is another customer; without ``ids`` there is no lead over all of them.

    Raises:
        BadInput: the losses are not of the same rows.
    """
    if [len(loss) for loss in one] != [len(loss) for loss in other]:
        raise BadInput("the two runs tested other customers or other dates: compare runs on the same dataset")
    gains = [mine - theirs for mine, theirs in zip(one, other, strict=True)]
    found = [
        Lead(cutoff, len(gain), _difference(gain, np.arange(len(gain))))
        for cutoff, gain in zip(cutoffs, gains, strict=True)
    ]
    if len(found) > 1 and ids:
        whose = np.concatenate(ids)
        found.append(Lead("", len(np.unique(whose)), _difference(np.concatenate(gains), whose)))
    return found


def _difference(gain: Floats, whose: NDArray[np.int64]) -> Difference:
    return Difference(*clustered_mean(gain, whose, DRAWS, CONFIDENCE, SEED))


def registered(losses: Mapping[str, Sequence[Floats]], candidate: str) -> Sequence[Floats]:
    """The losses of the model that a run registered, by its learner; BadInput if the run has none."""
    for role in (TUNED, BASELINE):
        if f"{role} {candidate}" in losses:
            return losses[f"{role} {candidate}"]
    raise BadInput(f"the run has no losses of {candidate}: train it again with this version")
