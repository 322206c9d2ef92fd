"""Learners: how a probability is fitted. One file a learner, all with the functions of ``Learner``."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

import pandas as pd

from models.plugins import Trial, plugin, plugins
from models.sample import Floats, Sample

Params = dict[str, Any]


class Learner(Protocol):
    """What a learner's module must hold. A model is plain data; ``Any`` because each learner has its own."""

    NAME: str
    BASELINE: bool
    """True where the learner is something a challenger has to beat."""
    TARGETS: tuple[str, ...]
    """Kinds of answer it can give."""
    DEFAULTS: Params

    def space(self, trial: Trial) -> Params:
        """Parameters proposed by a tuner; all keys of ``DEFAULTS``."""

    def fit(self, sample: Sample, params: Params, seed: int) -> Any:
        """A model; the same sample, params and seed give the same model."""

    def predict(self, model: Any, X: pd.DataFrame) -> Floats:
        """Answers before calibration; a row's does not depend on the other rows.

        binary: (n,) P(y = 1). amount: (n,) expected amount, above 0. curve: (n, K) P(event within each horizon).
        """

    def importance(self, model: Any) -> dict[str, float]:
        """Weight of each feature the model uses, non-negative; empty where it uses none."""

    def dump(self, model: Any) -> dict[str, bytes]:
        """The model as named files of plain data."""

    def load(self, files: Mapping[str, bytes]) -> Any:
        """The model ``dump`` wrote."""


def learners() -> dict[str, Learner]:
    """Every learner by name."""
    return {name: cast(Learner, module) for name, module in plugins(__name__).items()}


def learner(name: str) -> Learner:
    """The learner called ``name``; NotFound names the others."""
    return cast(Learner, plugin(__name__, "learner", name))
