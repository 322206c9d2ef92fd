"""The rolling-origin test: what was unknown at a cutoff does not change the predictions at it."""

import pickle
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from experiments import segment
from experiments.config import Features, Promotion, Segments
from experiments.contest import BASELINE, TUNED, UNTUNED, Contestant, Scored, contestants
from experiments.dataset import Dataset
from experiments.predict import prepare, winner_first
from experiments.prediction_page import spread
from experiments.rolling import Problem, Validation, readable, rolling_test, rolling_tests
from experiments.search.objective import LIMIT
from experiments.segment_trial import limits
from features.errors import BadInput
from models.learners import _trees, bgnbd, logistic
from models.losses import log_loss
from models.predictor import dump, fit_predictor, known_at, predict
from models.tasks import question
from tests.experiments.conftest import FEATURES, QUESTION, flipped_where, group_study, groups, panel, study

NAN = float("nan")
LOGISTIC = Contestant(TUNED, "logistic", {"ridge": 1.0})


@pytest.mark.parametrize("calibrate", [False, True])
def test_labels_unknown_at_a_cutoff_do_not_change_its_predictions(dataset: Dataset, calibrate: bool) -> None:
    config = study(calibrate=calibrate)
    for i, cutoff in enumerate(prepare(config, dataset).tests):
        other = flipped_where(dataset, dataset.frame["as_of"] + 30.0 > cutoff)
        honest, seen = (rolling_test(prepare(config, each), LOGISTIC).answers[i] for each in (dataset, other))
        assert np.array_equal(honest, seen)


@pytest.mark.parametrize("learner", ["logistic", "hazard", "constant"])
def test_events_after_a_cutoff_do_not_move_its_curves(learner: str) -> None:
    config = study(task="next_purchase", horizon_days=[7, 30, 60], learners=["hazard"], cutoffs={"test": 2})
    at = question("next_purchase", [7, 30, 60])
    frame = panel(150, 18)
    days = np.random.default_rng(1).uniform(0.0, 80.0, len(frame))
    now = Dataset(frame.assign(label=np.where(days < 60.0, days, np.inf)), FEATURES, at, "now", {})
    who = Contestant(TUNED, learner, {"n_estimators": 20} if learner == "hazard" else {})
    for i, cutoff in enumerate(prepare(config, now).tests):
        unknown = frame["as_of"] + now.frame["label"] >= cutoff
        later = np.maximum(cutoff - frame["as_of"], 0.0) + 1.0
        moved_to = np.where((later < 60.0) & (days < 40.0), later, np.inf)  # with and without an event at each cutoff
        label = now.frame["label"].where(~unknown, moved_to)
        other = Dataset(frame.assign(label=label), FEATURES, at, "other", {})
        known, moved = (rolling_test(prepare(config, each), who).answers[i] for each in (now, other))
        assert np.array_equal(known, moved)


def test_labels_known_at_a_cutoff_do_change_its_predictions(dataset: Dataset) -> None:
    other = flipped_where(dataset, dataset.frame["as_of"] > 0)
    one, two = (rolling_test(prepare(study(), each), LOGISTIC).answers[-1] for each in (dataset, other))
    assert not np.array_equal(one, two)


TREES = [Contestant(TUNED, "lightgbm", {"n_estimators": 15}), Contestant(UNTUNED, "lightgbm", {"n_estimators": 9})]


@pytest.mark.parametrize("contestants_", [[LOGISTIC], TREES])
def test_a_model_that_is_fitted_once_for_all_its_purposes_is_that_of_each_test_alone(
    contestants_: list[Contestant], dataset: Dataset
) -> None:
    """The oracle fits and calibrates each contestant for each test cutoff by itself."""
    problem = prepare(study(learners=["lightgbm"]), dataset)
    for contestant, tested in zip(contestants_, rolling_tests(problem, contestants_), strict=True):
        rows = dataset.sample(readable(problem, contestant.candidate))
        for i, cutoff in enumerate(problem.tests):
            learn, score = known_at(rows, cutoff), rows.where(rows.as_of == cutoff)
            alone = fit_predictor(contestant.candidate, learn, contestant.params, problem.search.seed, calibrate=True)
            assert alone.calibration is not None
            assert np.array_equal(predict(alone, score.X), tested.answers[i])
        assert dump(alone) == dump(tested.model)


