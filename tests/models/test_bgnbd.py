"""BG/NBD as a learner: which rows it is fitted on, and what it predicts for each outcome."""

import numpy as np
import pandas as pd

from models.learners import bgnbd
from models.learners._btyd import BgNbd
from models.question import Question
from models.sample import Sample

PAPER = BgNbd(r=0.24259, alpha=4.41360, a=0.79292, b=2.42589)


def test_only_the_newest_cutoff_is_fitted_on() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "purchase_days_n": 1.0 + random.poisson(2.0, 400),
            "purchase_tenure_days": 100.0,
            "purchase_recency_days": random.uniform(0.0, 100.0, 400),
        }
    )
    as_of = np.repeat([1.0, 31.0], 200)
    both = Sample(X, np.zeros(400), as_of, Question("", "binary", "buys", (30.0,)))
    assert bgnbd.fit(both, {}, 0) == bgnbd.fit(both.where(as_of == 31.0), {}, 0)


def test_lapsing_is_the_complement_of_buying() -> None:
    X = pd.DataFrame({"purchase_days_n": [3.0], "purchase_tenure_days": [90.0], "purchase_recency_days": [10.0]})
    buys, lapses = (bgnbd.predict(bgnbd.Fitted(PAPER, outcome, (30.0,)), X)[0] for outcome in ("buys", "lapses"))
    assert buys + lapses == 1.0


def test_it_is_fitted_on_all_buyers_of_the_newest_date_that_is_known() -> None:
    """Those who bought lately are half of them: fitted on these alone, it takes too few for gone."""
    random = np.random.default_rng(1)
    everybody = pd.DataFrame(
        {
            "as_of": np.repeat([1.0, 31.0, 61.0], 300),
            "purchase_days_n": 1.0 + random.poisson(2.0, 900),
            "purchase_tenure_days": 100.0,
            "purchase_recency_days": random.uniform(0.0, 100.0, 900),
        }
    )
    lately = everybody[(everybody["purchase_recency_days"] < 50.0) & (everybody["as_of"] < 61.0)]
    question = Question("", "binary", "lapses", (30.0,))
    X, as_of = lately.drop(columns="as_of").reset_index(drop=True), lately["as_of"].to_numpy()
    sample = Sample(X, np.zeros(len(X)), as_of, question, everybody=everybody, until=31.0)
    at = everybody[everybody["as_of"] == 31.0].drop(columns="as_of").reset_index(drop=True)
    alone = Sample(at, np.zeros(len(at)), np.full(len(at), 31.0), question)
    assert bgnbd.fit(sample, {}, 0).process == bgnbd.fit(alone, {}, 0).process
    assert (
        bgnbd.predict(bgnbd.fit(sample, {}, 0), X).mean()
        > bgnbd.predict(bgnbd.fit(Sample(X, np.zeros(len(X)), as_of, question), {}, 0), X).mean()
    )
