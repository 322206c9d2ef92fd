"""A predictor: a fitted learner with its question, columns and calibration; the unit that is saved and served."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from features.errors import BadArtifact, BadInput, HistoryTooShort
from models.learners import Params, cannot_answer, learner
from models.params import complete_params
from models.plain import json_bytes, json_from
from models.question import Question
from models.sample import Floats, Sample, floats
from models.targets import Calibration, target
from models.usual import usual_values

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
    usual: Mapping[str, float | None] = field(default_factory=dict)
    """The usual value of each feature, for reasons; empty if the score is no sum of columns, and before 0.9."""


def fit_predictor(learner_name: str, sample: Sample, params: Params, seed: int, calibrate: bool) -> Predictor:
    """Fit a learner on ``sample`` and, if asked, calibrate it on predictions made out of time.

    A learner that names its columns gets only these, and the predictor then needs only these.

    Raises HistoryTooShort without rows, BadInput if the learner cannot answer the question or a column is missing, not
    numeric or infinite, BadConfig for an unknown parameter.
    """
    read, known = _readable(learner_name, sample), _known(learner_name, params)
    fitted = _fitted(learner_name, read, known, seed)
    if learner(learner_name).contributions(fitted.model, read.table.iloc[:0]) is not None:
        fitted = replace(fitted, usual=usual_values(read))
    if not calibrate:
        return fitted

    def raw(cutoff: float, rows: Sample) -> Floats:
        return raw_answers(_fitted(learner_name, known_at(read, cutoff), known, seed), rows.X)

    return calibrated(fitted, read, raw)


def _readable(learner_name: str, sample: Sample) -> Sample:
    """The sample with the columns that the learner reads, after all checks; made once for each sample."""
    question = sample.question
    if len(sample) == 0:
        raise HistoryTooShort(f"no rows to fit {question.task} on: load more history or shorten horizon_days")
    if why := cannot_answer(learner_name, question):
        raise BadInput(f"{learner_name} cannot learn {question.task}: {why}")
    named = learner(learner_name).READS
    features = sample.names if named is None else named
    return sample.once(("checked", features), lambda: _checked_sample(features, sample))


def _known(learner_name: str, params: Params) -> Params:
    return complete_params(learner_name, learner(learner_name).DEFAULTS, params)


def _fitted(learner_name: str, sample: Sample, params: Params, seed: int) -> Predictor:
    model = learner(learner_name).fit(sample, params, seed)
    return Predictor(sample.question, learner_name, model, None, sample.names, params, "none: not asked for")


def raw_answers(predictor: Predictor, X: pd.DataFrame) -> Floats:
    """The learner's predictions, which a calibration corrects; ``X`` has the model's columns, checked."""
    return learner(predictor.learner).predict(predictor.model, X)


def predict(predictor: Predictor, X: pd.DataFrame) -> Floats:
    """Calibrated answers (n, k), in the layout of the question's target.

    Columns are taken by name, further ones are ignored, NaN is null. BadInput if one is missing, infinite or no number.
    """
    raw = learner(predictor.learner).predict(predictor.model, _checked(predictor.features, X))
    return target(predictor.question.target).answer(raw, predictor.calibration, predictor.question)


def readable(predictor: Predictor, X: pd.DataFrame) -> pd.DataFrame:
    """The model's columns of ``X`` in its order, float64 in one block; errors as of :func:`predict`."""
    return _checked(predictor.features, X)


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
        "usual": dict(predictor.usual),
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
            usual=state.get("usual", {}),
        )
    except (KeyError, TypeError) as error:
        raise BadArtifact(f"the predictor lacks {error}: write the artifact again") from error


def _question(state: Mapping[str, Any]) -> Question:
    """The question; artifacts of versions before 0.3 have it in three keys."""
    if "question" not in state:
        return Question.of_version_0_2(state["task"], state["positive"], state["horizon_days"])
    return Question.of(state["question"])


