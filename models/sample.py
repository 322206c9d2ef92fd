"""The rows a learner is fitted on: features, labels and cutoffs."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import BadInput
from models.question import Question

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """One row per customer and cutoff.

    ``X``: float64 features, NaN is null. ``y``: labels as the question's target makes them, (n,) or (n, k).
    ``as_of``: the row's cutoff in float days since 1970-01-01 UTC.
    """

    X: pd.DataFrame
    y: Floats
    as_of: Floats
    question: Question

    def __post_init__(self) -> None:
        """Refuse columns of unequal length."""
        if not len(self.X) == len(self.y) == len(self.as_of):
            raise BadInput(
                f"sample has {len(self.X)} feature rows, {len(self.y)} labels and {len(self.as_of)} cutoffs: "
                "give one of each a row"
            )

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.y)

    def where(self, mask: Mask) -> "Sample":
        """The rows where ``mask`` is true, in the same order."""
        return replace(self, X=self.X.loc[mask].reset_index(drop=True), y=self.y[mask], as_of=self.as_of[mask])

    def cutoffs(self) -> Floats:
        """The distinct cutoffs, oldest first."""
        return np.unique(self.as_of)


def column(X: pd.DataFrame, name: str) -> Floats:
    """One feature as a contiguous float64 array (n,), so that one row gets the bits it gets in a batch; null is NaN."""
    values: Any = X[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.ascontiguousarray(values, dtype=np.float64)
