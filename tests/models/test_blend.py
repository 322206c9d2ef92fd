"""The blend: the mean of scores that it says it is, with the members that the columns and the outcome allow."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from models.calibration import logit
from models.learners import bgnbd, blend, lightgbm, linear, logistic, plain
from models.sample import floats
from tests.conformance.test_learners import world


def test_the_trees_weigh_half_and_the_others_share_the_rest() -> None:
    sample = replace(world("binary"), question=replace(world("binary").question, outcome="buys"))
    model, X = blend.fit(sample, blend.DEFAULTS, 7), sample.X
    assert list(model.members) == ["lightgbm", "plain", "logistic", "bgnbd"]
    trees = logit(lightgbm.predict(lightgbm.fit(sample, blend.DEFAULTS, 7), X))
    others = [
        logit(module.predict(module.fit(replace(sample, table=floats(sample.table, module.READS)), params, 7), X))
        for module, params in ((plain, {}), (logistic, logistic.DEFAULTS), (bgnbd, {}))
    ]
    assert blend.predict(model, X) == pytest.approx(expit(trees / 2 + sum(others) / 6))


def test_without_orders_the_other_half_is_a_regression_on_all_features() -> None:
    whole = world("binary")
    names = [name for name in whole.names if not name.startswith("purchase_")]
    sample = replace(whole, table=floats(whole.table, names))
    model = blend.fit(sample, blend.DEFAULTS, 7)
    assert list(model.members) == ["lightgbm", "linear"]
    scores = [
        logit(each)
        for each in (
            lightgbm.predict(model.members["lightgbm"], sample.X),
            linear.predict(model.members["linear"], sample.X),
        )
    ]
    assert blend.predict(model, sample.X) == pytest.approx(expit(np.mean(scores, axis=0)))


def test_bgnbd_has_no_say_in_an_outcome_it_does_not_know() -> None:
    sample = replace(world("binary"), question=replace(world("binary").question, outcome="renews"))
    assert "bgnbd" not in blend.fit(sample, blend.DEFAULTS, 7).members


def test_amounts_have_the_total_of_the_tuned_trees() -> None:
    sample = world("amount")
    model = blend.fit(sample, blend.DEFAULTS, 7)
    newest = sample.where(sample.as_of == sample.as_of.max()).X
    trees = lightgbm.predict(model.members["lightgbm"], newest)
    assert blend.predict(model, newest).sum() == pytest.approx(trees.sum())


def test_what_bgnbd_adds_counts_for_recency() -> None:
    sample = replace(world("binary"), question=replace(world("binary").question, outcome="buys"))
    model = blend.fit(sample, blend.DEFAULTS, 7)
    without = replace(model, members={name: each for name, each in model.members.items() if name != "bgnbd"})
    names, found = blend.contributions(model, sample.X)
    at = names.index("purchase_recency_days")
    shared = [name for name in blend.contributions(without, sample.X)[0] if name not in ("purchase_recency_days",)]
    assert set(shared) <= set(names)
    assert np.corrcoef(found[:, at], logit(bgnbd.predict(model.members["bgnbd"], sample.X)))[0, 1] > 0.5


def test_normal_scores_are_those_of_the_ranks() -> None:
    random = np.random.default_rng(0)
    values = random.lognormal(3, 2, 5_000)
    scale = linear.scale_of("purchase_spend", values)
    assert scale is not None
    scores = np.interp(values, scale.values, scale.scores)
    assert abs(scores.mean()) < 0.02
    assert scores.std() == pytest.approx(1.0, abs=0.1)
    assert linear.scale_of("constant", np.ones(100)) is None
    assert linear.scale_of("unknown", np.full(100, np.nan)) is None
