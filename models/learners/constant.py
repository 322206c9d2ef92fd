"""The same answer for everyone: the base rate, the mean amount or the overall curve."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.amounts import floored
from models.curves import base_hazards, from_hazards
from models.learners import Params
from models.plain import json_bytes, json_from
from models.sample import Floats, Sample

BASELINE = True
TARGETS = ("binary", "amount", "curve")
READS: tuple[str, ...] = ()


@dataclass(frozen=True)
class Constant:
    """One probability, one amount, or one curve."""

    answer: float | tuple[float, ...]


def fit(sample: Sample, params: Params, seed: int) -> Constant:  # noqa: ARG001 - nothing random
    """The share of rows with y = 1, the mean amount, or the Kaplan-Meier estimate at the horizons."""
    return Constant(FITS[sample.question.target](sample))


def predict(model: Constant, X: pd.DataFrame) -> Floats:
    """The same answer for every row."""
    answer = np.asarray(model.answer, dtype=np.float64)
    return np.broadcast_to(answer, (len(X), *answer.shape)).copy()


def dump(model: Constant) -> dict[str, bytes]:
    """One JSON file."""
    return {"constant.json": json_bytes({"rate": model.answer})}


def load(files: Mapping[str, bytes]) -> Constant:
    """What ``dump`` wrote."""
    rate = json_from(files, "constant.json")["rate"]
    return Constant(tuple(map(float, rate)) if isinstance(rate, list) else float(rate))


def _rate(sample: Sample) -> float:
    """The share of rows with y = 1. Half a row of each class is added, so that it is never exactly 0 or 1."""
    return float((sample.y.sum() + 0.5) / (len(sample) + 1.0))


def _mean(sample: Sample) -> float:
    mean = float(sample.y.mean())
    return float(floored(np.array([mean]), mean)[0])


def _curve(sample: Sample) -> tuple[float, ...]:
    hazards = base_hazards(sample.y, sample.question.horizons)
    return tuple(map(float, from_hazards(hazards[None])[0]))


FITS: dict[str, Callable[[Sample], float | tuple[float, ...]]] = {"binary": _rate, "amount": _mean, "curve": _curve}
