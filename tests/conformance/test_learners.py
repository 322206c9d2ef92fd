"""Laws of every learner; a new file in models/learners is found and tested here by itself."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from features.errors import BadArtifact, NotFound
from models import predictor
from models.curves import happened
from models.learners import learner, learners
from models.params import Choice
from models.predictor import Predictor
from models.question import Question
from models.sample import Floats, Sample
from models.scores import roc_auc
from models.targets import targets

NAMES = tuple(learners())
SERVED = tuple((name, target) for name, found in learners().items() for target in found.TARGETS)
"""Every learner with each kind of answer it can give."""

QUESTIONS = {
    "binary": Question("churn", "binary", "buys", (30.0,)),
    "amount": Question("value", "amount", "net_spend", (90.0,)),
    "curve": Question("next_purchase", "curve", "next_order", (7.0, 30.0, 90.0)),
}


def world(target: str = "binary", rows: int = 1200, seed: int = 0) -> Sample:
    """Customers who buy sooner and more after a more recent last order and with more orders; with some nulls."""
    random = np.random.default_rng(seed)
    tenure = random.uniform(30.0, 400.0, rows)
    days = 1.0 + random.poisson(3.0, rows)
    recency = tenure * np.where(days > 1, random.beta(1.0, 3.0, rows), 1.0)
    p = 1.0 / (1.0 + np.exp(0.5 + recency / 60.0 - 0.4 * days))
    bought = random.uniform(size=rows) < p
    X = pd.DataFrame(
        {
            "purchase_recency_days": recency,
            "purchase_tenure_days": tenure,
            "purchase_days_n": days,
            "purchase_orders_n": days + random.integers(0, 2, rows),
            "purchase_spend": random.gamma(2.0, 50.0, rows) * days,
            "purchase_spend_30d": 40.0 * days * np.exp(-recency / 60.0),
            "purchase_spend_90d": 90.0 * days * np.exp(-recency / 60.0),
            "purchase_spend_365d": 95.0 * days,
            "cadence_gap_days_mean": np.where(days > 1, tenure / days, np.nan),
            "noise": random.normal(size=rows),
        }
    )
    # Columns that a learner reads by name, and that say nothing here.
    lacking = sorted({column for found in learners().values() for column in found.READS or ()} - set(X.columns))
    X = X.assign(**{name: random.normal(size=rows) for name in lacking})
    as_of = np.repeat([15000.0, 15030.0, 15060.0], rows // 3)
    return Sample(X, labels(target, bought, p, as_of, random), as_of, QUESTIONS[target])


def labels(target: str, bought: Any, p: Floats, as_of: Floats, random: np.random.Generator) -> Floats:
    """Whether they bought, how much, or when; the newest cutoff was observed for 30 days only."""
    if target == "binary":
        return bought.astype(float)
    if target == "amount":
        return np.where(bought, random.gamma(2.0, 200.0, len(p)) * p, 0.0)
    observed = np.where(as_of == as_of.max(), 30.0, 90.0)
    event = random.exponential(60.0 * (1.0 - p) / p + 0.1, len(p))
    return np.column_stack([np.where(event < observed, event, np.inf), observed])


def plausible(target: str, raw: Floats, rows: int) -> bool:
    """Whether these are answers: probabilities, amounts above 0, or curves that never fall."""
    if target == "amount":
        return raw.shape == (rows,) and bool((raw > 0.0).all() and np.isfinite(raw).all())
    chances = bool(((raw >= 0.0) & (raw <= 1.0)).all())
    if target == "binary":
        return raw.shape == (rows,) and chances
    return raw.shape == (rows, 3) and chances and bool((np.diff(raw, axis=1) >= 0.0).all())


def auc(target: str, sample: Sample, raw: Floats) -> float:
    """How well the order of the answers matches the outcomes."""
    if target == "curve":
        seen = happened(sample.y, sample.question.horizons)[:, 1]
        return roc_auc(seen, raw[:, 1])
    return roc_auc((sample.y > 0.0).astype(float), raw)


class Corner:
    """A tuner that always chooses the lowest value, or always the highest."""

    def __init__(self, high: bool) -> None:
        self.high = high

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:  # noqa: ARG002
        return high if self.high else low

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:  # noqa: ARG002
        return high if self.high else low

    def suggest_categorical(self, name: str, choices: Sequence[Choice]) -> Choice:  # noqa: ARG002
        return choices[-1 if self.high else 0]


def fitted(name: str, sample: Sample, seed: int = 7) -> object:
    module = learner(name)
    return module.fit(sample, {**module.DEFAULTS}, seed)


@cache
def model_of(name: str, target: str) -> object:
    """The learner fitted to ``world(target)``, for all tests that only ask it."""
    return fitted(name, world(target))


def test_the_scan_finds_the_learners_of_the_first_version() -> None:
    assert {"bgnbd", "constant", "lightgbm", "logistic", "recency"} <= set(NAMES)


def test_an_unknown_learner_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"lightgdm.*lightgbm"):
        learner("lightgdm")


@pytest.mark.parametrize(("name", "target"), SERVED)
@pytest.mark.parametrize("high", [False, True], ids=["lowest", "highest"])
def test_both_ends_of_the_search_space_can_be_fitted_and_name_all_parameters(
    name: str, target: str, high: bool
) -> None:
    module, sample = learner(name), world(target, 300)
    params = module.space(Corner(high))
    assert set(params) == set(module.DEFAULTS)
    assert plausible(target, module.predict(module.fit(sample, params, 0), sample.X), 300)


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_answers_are_plausible_and_rise_with_the_label(name: str, target: str) -> None:
    raw = learner(name).predict(model_of(name, target), world(target, seed=1).X)
    assert raw.dtype == np.float64
    assert plausible(target, raw, 1200)
    assert auc(target, world(target, seed=1), raw) >= (0.65 if learner(name).READS != () else 0.5)


@pytest.mark.parametrize("name", [name for name, target in SERVED if target == "binary"])
def test_lapsing_reverses_the_order_of_buying(name: str) -> None:
    buys = world()
    lapses = Sample(buys.X, 1.0 - buys.y, buys.as_of, Question("churn", "binary", "lapses", (30.0,)))
    p = learner(name).predict(fitted(name, lapses), world(seed=1).X)
    assert roc_auc(1.0 - world(seed=1).y, p) >= (0.65 if learner(name).READS != () else 0.5)


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_the_same_sample_params_and_seed_give_the_same_bytes(name: str, target: str) -> None:
    assert learner(name).dump(fitted(name, world(target))) == learner(name).dump(model_of(name, target))


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_a_loaded_model_predicts_bit_identically(name: str, target: str) -> None:
    module, model = learner(name), model_of(name, target)
    again = module.load(module.dump(model))
    X = world(target, seed=2).X
    assert _bits(module.predict(model, X)) == _bits(module.predict(again, X))
    assert module.dump(again) == module.dump(model)


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_a_row_gets_the_same_bits_alone_in_a_batch_and_in_any_order(name: str, target: str) -> None:
    module, model, X = learner(name), model_of(name, target), world(target, seed=3).X
    batch = module.predict(model, X)
    alone = np.concatenate([module.predict(model, X.iloc[[i]]) for i in range(200)])
    order = np.random.default_rng(0).permutation(len(X))
    assert _bits(alone) == _bits(batch[:200])
    assert _bits(module.predict(model, X.iloc[order])) == _bits(batch[order])


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_no_rows_get_no_answers(name: str, target: str) -> None:
    raw = learner(name).predict(model_of(name, target), world(target).X.iloc[:0])
    assert raw.shape == ((0, 3) if target == "curve" else (0,))


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_nulls_everywhere_still_give_an_answer(name: str, target: str) -> None:
    module, sample = learner(name), world(target)
    holes = sample.X.mask(np.random.default_rng(0).uniform(size=sample.X.shape) < 0.3)
    model = module.fit(replace(sample, table=holes), {**module.DEFAULTS}, 0)
    assert plausible(target, module.predict(model, sample.X.astype(float) * np.nan), len(sample))


@pytest.mark.parametrize(("name", "target"), SERVED)
@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_equal_labels_still_give_answers(name: str, target: str, constant: float) -> None:
    sample = world(target, 60)
    same = np.full(60, constant)
    y = np.column_stack([np.where(same == 1.0, 1.0, np.inf), np.full(60, 90.0)]) if target == "curve" else same
    raw = learner(name).predict(fitted(name, replace(sample, y=y)), sample.X)
    assert plausible(target, raw, 60)
    if not learner(name).OUTCOMES:  # a learner with OUTCOMES derives them from past purchases, not from labels
        assert abs(raw.mean() - constant) < 0.1


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_importance_names_features_and_is_not_negative(name: str, target: str) -> None:
    weights = learner(name).importance(model_of(name, target))
    assert set(weights) <= set(world(target).X.columns)
    assert all(weight >= 0.0 for weight in weights.values())


SUMMED = ("lightgbm", "hazard", "plain", "logistic", "recency")
"""Learners of which it is known that their score is a sum; others may be."""


def score(target: str, raw: Floats) -> Floats:
    """What contributions sum to: log odds, a logarithm, or the mean log odds of the intervals of a curve."""
    if target == "amount":
        return np.log(raw)
    if target == "binary":
        return logit(raw)
    before = np.column_stack([np.zeros(len(raw)), raw[:, :-1]])
    return logit((raw - before) / (1.0 - before)).mean(axis=1)


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_contributions_sum_to_the_score_of_each_row(name: str, target: str) -> None:
    X = world(target, seed=4).X
    X = X.mask(np.random.default_rng(0).uniform(size=X.shape) < 0.1)
    found, raw = (
        learner(name).contributions(model_of(name, target), X),
        learner(name).predict(model_of(name, target), X),
    )
    assert (found is not None) or name not in SUMMED
    if found is None:
        return
    names, each = found
    assert set(names) <= set(X.columns)
    assert each.shape == (len(X), len(names) + 1)
    # An amount is raised to its floor, which no column does.
    free = raw > raw.min() if target == "amount" else np.ones(len(X), dtype=bool)
    assert free.mean() > 0.5
    assert np.abs(each.sum(axis=1) - score(target, raw))[free].max() < 1e-9
    assert (each.sum(axis=1)[~free] <= np.log(raw.min()) + 1e-9).all()


@pytest.mark.parametrize(("name", "target"), [pair for pair in SERVED if pair[0] in SUMMED])
def test_contributions_of_a_row_have_the_same_bits_alone_and_in_any_order(name: str, target: str) -> None:
    module, model, X = learner(name), model_of(name, target), world(target, seed=3).X

    def of(rows: pd.DataFrame) -> Floats:
        found = module.contributions(model, rows)
        assert found is not None
        return found[1]

    batch, order = of(X), np.random.default_rng(0).permutation(len(X))
    assert _bits(np.concatenate([of(X.iloc[[i]]) for i in range(50)])) == _bits(batch[:50])
    assert _bits(of(X.iloc[order])) == _bits(batch[order])
    assert of(X.iloc[:0]).shape == (0, batch.shape[1])


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_columns_are_found_by_name_and_only_those_it_names_are_read(name: str, target: str) -> None:
    module, sample = learner(name), world(target)
    model = model_of(name, target)
    assert target in targets()
    assert _bits(module.predict(model, sample.X[sample.X.columns[::-1]])) == _bits(module.predict(model, sample.X))
    if module.READS is not None:
        own = replace(sample, table=sample.X[list(module.READS)])
        assert _bits(module.predict(fitted(name, own), own.X)) == _bits(module.predict(model, sample.X))


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_fitting_and_predicting_leave_the_sample_as_it_was(name: str, target: str) -> None:
    sample = world(target)
    learner(name).predict(fitted(name, sample), sample.X)
    before = world(target)
    pd.testing.assert_frame_equal(sample.X, before.X, check_exact=True)
    assert (_bits(sample.y), _bits(sample.as_of)) == (_bits(before.y), _bits(before.as_of))


@pytest.mark.parametrize(("name", "target"), SERVED)
def test_a_model_is_plain_data_and_a_missing_file_is_refused_in_a_sentence(name: str, target: str) -> None:
    module, sample = learner(name), world(target)
    files = module.dump(model_of(name, target))
    assert all(is_plain(file, data) for file, data in files.items())
    model = Predictor(sample.question, name, model_of(name, target), None, tuple(sample.X.columns), {})
    whole = predictor.dump(model)
    for lost in whole:
        with pytest.raises(BadArtifact, match="again"):
            predictor.load({file: data for file, data in whole.items() if file != lost})


def is_plain(file: str, data: bytes) -> bool:
    """Whether the file is JSON, an array of numbers or text, so that it cannot contain code."""
    if file.endswith(".json"):
        return isinstance(json.loads(data), dict)
    if file.endswith(".npy"):
        return np.load(io.BytesIO(data), allow_pickle=False).dtype.kind in "fiub"
    return file.endswith(".txt") and "\0" not in data.decode("utf-8")


def _bits(values: Floats) -> bytes:
    return np.ascontiguousarray(values).tobytes()
