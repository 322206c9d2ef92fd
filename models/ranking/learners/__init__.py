"""Rankers: how products are scored for a customer. One file a ranker, with the functions of ``Ranker``."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from features.plugins import default, plugin, plugins
from models.params import Trial
from models.ranking.histories import Histories, Matrix
from models.ranking.sample import Fitting

Params = Mapping[str, Any]


class Ranker(Protocol):
    """What a ranker's module defines; names with a value here may be left out. Each has its own model type."""

    NAME: str
    BASELINE: bool = False
    """Whether it is a baseline: simple, and meant to be beaten."""
    KEEPS_VECTORS: bool = False
    """Whether the model contains what single customers bought, without their ids."""
    DEFAULTS: Params = MappingProxyType({})

    @default
    def space(self, trial: Trial) -> Params:  # noqa: ARG002 - nothing to tune
        """Parameters drawn by the tuner; their names are keys of ``DEFAULTS``."""
        return {}

    def fit(self, known: Fitting, params: Params, seed: int) -> Any:
        """The fitted model, over the products ``known.items``; the same arguments give the same model."""

    def scores(self, model: Any, histories: Histories) -> Matrix:
        """(rows, products) as a sparse matrix: above 0 what is recommended, the higher the better.

        A row does not depend on the other rows. What has no score follows by popularity.
        """
        ...

    def dump(self, model: Any) -> dict[str, bytes]:
        """The model as files of plain data by name, never pickled."""
        ...

    def load(self, files: Mapping[str, bytes], items_n: int) -> Any:
        """The model that ``dump`` wrote, over so many products."""


def rankers() -> dict[str, Ranker]:
    """Every ranker by name."""
    return plugins(__name__, Ranker)


def ranker_of(name: str) -> Ranker:
    """The ranker called ``name``; NotFound names the others."""
    return plugin(__name__, Ranker, name)