def calibration_cutoffs(sample: Sample) -> list[float]:
    """The newest cutoffs, oldest first, that a calibration is fitted at: with complete labels, and enough labels of
    each outcome at the cutoff, and known by then."""
    kind, question = target(sample.question.target), sample.question
    complete = np.unique(sample.as_of[kind.complete(sample.y, question)])[-CALIBRATION_CUTOFFS:]
    return [
        float(cutoff)
        for cutoff in complete
        if kind.enough(known_at(sample, cutoff).y, question) and kind.enough(sample.y[sample.as_of == cutoff], question)
    ]


def calibrated(predictor: Predictor, sample: Sample, raw: Callable[[float, Sample], Floats]) -> Predictor:
    """The predictor, fitted on ``sample``, with its target's calibration and a note on it.

    ``raw(cutoff, rows)`` are predictions for ``rows``, those of the sample at the cutoff, by a model with the same
    parameters that had seen only labels known at the cutoff. Several cutoffs are used, because the level of a single
    one may be seasonal.
    """
    cutoffs = calibration_cutoffs(sample)
    if not cutoffs:
        note = "none: no cutoff has enough labels of each outcome before it and at it"
        return replace(predictor, calibration_note=note)
    rows = [sample.where(sample.as_of == cutoff) for cutoff in cutoffs]
    raws = np.concatenate([raw(cutoff, each) for cutoff, each in zip(cutoffs, rows, strict=True)])
    y = np.concatenate([each.y for each in rows])
    as_of = np.concatenate([each.as_of for each in rows])
    kind = target(sample.question.target)
    found = kind.calibrate(raws, y, as_of, sample.question)
    on = f"{len(y)} rows of the newest {len(cutoffs)} complete cutoffs"
    note = f"{kind.calibration_method(found)}; fitted out of time on {on}"
    return replace(predictor, calibration=found, calibration_note=note)


def known_at(sample: Sample, cutoff: float) -> Sample:
    """The rows whose labels were known at ``cutoff`` (days since 1970-01-01 UTC), labelled as they were known then."""
    rows, y = target(sample.question.target).known_at(sample.as_of, sample.y, cutoff, sample.question)
    return replace(sample.where(rows), y=y, until=cutoff)


def _checked_sample(features: tuple[str, ...], sample: Sample) -> Sample:
    """The sample with these columns only, in this order; they are looked through one at a time, and not copied."""
    _refuse_missing(features, sample.table)
    _refuse_text(features, sample.table)
    read = replace(sample, table=floats(sample.table, features))
    _refuse_infinite(name for name in features if np.isinf(read.column(name)).any())
    return read


def _checked(features: tuple[str, ...], X: pd.DataFrame) -> pd.DataFrame:
    """The model's columns in its order as float64; BadInput names those that are missing, not numeric or infinite."""
    _refuse_missing(features, X)
    chosen = X.loc[:, list(features)]
    _refuse_text(features, chosen)
    matrix = chosen.to_numpy(dtype=np.float64, na_value=np.nan)
    _refuse_infinite(name for name, bad in zip(features, np.isinf(matrix).any(axis=0), strict=True) if bad)
    return pd.DataFrame(matrix, columns=chosen.columns, copy=False)


def _refuse_missing(features: tuple[str, ...], X: pd.DataFrame) -> None:
    missing = [name for name in features if name not in X.columns]
    if missing:
        raise BadInput(
            f"{len(missing)} of {len(features)} features are missing ({', '.join(missing[:5])}): "
            "compute them with features.snapshot"
        )


def _refuse_text(features: tuple[str, ...], X: pd.DataFrame) -> None:
    kinds = X.dtypes
    # Culprits are looked up only if there are any: the service predicts one row at a time and must be quick.
    if not all(is_numeric_dtype(kind) for kind in set(kinds)):
        text = [name for name in features if not is_numeric_dtype(kinds[name])]
        if text:
            raise BadInput(
                f"{', '.join(text[:5])} contain something other than numbers: give float columns, null as NaN"
            )


def _refuse_infinite(names: Iterable[str]) -> None:
    if infinite := list(names):
        raise BadInput(f"infinite values in {', '.join(infinite[:5])}: use null where a value is not known")
