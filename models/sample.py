"""The rows a learner is fitted on: features, labels and cutoffs. Features are read only when somebody asks for them."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import BadInput
from models.question import Question

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Sample:
    """One row per customer and cutoff.

    ``table``: float64 features, NaN is null, often a view of a memory map. ``y``: labels as the question's target makes
    them, (n,) or (n, k). ``as_of``: the row's cutoff in float days since 1970-01-01 UTC. ``rows``: the positions of the
    sample's rows in ``table``; None if they are all of its rows. ``everybody``: as_of and some features of all buyers
    at the cutoffs, whom the question is about or not; None if they are not known. ``until``: the cutoff at which the
    sample was known.
    """

    table: pd.DataFrame
    y: Floats
    as_of: Floats
    question: Question
    rows: Rows | None = None
    everybody: pd.DataFrame | None = None
    until: float = math.inf
    _made: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse columns of unequal length."""
        rows = len(self.table) if self.rows is None else len(self.rows)
        if not rows == len(self.y) == len(self.as_of):
            raise BadInput(
                f"sample has {rows} feature rows, {len(self.y)} labels and {len(self.as_of)} cutoffs: "
                "give one of each a row"
            )

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.y)

    @cached_property
    def X(self) -> pd.DataFrame:  # noqa: N802 - as everywhere in the field
        """All features of the sample's rows, copied when this is first read; :meth:`column` reads one of them."""
        return self.table if self.rows is None else self.table.take(self.rows).reset_index(drop=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(str(name) for name in self.table.columns)

    @property
    def places(self) -> Rows:
        """(n,) positions of the rows in ``table``."""
        return np.arange(len(self.table)) if self.rows is None else self.rows

    def column(self, name: str) -> Floats:
        """One feature (n,), float64, null as NaN."""
        whole = column(self.table, name)
        return whole if self.rows is None else whole[self.rows]

    def where(self, mask: Mask) -> "Sample":
        """The rows where ``mask`` is true, in the same order."""
        return replace(self, y=self.y[mask], as_of=self.as_of[mask], rows=self.places[mask])

    def all_buyers(self, names: Sequence[str]) -> pd.DataFrame:
        """These features of all buyers at the newest known cutoff; where there are none, of the sample's own customers
        at their newest one."""
        at = np.empty(0) if self.everybody is None else self.everybody["as_of"].to_numpy()
        known = at <= self.until
        if self.everybody is None or not known.any():
            return floats(self.where(self.as_of == self.as_of.max()).X, names)
        return floats(self.everybody[at == at[known].max()], names)

    def labelled(self, y: Floats) -> "Sample":
        """The same rows with other labels."""
        return replace(self, y=y)

    def cutoffs(self) -> Floats:
        """The distinct cutoffs, oldest first."""
        return np.unique(self.as_of)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What ``make()`` returned the first time: for what fits on this sample share, whatever their parameters."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made


def floats(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """These columns as float64: views where the table has them so, which pandas' own selection copies."""
    return pd.DataFrame({name: column(table, name) for name in names}, index=table.index, copy=False)


def column(X: pd.DataFrame, name: str) -> Floats:
    """One feature as a contiguous float64 array (n,), so that one row gets the bits it gets in a batch; null is NaN."""
    values: Any = X[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.ascontiguousarray(values, dtype=np.float64)
