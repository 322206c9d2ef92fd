"""A predictor: a fitted learner with its task, its columns and its calibration; the unit that is saved and served."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from features.errors import BadArtifact, BadInput, HistoryTooShort
from models import calibration
from models.learners import Learner, Params, learner
from models.plain import json_bytes, json_from
from models.plugins import complete_params
from models.sample import Floats, Positive, Sample

FILE = "predictor.json"

FEWEST_EACH = 30
"""Rows of each class needed on both sides of a calibration split."""

CALIBRATION_CUTOFFS = 4
"""Newest training cutoffs that are predicted for the calibration; each costs one more fit."""

LEVEL_TRUST = 0.5
"""Half of the newest base rate's distance from that of all history: part of it is the season, and will pass."""


@dataclass(frozen=True)
class Predictor:
    """``features`` is the column order the model was fitted on; ``calibrator`` is None where none was fitted."""

    task: str
    learner: str
    model: Any
    calibrator: calibration.Sigmoid | None
    features: tuple[str, ...]
    horizon_days: float
    positive: Positive
    params: Params
    calibration_note: str = ""


def fit_predictor(
    task_name: str, learner_name: str, sample: Sample, params: Params, seed: int, calibrate: bool
) -> Predictor:
    """Fit a learner on ``sample`` and, if asked, a sigmoid on predictions made out of time."""
    if len(sample) == 0:
        raise HistoryTooShort(f"no rows to fit {task_name} on: load more history or shorten horizon_days")
    module = learner(learner_name)
    _checked(tuple(str(name) for name in sample.X.columns), sample.X)
    known = complete_params(learner_name, module.DEFAULTS, params)
    sigmoid, note = _calibrator(module, sample, known, seed) if calibrate else (None, "none: not asked for")
    return Predictor(
        task=task_name,
        learner=learner_name,
        model=module.fit(sample, known, seed),
        calibrator=sigmoid,
        features=tuple(str(name) for name in sample.X.columns),
        horizon_days=sample.horizon_days,
        positive=sample.positive,
        params=known,
        calibration_note=note,
    )


def predict(predictor: Predictor, X: pd.DataFrame) -> Floats:
    """Calibrated P(y = 1) a row of ``X``; columns are taken by name, others are ignored, NaN is null."""
    X = _checked(predictor.features, X)
    p = learner(predictor.learner).predict(predictor.model, X)
    return p if predictor.calibrator is None else calibration.apply(predictor.calibrator, p)


def importance(predictor: Predictor) -> dict[str, float]:
    """Weight of each feature the model uses; empty where it uses none."""
    return learner(predictor.learner).importance(predictor.model)


def dump(predictor: Predictor) -> dict[str, bytes]:
    """The predictor as named files of plain data."""
    about = {
        "task": predictor.task,
        "learner": predictor.learner,
        "calibrator": calibration.dump(predictor.calibrator),
        "calibration_note": predictor.calibration_note,
        "features": list(predictor.features),
        "horizon_days": predictor.horizon_days,
        "positive": predictor.positive,
        "params": predictor.params,
    }
    return {FILE: json_bytes(about), **learner(predictor.learner).dump(predictor.model)}


def load(files: Mapping[str, bytes]) -> Predictor:
    """What ``dump`` wrote; BadArtifact if a part is missing."""
    try:
        about = json_from(files, FILE)
        return Predictor(
            task=about["task"],
            learner=about["learner"],
            model=learner(about["learner"]).load(files),
            calibrator=calibration.load(about["calibrator"]),
            features=tuple(about["features"]),
            horizon_days=float(about["horizon_days"]),
            positive=about["positive"],
            params=about["params"],
            calibration_note=about["calibration_note"],
        )
    except (KeyError, TypeError) as error:
        raise BadArtifact(f"the predictor lacks {error}: write the artifact again") from error


def _calibrator(module: Learner, sample: Sample, params: Params, seed: int) -> tuple[calibration.Sigmoid | None, str]:
    """A sigmoid fitted on predictions of the newest cutoffs, each by a model that knew only what was known then.

    Several cutoffs, because the base rate of a single one is as much its season as its level.
    """
    splits = [_known_before(sample, cutoff) for cutoff in sample.cutoffs()[-CALIBRATION_CUTOFFS:]]
    usable = [(earlier, rows) for earlier, rows in splits if min(_rarer(earlier), _rarer(rows)) >= FEWEST_EACH]
    if not usable:
        return None, f"none: no cutoff has {FEWEST_EACH} rows of each class before it and at it"
    p = [module.predict(module.fit(earlier, params, seed), rows.X) for earlier, rows in usable]
    y = [rows.y for _, rows in usable]
    sigmoid = calibration.fit(np.concatenate(p), np.concatenate(y), LEVEL_TRUST)
    return sigmoid, f"sigmoid fitted out of time on {sum(map(len, y))} rows of the newest {len(usable)} cutoffs"


def _known_before(sample: Sample, cutoff: float) -> tuple[Sample, Sample]:
    """The rows whose labels were known at ``cutoff``, and the rows of that cutoff."""
    return sample.where(sample.as_of + sample.horizon_days <= cutoff), sample.where(sample.as_of == cutoff)


def _rarer(sample: Sample) -> int:
    """Rows of the rarer class."""
    ones = int(sample.y.sum())
    return min(ones, len(sample) - ones)


def _checked(features: tuple[str, ...], X: pd.DataFrame) -> pd.DataFrame:
    """The needed columns in the model's order, finite or null."""
    missing = [name for name in features if name not in X.columns]
    if missing:
        raise BadInput(
            f"{len(missing)} of {len(features)} features are missing ({', '.join(missing[:5])}): "
            "compute them with features.snapshot"
        )
    chosen = X.loc[:, list(features)]
    # One pass over the matrix; culprits are looked up only if there are any: the service asks about one row at a time.
    if not all(is_numeric_dtype(kind) for kind in set(chosen.dtypes)):
        text = [str(name) for name, kind in chosen.dtypes.items() if not is_numeric_dtype(kind)]
        raise BadInput(f"{', '.join(text[:5])} hold something other than numbers: give float columns, null as NaN")
    matrix = chosen.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = [name for name, bad in zip(features, np.isinf(matrix).any(axis=0), strict=True) if bad]
    if infinite:
        raise BadInput(f"infinite values in {', '.join(infinite[:5])}: use null where a value is not known")
    return pd.DataFrame(matrix, columns=chosen.columns, copy=False)