@pytest.mark.usefixtures("forked_workers")
def test_two_workers_test_as_one_does_and_are_sent_a_folder(dataset: Dataset) -> None:
    problem = prepare(study(learners=["lightgbm"]), dataset)
    assert len(pickle.dumps(problem)) < 5_000
    one, two = (rolling_tests(problem, TREES, workers) for workers in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert dump(a.model) == dump(b.model)
        assert all(np.array_equal(x, y) for x, y in zip(a.answers, b.answers, strict=True))


def test_a_fit_reads_no_column_that_it_does_not_need(make_dataset: Callable[[pd.DataFrame], Dataset]) -> None:
    """A column that no model may read is refused by those that read it, and by no other."""
    frame = panel(120, 14).assign(noise_a=np.inf)
    problem = prepare(study(learners=["lightgbm"]), make_dataset(frame))
    assert rolling_test(problem, LOGISTIC).scores["roc_auc"] > 0.6
    assert Validation(problem)("logistic", {"ridge": 1.0})[0][0] > 0.0
    with pytest.raises(BadInput, match="infinite values in noise_a"):
        rolling_test(problem, TREES[0])


def test_trials_of_one_process_share_the_folds_and_their_bins(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = _trees.binned
    monkeypatch.setattr(_trees, "binned", lambda *args: (made.append(1), real(*args))[1])
    validation = Validation(prepare(study(learners=["lightgbm"]), dataset))
    found = [validation("lightgbm", {"n_estimators": n})[0] for n in (5, 9, 5)]
    assert len(made) == 2, "one for each validation fold"
    assert found[0] == found[2] != found[1]


def test_scores_are_means_over_the_cutoffs(dataset: Dataset) -> None:
    tested = rolling_test(prepare(study(), dataset), LOGISTIC)
    by_hand = [float(log_loss(y, a[:, 0]).mean()) for y, a in zip(tested.outcomes, tested.answers, strict=True)]
    assert len(by_hand) == 2
    assert tested.scores["log_loss"] == pytest.approx(np.mean(by_hand))
    found = spread(tested.by_cutoff, ("log_loss",))
    assert (found["log_loss_lowest"], found["log_loss_highest"]) == (min(by_hand), max(by_hand))


def test_a_baseline_reads_its_columns_even_where_the_study_leaves_them_out(dataset: Dataset) -> None:
    narrow = study(learners=["lightgbm"], baselines=["logistic"], features={"include": ["noise_a"]})
    baseline = rolling_test(prepare(narrow, dataset), Contestant(BASELINE, "logistic", {}))
    assert baseline.scores["roc_auc"] > 0.7
    assert baseline.model.features == logistic.READS, "and nothing else"
    tuned = rolling_test(prepare(narrow, dataset), Contestant(TUNED, "lightgbm", {"n_estimators": 20}))
    assert tuned.model.features == ("noise_a",)
    assert abs(tuned.scores["roc_auc"] - 0.5) < 0.1, "noise predicts nothing, unless the label leaks"


def test_contestants_are_the_tuned_model_the_untuned_one_and_all_other_baselines() -> None:
    found = contestants("logistic", {"ridge": 9.0}, logistic.DEFAULTS, ["constant", "logistic", "recency"])
    assert [each.name for each in found] == [
        "tuned logistic",
        "untuned logistic",
        "baseline constant",
        "baseline recency",
    ]


@pytest.mark.parametrize(
    ("changes", "over"),
    [
        ({}, {}),
        ({"segments_n": 2.0}, {"number": 2.0}),
        ({"segments_n": 12.0}, {"number": 2.0}),
        ({"noise_share": 0.5}, {"noise": 0.2}),
        ({"smallest_share": 0.01}, {"smallest_share": 0.02}),
        ({"stability": 0.4}, {"stability": 0.1}),
        ({"idle_movers": 0.2}, {"idle_movers": 0.05}),
        ({"use_order_r2": 0.03, "use_order_chance": 0.04}, {"chance": 0.02}),
        ({"use_order_r2": NAN, "use_order_chance": NAN, "idle_movers": NAN, "stability": NAN}, {}),
    ],
)
def test_what_exceeds_a_limit_is_told_by_how_much(changes: dict[str, float], over: dict[str, float]) -> None:
    good = {"segments_n": 4.0, "noise_share": 0.0, "smallest_share": 0.1, "stability": 0.8, "idle_movers": 0.1}
    wanted = Segments(fewest=4, most=10, smallest_share=0.03, most_noise=0.3)
    found = limits(wanted, Promotion(), good | changes, days=90.0)
    exceeded = {name.removeprefix(LIMIT): value for name, value in found.items() if value > 1e-12}
    assert exceeded == pytest.approx(over)


def test_planted_groups_score_higher_than_the_wrong_number_of_them(group_dataset: Dataset) -> None:
    objective = segment.evaluation(segment.prepare(group_study(), group_dataset))
    values = {k: objective("kmeans", {"k": k})[0][0] for k in (3, 4, 8)}
    assert max(values, key=lambda k: values[k]) == 4
    assert values[4] > 0.1


def test_shuffled_columns_have_no_gap(make_dataset: Callable[[pd.DataFrame], Dataset]) -> None:
    frame = groups(400)
    random = np.random.default_rng(3)
    features = [name for name in frame.columns if name.startswith("purchase")]
    shuffled = frame.assign(**{name: random.permutation(frame[name].to_numpy()) for name in features})
    (gap, *_), _ = segment.evaluation(segment.prepare(group_study(), make_dataset(shuffled)))("kmeans", {"k": 4})
    assert abs(gap) < 0.06


def contender(role: str, name: str, p: list[float], y: list[float]) -> Scored:
    """A contestant that answered ``p`` at one cutoff where ``y`` happened; no model is fitted."""
    outcomes, answers = [np.array(y)], [np.array(p)[:, None]]
    return Scored(Contestant(role, name, {}), None, {}, 0.0, [100.0], [], outcomes, answers)


def problem(*allowed: str) -> Problem:
    """A question about a hundred customers at one test cutoff, with the features that the study allows."""
    columns = dict.fromkeys((*bgnbd.READS, *logistic.READS, "profile_age_years"), 0.0)
    frame = pd.DataFrame({"customer_id": range(100), "as_of": 100.0, "label": 0.0, **columns})
    dataset = Dataset(frame, tuple(columns), QUESTION, "", {})
    features = Features(include=allowed or ("*",))
    return Problem(QUESTION, dataset, (100.0,), features, ("lightgbm",), (), True, study().search, study().promotion)


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
    answers = {
        name: [p if one else 1 - p for one in y] if name != "constant" else [p] * 100 for name, p in baselines.items()
    }
    ours = contender(TUNED, "lightgbm", [0.9 if one else 0.1 for one in y], y)
    found, why = winner_first(problem(), [ours, *(contender(BASELINE, name, p, y) for name, p in answers.items())])
    assert found[0].contestant.candidate == registered
    assert bool(why) == (registered != "lightgbm")


def test_a_baseline_that_reads_excluded_features_never_stands_in() -> None:
    y = [0.0, 1.0] * 50
    ours = contender(TUNED, "lightgbm", [0.9 if one else 0.1 for one in y], y)
    better = contender(BASELINE, "bgnbd", [0.95 if one else 0.05 for one in y], y)
    assert winner_first(problem(), [ours, better])[0][0] is better
    assert winner_first(problem("purchase_spend"), [ours, better])[0][0] is ours


def test_a_constant_never_stands_in_for_a_model_that_does_not_beat_it() -> None:
    y = [0.0, 1.0] * 50
    noise = contender(TUNED, "lightgbm", [0.6, 0.6, 0.4, 0.4] * 25, y)
    found, why = winner_first(problem(), [noise, contender(BASELINE, "constant", [0.5] * 100, y)])
    assert found[0] is noise
    assert why == ""
