"""RFM cells, a baseline: every combination of the quintiles of recency, frequency and spend is a group of its own."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import BadInput
from models.plain import array_bytes, array_from
from models.segments.clusterers import Floats, Labels, Trial, rfm

BASELINE = True
NEEDS = rfm.NEEDS
KEEPS_POINTS = False
DEFAULTS: dict[str, Any] = {"levels": 5}
Model = rfm.Model
NAMES: Mapping[int, str] = {100 * r + 10 * f + m: f"R{r} F{f} M{m}" for r, f, m in product(range(1, 6), repeat=3)}


def space(trial: Trial) -> dict[str, Any]:  # noqa: ARG001
    """Nothing to tune: quintiles are the convention."""
    return {}


def fit(X: pd.DataFrame, Z: Floats, params: Mapping[str, Any], seed: int, memory: Path | None) -> Model:  # noqa: ARG001
    """``levels`` quantile classes of each of ``NEEDS``, 2 to 5. BadInput as for ``rfm``."""
    levels = int(params["levels"])
    if not 2 <= levels <= 5:
        raise BadInput(f"levels = {levels}: rfm_cells makes 2 to 5 classes of each measure")
    return rfm.Model(rfm.quantiles(X, np.arange(1, levels) / levels))


def labels(model: Model) -> tuple[int, ...]:
    """``100 R + 10 F + M``, each from 1 to the number of classes; 555 bought most lately, most often and most."""
    classes = range(1, model.edges.shape[1] + 2)
    return tuple(100 * r + 10 * f + m for r, f, m in product(classes, repeat=3))


def assign(model: Model, X: pd.DataFrame, Z: Floats, memory: Path | None = None) -> tuple[Labels, Floats]:  # noqa: ARG001
    """The cell of the scores. Strength is always 1."""
    r, f, m = rfm.scores(model, X).T
    return (100 * r + 10 * f + m).astype(np.int64), np.ones(len(X))


def dump(model: Model) -> dict[str, bytes]:
    """``rfm_cells.npy``: the edges (3, levels - 1)."""
    return {"rfm_cells.npy": array_bytes(model.edges)}


def load(files: Mapping[str, bytes]) -> Model:
    """What :func:`dump` wrote."""
    return rfm.Model(array_from(files, "rfm_cells.npy", np.float64, (len(NEEDS), None)))
