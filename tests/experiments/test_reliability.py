"""Reliability and the verdict in short: planted faults are named, a sound model is called so, a useless one too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments import predict
from experiments.contest import Contestant, Scored
from experiments.dataset import Dataset
from experiments.prediction_page import in_short
from experiments.reliability import ALL, in_words, reliability
from experiments.rolling import Problem, rolling_test
from models.calibration import logit
from tests.experiments.conftest import study


@pytest.fixture(scope="module")
def tested(dataset: Dataset) -> tuple[Problem, Scored]:
    problem = predict.prepare(study(), dataset)
    return problem, rolling_test(problem, Contestant("tuned", "logistic", {}))


def bent(tested: Scored, slope: float, shift: float) -> Scored:
    """The same with every log odds times ``slope`` plus ``shift``."""
    answers = [1 / (1 + np.exp(-(slope * logit(a) + shift))) for a in tested.answers]
    return replace(tested, answers=answers)


def test_each_cutoff_and_all_together_have_a_level_and_a_slope(tested: tuple[Problem, Scored]) -> None:
    problem, scored = tested
    found = reliability(problem, scored)
    assert [each.cutoff for each in found] == [ALL, *map(problem.name, problem.tests)]
    y, p = np.concatenate(scored.outcomes), np.concatenate(scored.answers)[:, 0]
    assert found[0].level.value == pytest.approx(p.sum() / y.sum())
    assert found[0].rows == len(y) == sum(each.rows for each in found[1:])


@pytest.mark.parametrize(
    ("slope", "shift", "words"), [(2.0, 0.0, "slope"), (0.4, 0.25, "slope"), (1.0, 1.0, "times as much was predicted")]
)
def test_planted_faults_are_named(tested: tuple[Problem, Scored], slope: float, shift: float, words: str) -> None:
    problem, scored = tested
    sound, why = in_words(reliability(problem, bent(scored, slope, shift)))
    assert not sound
    assert words in why


def test_the_verdict_comes_first_and_says_how_good_and_where_not(tested: tuple[Problem, Scored]) -> None:
    problem, scored = tested
    words = in_short(problem, [scored])
    assert words.startswith("**Good enough to act on? ")
    assert "in the tenth with the highest probabilities" in words


def test_a_proven_model_of_no_use_is_called_so(tested: tuple[Problem, Scored]) -> None:
    problem, scored = tested
    useless = replace(scored, scores={**scored.scores, "roc_auc": 0.54})
    problem = replace(problem)
    assert "**Good enough to act on? No.**" in in_short(problem, [useless])
    assert "Of little use: of two customers, one of whom it happens to, it names the right one in 54%" in in_short(
        problem, [useless]
    )


def test_the_page_has_all_parts_and_needs_nothing_from_outside(tested: tuple[Problem, Scored], tmp_path: Path) -> None:
    problem, scored = tested
    baseline = rolling_test(problem, Contestant("baseline", "constant", {}))
    predict.pictures(problem, tmp_path, "Who stops buying?", [scored, baseline])
    page = (tmp_path / "report.html").read_text()
    for part in (
        "Good enough to act on?",
        "Beside the baselines",
        "Calibration",
        "Slices",
        "Leak probe",
        "opened once",
    ):
        assert part in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def test_scores_stand_in_a_table_beside_each_other(tested: tuple[Problem, Scored]) -> None:
    problem, scored = tested
    baseline = rolling_test(problem, Contestant("baseline", "constant", {}))
    columns = predict.tables(problem, [scored, baseline])["scores.json"]
    assert columns["contestant"] == ["logistic (tuned)", "constant"]
    assert columns["advantage"][0] is None
    assert columns["advantage_low"][1] > 0
    assert columns["log_loss"][0] < columns["log_loss"][1]
