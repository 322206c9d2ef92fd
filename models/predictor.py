"""A predictor: a fitted learner with its question, columns and calibration; the unit that is saved and served."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from features.errors import BadArtifact, BadInput, HistoryTooShort
from models.learners import Learner, Params, cannot_answer, learner
from models.params import complete_params
from models.plain import json_bytes, json_from
from models.question import Question
from models.sample import Floats, Sample
from models.targets import Calibration, target

FILE = "predictor.json"

CALIBRATION_CUTOFFS = 4
"""How many of the newest training cutoffs are predicted for the calibration; each takes one more fit."""


@dataclass(frozen=True)
class Predictor:
    """``features`` are the columns it reads, in order; ``calibration`` is None if it was not calibrated, and
    ``calibration_note`` says on what it was fitted, or why it was not."""

    question: Question
    learner: str
    model: Any
    calibration: Calibration | None
    features: tuple[str, ...]
    params: Params
    calibration_note: str = ""


def fit_predictor(learner_name: str, sample: Sample, params: Params, seed: int, calibrate: bool) -> Predictor:
    """Fit a learner on ``sample`` and, if asked, calibrate it on predictions made out of time.

    A learner that names its columns gets only these, and the predictor then needs only these.

    Raises HistoryTooShort without rows, BadInput if the learner cannot answer the question or a column is missing, not
    numeric or infinite, BadConfig for an unknown parameter.
    """
    question = sample.question
    if len(sample) == 0:
        raise HistoryTooShort(f"no rows to fit {question.task} on: load more history or shorten horizon_days")
    module = learner(learner_name)
    if why := cannot_answer(learner_name, question):
        raise BadInput(f"{learner_name} cannot learn {question.task}: {why}")
    features = module.READS if module.READS is not None else tuple(str(name) for name in sample.X.columns)
    known = complete_params(learner_name, module.DEFAULTS, params)
    read = Sample(_checked(features, sample.X), sample.y, sample.as_of, question)
    calibration, note = _calibration(module, read, known, seed) if calibrate else (None, "none: not asked for")
    return Predictor(question, learner_name, module.fit(read, known, seed), calibration, features, known, note)


def predict(predictor: Predictor, X: pd.DataFrame) -> Floats:
    """Calibrated answers (n, k), in the layout of the question's target.

    Columns are taken by name, further ones are ignored, NaN is null. BadInput if one is missing, infinite or no number.
    """
    raw = learner(predictor.learner).predict(predictor.model, _checked(predictor.features, X))
    return target(predictor.question.target).answer(raw, predictor.calibration, predictor.question)


def table(predictor: Predictor, X: pd.DataFrame) -> pd.DataFrame:
    """The answers as named float64 columns, one row per row of ``X``, with its index; NaN where there is no value."""
    found = target(predictor.question.target).columns(predict(predictor, X), predictor.question)
    return pd.DataFrame(found, index=X.index)


def about(predictor: Predictor) -> dict[str, Any]:
    """The model's entries in the manifest of its artifact."""
    return {
        "task": predictor.question.task,
        "question": asdict(predictor.question),
        "learner": predictor.learner,
        "features": list(predictor.features),
        "params": dict(predictor.params),
        "horizon_days": predictor.question.horizon_days,
        "calibrated": predictor.calibration is not None,
    }


def headline(predictor: Predictor) -> tuple[str, ...]:
    """Names of the scores that tables show, in order."""
    return target(predictor.question.target).headline(predictor.question)


def dump(predictor: Predictor) -> dict[str, bytes]:
    """The predictor as named files of plain data."""
    state = {
        "question": asdict(predictor.question),
        "learner": predictor.learner,
        "calibrator": predictor.calibration,
        "calibration_note": predictor.calibration_note,
        "features": list(predictor.features),
        "params": dict(predictor.params),
    }
    return {FILE: json_bytes(state), **learner(predictor.learner).dump(predictor.model)}


