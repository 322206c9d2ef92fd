"""Clusterers: how customers are grouped. One file per clusterer, with the functions of ``Clusterer``."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.plugins import default, plugin, plugins
from models.params import Trial

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
__all__ = ["NOISE", "Clusterer", "Floats", "Labels", "Trial", "clusterer", "clusterers"]

NOISE = -1  # the label of customers in no cluster


class Clusterer(Protocol):
    """What a clusterer's module defines; names with a value here may be left out.

    ``X`` are features in their units, one row per customer; ``Z`` (n, features) are the same customers preprocessed.
    """

    NAME: str
    BASELINE: bool = False
    DEFAULTS: Mapping[str, Any] = MappingProxyType({})
    NEEDS: tuple[str, ...] = ()
    """Columns of X that it reads besides Z."""
    KEEPS_POINTS: bool = True
    """Whether a fitted model contains feature vectors of single customers, which matters when one asks to be erased."""
    NAMES: Mapping[int, str] = MappingProxyType({})
    """Fixed names of its labels; empty if names are derived from the data."""

    @default
    def space(self, trial: Trial) -> dict[str, Any]:  # noqa: ARG002 - nothing to tune
        """Parameters drawn by the tuner; their names are keys of ``DEFAULTS``."""
        return {}

    @default
    def numbers(self, params: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        """The same parameters for every number ``k`` of groups that a search would try, these among them."""
        return (params,)

    def fit(self, X: pd.DataFrame, Z: Floats, params: Mapping[str, Any], seed: int, memory: Path | None) -> Any:
        """The fitted model; ``memory`` is a folder for work that later fits can reuse. BadInput if it fails."""

    def labels(self, model: Any) -> tuple[int, ...]:
        """Every label that the model can give, noise included."""

    def assign(self, model: Any, X: pd.DataFrame, Z: Floats, memory: Path | None = None) -> tuple[Labels, Floats]:
        """Labels (n,) and strengths (n,) in [0, 1]; one row gets the same bits alone as in a batch.

        ``memory`` is given where the same customers are assigned by several models, as in ``fit``.
        """

    def dump(self, model: Any) -> dict[str, bytes]:
        """The model as files of plain data by name, never pickled."""
        ...

    def load(self, files: Mapping[str, bytes]) -> Any:
        """The model that ``dump`` wrote."""


def clusterers() -> Mapping[str, Clusterer]:
    """Every clusterer by name, in alphabetical order."""
    return plugins(__name__, Clusterer)


def clusterer(name: str) -> Clusterer:
    """The clusterer called ``name``; NotFound names the others."""
    return plugin(__name__, Clusterer, name)
