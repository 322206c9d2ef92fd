"""The hazard learner: recent cutoffs count, and without informative columns it predicts the base curve."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models import curves
from models.learners import hazard
from models.question import Question
from models.sample import Sample

HORIZONS = (7.0, 30.0, 90.0)
FEW = {**hazard.DEFAULTS, "n_estimators": 80, "learning_rate": 0.05}


def buyers(rows: int = 3000) -> Sample:
    """Half of the customers buy four times as fast; the newest cutoff was observed for a week, the next for a month."""
    random = np.random.default_rng(0)
    fast = random.integers(0, 2, rows).astype(float)
    as_of = np.repeat([0.0, 60.0, 83.0], rows // 3)
    observed = np.repeat([90.0, 30.0, 7.0], rows // 3)
    event = random.exponential(np.where(fast == 1.0, 20.0, 80.0))
    y = np.column_stack([np.where(event < observed, event, np.inf), observed])
    X = pd.DataFrame({"fast": fast, "noise": random.normal(size=rows)})
    return Sample(X, y, as_of, Question("next_purchase", "curve", "next_order", HORIZONS))


def test_each_group_gets_the_curve_that_its_rate_gives() -> None:
    sample = buyers()
    p = hazard.predict(hazard.fit(sample, FEW, 1), sample.X)
    for fast, scale in ((1.0, 20.0), (0.0, 80.0)):
        group = p[sample.X["fast"] == fast].mean(axis=0)
        assert group == pytest.approx(1.0 - np.exp(-np.array(HORIZONS) / scale), abs=0.08)


def test_customers_observed_for_a_week_teach_the_first_interval() -> None:
    sample = buyers()
    newest = sample.as_of == sample.as_of.max()
    nobody = replace(sample, y=np.where(newest[:, None], [np.inf, 7.0], sample.y))
    with_news, without = (hazard.predict(hazard.fit(each, FEW, 1), sample.X)[:, 0].mean() for each in (sample, nobody))
    assert without < 0.75 * with_news


def test_where_no_column_helps_everybody_gets_the_base_curve() -> None:
    sample = buyers()
    sample = replace(sample, table=sample.X[["noise"]])
    p = hazard.predict(hazard.fit(sample, FEW, 1), sample.X).mean(axis=0)
    assert p == pytest.approx(curves.from_hazards(curves.base_hazards(sample.y, HORIZONS)[None])[0], abs=0.03)