def load(files: Mapping[str, bytes]) -> Predictor:
    """The predictor that ``dump`` wrote; BadArtifact if a file or an entry is missing."""
    try:
        state = json_from(files, FILE)
        return Predictor(
            question=_question(state),
            learner=state["learner"],
            model=learner(state["learner"]).load(files),
            calibration=state["calibrator"],
            features=tuple(state["features"]),
            params=state["params"],
            calibration_note=state["calibration_note"],
        )
    except (KeyError, TypeError) as error:
        raise BadArtifact(f"the predictor lacks {error}: write the artifact again") from error


def _question(state: Mapping[str, Any]) -> Question:
    """The question; artifacts of versions before 0.3 have it in three keys."""
    if "question" not in state:
        return Question.of_version_0_2(state["task"], state["positive"], state["horizon_days"])
    return Question.of(state["question"])


def _calibration(module: Learner, sample: Sample, params: Params, seed: int) -> tuple[Calibration | None, str]:
    """The target's calibration, and a note on it, from the newest cutoffs, each predicted by a model that had seen only
    labels known at that cutoff.

    Several cutoffs are used, because the level of a single one may be seasonal.
    """
    kind, question = target(sample.question.target), sample.question
    splits = [
        (earlier, rows)
        for earlier, rows in _out_of_time(sample)
        if kind.enough(earlier.y, question) and kind.enough(rows.y, question)
    ]
    if not splits:
        return None, "none: no cutoff has enough labels of each outcome before it and at it"
    raw = [module.predict(module.fit(earlier, params, seed), rows.X) for earlier, rows in splits]
    y = [rows.y for _, rows in splits]
    found = kind.calibrate(np.concatenate(raw), np.concatenate(y), question)
    return found, f"fitted out of time on {sum(map(len, y))} rows of the newest {len(splits)} complete cutoffs"


def _out_of_time(sample: Sample) -> Iterator[tuple[Sample, Sample]]:
    """For each of the newest cutoffs with complete labels: the rows known at the cutoff, and the cutoff's own rows."""
    complete = target(sample.question.target).complete(sample.y, sample.question)
    for cutoff in np.unique(sample.as_of[complete])[-CALIBRATION_CUTOFFS:]:
        yield known_at(sample, float(cutoff)), sample.where(sample.as_of == cutoff)


def known_at(sample: Sample, cutoff: float) -> Sample:
    """The rows whose labels were known at ``cutoff`` (days since 1970-01-01 UTC), labelled as they were known then."""
    rows, y = target(sample.question.target).known_at(sample.as_of, sample.y, cutoff, sample.question)
    return Sample(sample.X.loc[rows].reset_index(drop=True), y, sample.as_of[rows], sample.question)


def _checked(features: tuple[str, ...], X: pd.DataFrame) -> pd.DataFrame:
    """The model's columns in its order as float64; BadInput names those that are missing, not numeric or infinite."""
    missing = [name for name in features if name not in X.columns]
    if missing:
        raise BadInput(
            f"{len(missing)} of {len(features)} features are missing ({', '.join(missing[:5])}): "
            "compute them with features.snapshot"
        )
    chosen = X.loc[:, list(features)]
    # Culprits are looked up only if there are any: the service predicts one row at a time and must be quick.
    if not all(is_numeric_dtype(kind) for kind in set(chosen.dtypes)):
        text = [str(name) for name, kind in chosen.dtypes.items() if not is_numeric_dtype(kind)]
        raise BadInput(f"{', '.join(text[:5])} contain something other than numbers: give float columns, null as NaN")
    matrix = chosen.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = [name for name, bad in zip(features, np.isinf(matrix).any(axis=0), strict=True) if bad]
    if infinite:
        raise BadInput(f"infinite values in {', '.join(infinite[:5])}: use null where a value is not known")
    return pd.DataFrame(matrix, columns=chosen.columns, copy=False)
