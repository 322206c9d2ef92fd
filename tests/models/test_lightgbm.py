"""The tree learner and dates: weights of old rows halve, and the calendar is not memorised."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.learners import lightgbm
from models.question import Question
from models.sample import Sample

PARAMS = {**lightgbm.DEFAULTS, "n_estimators": 30, "min_data_in_leaf": 20}


def drifting(last_day: float) -> Sample:
    """Two cutoffs, the base rate .2 at the first and .8 at the second, and a column that only shows the date."""
    random = np.random.default_rng(0)
    as_of = np.repeat([0.0, last_day], 1000)
    y = (random.uniform(size=2000) < np.where(as_of == 0.0, 0.2, 0.8)).astype(float)
    X = pd.DataFrame({"purchase_recency_days": random.uniform(size=2000), "season": as_of / last_day})
    return Sample(X, y, as_of, Question("", "binary", "buys", (30.0,)))


@pytest.mark.parametrize(("last_day", "used"), [(300.0, False), (729.0, False), (730.0, True)])
def test_a_column_that_only_shows_the_date_is_used_after_two_years(last_day: float, used: bool) -> None:
    assert ("season" in lightgbm.importance(lightgbm.fit(drifting(last_day), PARAMS, 0))) is used


def test_a_single_cutoff_and_columns_that_are_all_constant_can_still_be_fitted() -> None:
    rows = drifting(300.0)
    one = lightgbm.fit(rows.where(rows.as_of == 0.0), PARAMS, 0)
    assert len(lightgbm.importance(one)) == 2
    only_dates = replace(rows, table=rows.X[["season"]])
    assert lightgbm.predict(lightgbm.fit(only_dates, PARAMS, 0), only_dates.X).shape == (2000,)


def test_a_short_half_life_follows_the_newest_cutoff() -> None:
    rows = drifting(300.0)
    means = [
        lightgbm.predict(lightgbm.fit(rows, {**PARAMS, "half_life_days": days}, 0), rows.X).mean()
        for days in (0.0, 300.0, 60.0)
    ]
    assert means == pytest.approx([0.5, 0.6, 0.8], abs=0.03)
