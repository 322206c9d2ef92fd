"""A segment study and its dataset: customers today, those that are fitted, and the same ones at earlier dates."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from experiments.config import Promotion, Search, Segments
from experiments.dataset import Dataset
from models.artifact import Loaded
from models.segments import segmenter, strata, use, variables
from models.segments.clusterers import Labels, clusterers
from models.segments.identity import Before
from models.segments.shared import SharedFolder
from models.segments.use import Period
from models.segments.variables import Ranking


@dataclass(frozen=True)
class Problem:
    """Customers at the newest date: clusters are found in ``features``, or in those of them that a trial chooses; all
    columns of the dataset describe them.

    ``shared`` is the folder in which all fits of the study, whatever the process, store work that others can reuse.
    ``champion`` are the segments in force, whose ids are kept.
    """

    dataset: Dataset
    features: tuple[str, ...]
    wanted: Segments
    baselines: tuple[str, ...]
    search: Search
    promotion: Promotion
    shared: SharedFolder = field(default_factory=SharedFolder.new)
    champion: Loaded | None = None

    @cached_property
    def everybody(self) -> pd.DataFrame:
        """All columns of all customers today; of a dataset on disk, a view of its memory map."""
        return at(self.dataset, self.dataset.cutoffs[-1])

    @cached_property
    def chosen(self) -> Labels:
        """Row numbers in ``everybody`` of the customers that are fitted."""
        return strata.drawn(self.everybody, self.search.customers, self.search.seed)

    @cached_property
    def customers(self) -> pd.DataFrame:
        """The columns that clusterers read of the customers that are fitted: all, or the sample that the study sets.

        Parameters are searched, the chosen model fitted and its scores computed on the same customers, because
        ``min_samples`` means another density among more of them.
        """
        kinds = clusterers().values()
        read = (*self.features, *strata.COLUMNS, *use.COLUMNS, *(name for kind in kinds for name in kind.NEEDS))
        needed = [name for name in dict.fromkeys(read) if name in self.everybody.columns]
        return rows_of(self.everybody, needed, self.chosen)

    @cached_property
    def periods(self) -> list[Period]:
        """Of the customers that are fitted, those there at both ends of each period before today, the oldest first."""
        today = ids_at(self.dataset, self.dataset.cutoffs[-1])[self.chosen]
        return [self._period(today, start, end) for start, end in pairwise(self.dataset.cutoffs)]

    def _period(self, today: Labels, start: float, end: float) -> Period:
        ids = [ids_at(self.dataset, cutoff) for cutoff in (start, end)]
        both = today[np.isin(today, ids[0]) & np.isin(today, ids[1])]
        frames = [
            rows_of(at(self.dataset, cutoff), self.customers.columns, np.flatnonzero(np.isin(there, both)))
            for cutoff, there in zip((start, end), ids, strict=True)
        ]
        return Period(frames[0], frames[1], end - start)

    @cached_property
    def ranking(self) -> Ranking | None:
        """What trials choose their columns from; None if the study clusters by all, or nothing tells which matter."""
        if self.wanted.variables == "all":
            return None
        return variables.ranking(self.periods, self.features, self.customers)

    def before(self, clusterer: str) -> Before | None:
        """The segments in force, for a refit with ``clusterer`` on today's customers; None if there are none."""
        if self.champion is None or self.champion.manifest["kind"] != "segmenter":
            return None
        read = self.champion.model.features
        X = None if self.dataset.lacks(read) else self.dataset.read(read).iloc[-len(self.everybody) :]
        return segmenter.before_refit(self.champion.model, X, clusterer)


def at(dataset: Dataset, cutoff: float) -> pd.DataFrame:
    """All columns of the customers at one cutoff, a view: rows are in order of the cutoffs."""
    first, last = np.searchsorted(dataset.as_of, [cutoff, np.nextafter(cutoff, np.inf)])
    return dataset.inputs.iloc[first:last]


def ids_at(dataset: Dataset, cutoff: float) -> Any:
    """Ids of the customers at one cutoff, (n,), ascending."""
    return dataset.frame["customer_id"].to_numpy(dtype=object)[dataset.as_of == cutoff]


def rows_of(X: pd.DataFrame, columns: Iterable[str], chosen: Labels) -> pd.DataFrame:
    """The ``chosen`` rows of these columns, read from X one column at a time."""
    return pd.DataFrame({name: X[name].to_numpy()[chosen] for name in columns})
