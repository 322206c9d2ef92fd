"""Two predictors side by side: leads a cutoff by hand, and none of other rows."""

import numpy as np
import pytest

from experiments.comparison import leads, registered
from features.errors import BadInput


def test_a_lead_is_the_mean_difference_of_losses_and_together_customers_count_once() -> None:
    random = np.random.default_rng(0)
    one = [random.gamma(2.0, 1.0, 400), random.gamma(2.0, 1.0, 300)]
    other = [loss - shift for loss, shift in zip(one, (0.3, 0.1), strict=True)]
    ids = [np.arange(400), np.arange(300)]
    first, second, both = leads(one, other, ["2026-01-01", "2026-02-01"], ids)
    assert (first.advantage.mean, second.advantage.mean) == pytest.approx((0.3, 0.1))
    assert both.advantage.mean == pytest.approx((400 * 0.3 + 300 * 0.1) / 700)
    assert (first.customers, both.customers, both.cutoff) == (400, 400, "")
    assert len(leads(one, other, ["a", "b"])) == 2, "whose the rows are is not known: no lead over all"


def test_noise_has_an_interval_around_nothing() -> None:
    random = np.random.default_rng(1)
    one, other = random.normal(size=(2, 2_000))
    (found,) = leads([one], [other], ["2026-01-01"], [np.arange(2_000)])
    assert found.advantage.low < 0 < found.advantage.high


def test_other_rows_are_refused() -> None:
    with pytest.raises(BadInput, match="other customers or other dates"):
        leads([np.zeros(3)], [np.zeros(4)], ["2026-01-01"])


def test_the_registered_model_may_be_a_baseline() -> None:
    losses = {"tuned lightgbm": [np.zeros(1)], "baseline logistic": [np.ones(1)]}
    assert registered(losses, "logistic")[0][0] == 1.0
    assert registered(losses, "lightgbm")[0][0] == 0.0
    with pytest.raises(BadInput, match="no losses of bgnbd"):
        registered(losses, "bgnbd")
