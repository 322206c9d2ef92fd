"""Laws every learner keeps; a new file in models/learners is found and tested here by itself."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from features.errors import NotFound
from models.learners import learner, learners
from models.params import Choice
from models.sample import Floats, Sample
from models.scores import roc_auc

NAMES = tuple(learners())


def world(rows: int = 1200, seed: int = 0, positive: str = "buys") -> Sample:
    """Customers whose chance to buy falls with recency and rises with their orders; some columns have nulls."""
    random = np.random.default_rng(seed)
    tenure = random.uniform(30.0, 400.0, rows)
    days = 1.0 + random.poisson(3.0, rows)
    recency = tenure * np.where(days > 1, random.beta(1.0, 3.0, rows), 1.0)
    p = 1.0 / (1.0 + np.exp(0.5 + recency / 60.0 - 0.4 * days))
    bought = (random.uniform(size=rows) < p).astype(float)
    X = pd.DataFrame(
        {
            "purchase_recency_days": recency,
            "purchase_tenure_days": tenure,
            "purchase_days_n": days,
            "purchase_orders_n": days + random.integers(0, 2, rows),
            "purchase_spend": random.gamma(2.0, 50.0, rows) * days,
            "cadence_gap_days_mean": np.where(days > 1, tenure / days, np.nan),
            "noise": random.normal(size=rows),
        }
    )
    as_of = np.repeat([15000.0, 15030.0, 15060.0], rows // 3)
    y = bought if positive == "buys" else 1.0 - bought
    return Sample(X, y, as_of, horizon_days=30.0, positive=positive)


class Corner:
    """A tuner that always answers the lowest, or always the highest."""

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


def test_the_scan_finds_the_learners_of_the_first_version() -> None:
    assert {"bgnbd", "constant", "lightgbm", "logistic", "recency"} <= set(NAMES)


def test_an_unknown_learner_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"lightgdm.*lightgbm"):
        learner("lightgdm")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("high", [False, True], ids=["lowest", "highest"])
def test_both_ends_of_the_search_space_can_be_fitted_and_name_all_parameters(name: str, high: bool) -> None:
    module, sample = learner(name), world(600)
    params = module.space(Corner(high))
    assert set(params) == set(module.DEFAULTS)
    p = module.predict(module.fit(sample, params, 0), sample.X)
    assert ((p >= 0.0) & (p <= 1.0)).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("positive", ["buys", "lapses"])
def test_probabilities_are_probabilities_and_point_the_way_of_the_label(name: str, positive: str) -> None:
    sample = world(positive=positive)
    p = learner(name).predict(fitted(name, sample), world(seed=1).X)
    assert p.shape == (1200,)
    assert p.dtype == np.float64
    assert ((p >= 0.0) & (p <= 1.0)).all()
    assert roc_auc(world(seed=1, positive=positive).y, p) >= (0.5 if name == "constant" else 0.65)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_sample_params_and_seed_give_the_same_bytes(name: str) -> None:
    first, second = (learner(name).dump(fitted(name, world())) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_model_predicts_bit_identically(name: str) -> None:
    module, model = learner(name), fitted(name, world())
    again = module.load(module.dump(model))
    X = world(seed=2).X
    assert _bits(module.predict(model, X)) == _bits(module.predict(again, X))
    assert module.dump(again) == module.dump(model)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_gets_the_same_bits_alone_in_a_batch_and_in_any_order(name: str) -> None:
    module, model, X = learner(name), fitted(name, world()), world(seed=3).X
    batch = module.predict(model, X)
    alone = np.concatenate([module.predict(model, X.iloc[[i]]) for i in range(300)])
    order = np.random.default_rng(0).permutation(len(X))
    assert _bits(alone) == _bits(batch[:300])
    assert _bits(module.predict(model, X.iloc[order])) == _bits(batch[order])


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_get_no_answers(name: str) -> None:
    assert learner(name).predict(fitted(name, world()), world().X.iloc[:0]).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_nulls_everywhere_still_give_a_probability(name: str) -> None:
    module, sample = learner(name), world()
    holes = sample.X.mask(np.random.default_rng(0).uniform(size=sample.X.shape) < 0.3)
    model = module.fit(Sample(holes, sample.y, sample.as_of, 30.0, "buys"), {**module.DEFAULTS}, 0)
    p = module.predict(model, sample.X.astype(float) * np.nan)
    assert ((p >= 0.0) & (p <= 1.0)).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_labels_that_are_all_the_same_are_survived(name: str, constant: float) -> None:
    sample = world(60)
    sample = Sample(sample.X, np.full(60, constant), sample.as_of, 30.0, "buys")
    p = learner(name).predict(fitted(name, sample), sample.X)
    assert ((p >= 0.0) & (p <= 1.0)).all()
    if name != "bgnbd":  # it learns from past purchases, not from labels
        assert abs(p.mean() - constant) < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_importance_names_features_and_is_not_negative(name: str) -> None:
    weights = learner(name).importance(fitted(name, world()))
    assert set(weights) <= set(world().X.columns)
    assert all(weight >= 0.0 for weight in weights.values())


def _bits(values: Floats) -> bytes:
    return np.ascontiguousarray(values).tobytes()
