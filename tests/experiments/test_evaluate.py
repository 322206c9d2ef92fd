"""The rolling-origin test: nothing that was unknown at a cutoff moves what is predicted at it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from experiments.config import Segments
from experiments.dataset import Dataset
from experiments.evaluate import (
    BASELINE,
    TUNED,
    Contestant,
    Tested,
    contestants,
    loss_difference,
    rolling_test,
    spread,
    winner_first,
)
from experiments.objective import (
    Objective,
    SegmentObjective,
    bootstrap_mean,
    dataset_tests,
    penalty,
    row_loss,
)
from models.scores import bootstrap_difference, log_loss
from tests.experiments.conftest import group_study, groups, study

LOGISTIC = Contestant(TUNED, "logistic", {"ridge": 1.0})


@pytest.mark.parametrize("calibrate", [False, True])
def test_labels_unknown_at_a_cutoff_do_not_move_its_predictions(dataset: Dataset, calibrate: bool) -> None:
    config = study(calibrate=calibrate)
    cutoffs = dataset_tests(config, dataset)
    for i, cutoff in enumerate(cutoffs):
        unknown = dataset.frame["as_of"] + 30.0 > cutoff
        flipped = dataset.frame.assign(label=dataset.frame["label"].where(~unknown, 1 - dataset.frame["label"]))
        other = Dataset(flipped, dataset.features, dataset.task, dataset.horizon_days, "flipped", {})
        honest = rolling_test(config, dataset, LOGISTIC).predictions[i]
        assert np.array_equal(honest, rolling_test(config, other, LOGISTIC).predictions[i])


def test_the_labels_known_at_a_cutoff_do_move_its_predictions(dataset: Dataset) -> None:
    config = study()
    flipped = dataset.frame.assign(label=1 - dataset.frame["label"])
    other = Dataset(flipped, dataset.features, dataset.task, dataset.horizon_days, "flipped", {})
    one, two = (rolling_test(config, each, LOGISTIC).predictions[-1] for each in (dataset, other))
    assert not np.array_equal(one, two)


def test_scores_are_means_over_the_cutoffs(dataset: Dataset) -> None:
    tested = rolling_test(study(), dataset, LOGISTIC)
    by_hand = [log_loss(y, p) for y, p in zip(tested.outcomes, tested.predictions, strict=True)]
    assert len(by_hand) == 2
    assert tested.scores["log_loss"] == pytest.approx(np.mean(by_hand))
    found = spread(tested.by_cutoff, ("log_loss",))
    assert (found["log_loss_lowest"], found["log_loss_highest"]) == (min(by_hand), max(by_hand))


def test_a_baseline_reads_its_columns_even_where_the_study_leaves_them_out(dataset: Dataset) -> None:
    narrow = study(learners=["lightgbm"], baselines=["logistic"], features={"include": ["noise_a"]})
    baseline = rolling_test(narrow, dataset, Contestant(BASELINE, "logistic", {}))
    assert baseline.scores["roc_auc"] > 0.7
    tuned = rolling_test(narrow, dataset, Contestant(TUNED, "lightgbm", {"n_estimators": 20}))
    assert tuned.model.features == ("noise_a",)
    assert abs(tuned.scores["roc_auc"] - 0.5) < 0.1, "noise predicts nothing, unless the label leaks"


def test_the_winner_stands_beside_itself_untuned_and_every_baseline_but_itself() -> None:
    found = contestants(study(baselines=["constant", "logistic", "recency"]), "logistic", {"ridge": 9.0})
    assert [each.name for each in found] == [
        "tuned logistic",
        "untuned logistic",
        "baseline constant",
        "baseline recency",
    ]


def test_the_loss_of_rows_averages_to_the_log_loss() -> None:
    y, p = np.array([0.0, 1.0, 1.0]), np.array([0.2, 0.9, 0.4])
    assert row_loss(y, p).mean() == pytest.approx(log_loss(y, p))


def test_the_interval_agrees_with_scoring_every_resample() -> None:
    random = np.random.default_rng(0)
    p, q = random.uniform(0.05, 0.95, (2, 400))
    y = (random.random(400) < p).astype(float)
    ours = loss_difference(y, p, q, draws=2000, confidence=0.95, seed=1)
    slow = bootstrap_difference(y, p, q, log_loss, draws=2000, seed=2)
    assert ours == pytest.approx(slow, rel=0.1)


def test_a_wider_confidence_is_a_wider_interval() -> None:
    each = np.random.default_rng(0).normal(size=300)
    _, low, high = bootstrap_mean(each, 1000, 0.8, 0)
    _, lower, higher = bootstrap_mean(each, 1000, 0.99, 0)
    assert lower < low < each.mean() < high < higher


@pytest.mark.parametrize(
    ("sizes", "lost"),
    [
        ({"segments_n": 4, "noise_share": 0.0, "smallest_share": 0.1}, 0.0),
        ({"segments_n": 2, "noise_share": 0.0, "smallest_share": 0.1}, 0.2),
        ({"segments_n": 12, "noise_share": 0.0, "smallest_share": 0.1}, 0.2),
        ({"segments_n": 4, "noise_share": 0.5, "smallest_share": 0.1}, 0.2),
        ({"segments_n": 4, "noise_share": 0.0, "smallest_share": 0.01}, 0.2),
    ],
)
def test_a_clustering_of_no_use_loses(sizes: dict[str, float], lost: float) -> None:
    assert penalty(Segments(fewest=4, most=10, smallest_share=0.03, most_noise=0.3), sizes) == pytest.approx(lost)


def test_planted_groups_are_worth_more_than_the_wrong_number_of_them(group_dataset: Dataset) -> None:
    objective = SegmentObjective(Objective(group_study(), group_dataset))
    values = {k: objective("kmeans", {"k": k})[0] for k in (3, 4, 8)}
    assert max(values, key=lambda k: values[k]) == 4
    assert values[4] > 0.1


def test_shuffled_columns_have_no_gap(make_dataset: Callable[[pd.DataFrame], Dataset]) -> None:
    frame = groups(400)
    random = np.random.default_rng(3)
    features = [name for name in frame.columns if name.startswith("purchase")]
    shuffled = frame.assign(**{name: random.permutation(frame[name].to_numpy()) for name in features})
    value, _ = SegmentObjective(Objective(group_study(), make_dataset(shuffled)))("kmeans", {"k": 4})
    assert abs(value) < 0.06


def contender(role: str, name: str, p: list[float], y: list[float]) -> Tested:
    """A contestant that said ``p`` at one cutoff where ``y`` happened; no model is fitted."""
    outcomes, predictions = [np.array(y)], [np.array(p)]
    return Tested(Contestant(role, name, {}), None, [100.0], outcomes, predictions, [], 0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("baselines", "registered"),
    [
        ({"recency": 0.6, "constant": 0.5}, "lightgbm"),  # every baseline is beaten
        ({"bgnbd": 0.9, "constant": 0.5}, "bgnbd"),  # as good and simpler
        ({"bgnbd": 0.9, "logistic": 0.95, "constant": 0.5}, "logistic"),  # the best of those unbeaten
    ],
)
def test_the_simpler_model_is_registered_unless_the_tuned_one_is_proven_better(
    baselines: dict[str, float], registered: str
) -> None:
    y = [0.0, 1.0] * 50
    dataset = Dataset(pd.DataFrame({"customer_id": range(100), "as_of": 100.0}), (), None, None, "", {})
    said = {
        name: [p if one else 1 - p for one in y] if name != "constant" else [p] * 100 for name, p in baselines.items()
    }
    ours = contender(TUNED, "lightgbm", [0.9 if one else 0.1 for one in y], y)
    found, why = winner_first(study(), dataset, [ours, *(contender(BASELINE, name, p, y) for name, p in said.items())])
    assert found[0].contestant.candidate == registered
    assert bool(why) == (registered != "lightgbm")


def test_a_constant_never_stands_in_for_a_model_that_does_not_beat_it() -> None:
    y = [0.0, 1.0] * 50
    dataset = Dataset(pd.DataFrame({"customer_id": range(100), "as_of": 100.0}), (), None, None, "", {})
    noise = contender(TUNED, "lightgbm", [0.6, 0.6, 0.4, 0.4] * 25, y)
    found, why = winner_first(study(), dataset, [noise, contender(BASELINE, "constant", [0.5] * 100, y)])
    assert found[0] is noise
    assert why == ""
