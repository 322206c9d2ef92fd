"""How customers are grouped: one file a clusterer, found by scanning this folder."""

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
    """One file of this folder. ``X`` are features in their units, ``Z`` the same customers preprocessed."""

    NAME: str
    BASELINE: bool = False
    DEFAULTS: Mapping[str, Any] = MappingProxyType({})
    NEEDS: tuple[str, ...] = ()
    """Columns of X it reads besides Z."""
    KEEPS_POINTS: bool = True
    """Whether a fitted model contains feature vectors of the customers it was fitted on."""
    NAMES: Mapping[int, str] = MappingProxyType({})
    """Names its labels always have; empty if the data must name them."""

    @default
    def space(self, trial: Trial) -> dict[str, Any]:  # noqa: ARG002 - nothing to tune
        """Parameters proposed by a tuner; keys of ``DEFAULTS``."""
        return {}

    def fit(self, X: pd.DataFrame, Z: Floats, params: Mapping[str, Any], seed: int, memory: Path | None) -> Any: ...
    def labels(self, model: Any) -> tuple[int, ...]:
        """Every label the model can give, noise included."""

    def assign(self, model: Any, X: pd.DataFrame, Z: Floats) -> tuple[Labels, Floats]:
        """Label (rows,) and strength in [0, 1] (rows,); one row gets the same bits alone as in a batch."""

    def dump(self, model: Any) -> dict[str, bytes]: ...
    def load(self, files: Mapping[str, bytes]) -> Any: ...


def clusterers() -> Mapping[str, Clusterer]:
    """Every clusterer by name, in alphabetical order."""
    return plugins(__name__, Clusterer)


def clusterer(name: str) -> Clusterer:
    """The clusterer of this name; NotFound names the others."""
    return plugin(__name__, Clusterer, name)
