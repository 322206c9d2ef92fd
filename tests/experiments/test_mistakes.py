"""Mistakes that make a model look better than it is, planted where no other test is at home."""

import numpy as np
import pandas as pd
import pytest

from experiments import predict
from experiments.contest import Contestant
from experiments.dataset import Dataset
from experiments.rolling import fitted_at
from models.predictor import predict as answers
from models.question import Question
from models.targets import targets
from tests.experiments.conftest import study


@pytest.mark.parametrize("learner", ["logistic", "lightgbm", "recency"])
def test_what_a_model_learns_does_not_depend_on_the_rows_it_is_tested_on(
    make_dataset, dataset: Dataset, learner: str
) -> None:
    """Scalers, bins and imputed values are fitted on what was known at the cutoff: later rows are multiplied here."""
    cutoff = predict.prepare(study(), dataset).tests[0]
    columns = [name for name in dataset.frame.columns if name not in ("customer_id", "as_of", "label")]
    frame: pd.DataFrame = dataset.frame.copy()
    late = (frame["as_of"] >= cutoff).to_numpy()
    frame.loc[late, columns] = frame.loc[late, columns] * 1000.0
    found = []
    for each in (dataset, make_dataset(frame)):
        problem = predict.prepare(study(learners=[learner]), each)
        (fitted,) = fitted_at(problem, [Contestant("tuned", learner, {})], cutoff)
        found.append(answers(fitted.model, dataset.frame.iloc[:200]))
    assert np.array_equal(*found)


def test_no_score_is_accuracy() -> None:
    """Of a rare event it is high for whoever says no."""
    random = np.random.default_rng(0)
    y, p = (random.random(500) < 0.1).astype(float), random.random((500, 1))
    labels = {
        "binary": y,
        "amount": y * 10,
        "curve": np.column_stack([np.where(y == 1, 1.0, np.inf), np.full(500, 30)]),
    }
    answer = {"binary": p, "amount": np.tile(p, 3), "curve": p}
    for name, target in targets().items():
        if name in labels:
            question = Question("", name, "", (30.0,))
            assert not [score for score in target.scores(labels[name], answer[name], question) if "accuracy" in score]
            assert target.LOSS in target.headline(question)
