"""Studies of segments: trials share what does not depend on them, a sample is fitted, and everybody is described."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import hdbscan as library
import numpy as np
import pandas as pd
import pytest

from experiments import segment, segment_choice
from experiments.contest import BASELINE, TUNED, Contestant
from experiments.dataset import Dataset
from experiments.search.trials import Trial
from features.errors import BadInput
from models.segments import segmenter
from models.segments.soundness import Soundness
from tests.experiments.conftest import group_study, groups

PARAMS: list[dict[str, Any]] = [
    {"min_samples": min_samples, "min_cluster_share": share, "epsilon": epsilon, "selection": selection}
    for min_samples in (5, 10)
    for share, epsilon, selection in [(0.05, 0.0, "eom"), (0.1, 0.2, "leaf"), (0.08, 0.1, "eom"), (0.05, 0.5, "leaf")]
]
ENTRANTS = [Contestant(TUNED, "kmeans", {"k": 4}), Contestant(BASELINE, "rfm", {})]


@pytest.fixture(scope="module")
def many(make_dataset: Callable[..., Dataset]) -> Dataset:
    return make_dataset(groups(customers=1_500, seed=1))


@pytest.fixture
def problem(many: Dataset) -> segment.Problem:
    """1,500 customers of whom 400 are fitted."""
    return segment.prepare(group_study(search={"customers": 400, "metric": "copula_gap"}), many)


def test_trials_of_all_processes_build_one_tree_for_the_customers_and_one_for_each_draw_of_the_null(
    group_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []
    build = library.hdbscan_._hdbscan_boruvka_kdtree

    def counted(points: Any, min_samples: int, *others: Any, **more: Any) -> Any:
        built.append(min_samples)
        return build(points, min_samples, *others, **more)

    monkeypatch.setattr(library.hdbscan_, "_hdbscan_boruvka_kdtree", counted)
    problem = segment.prepare(group_study(), group_dataset)
    workers = [pickle.loads(pickle.dumps(segment.evaluation(problem))) for _ in range(2)]
    shared = [workers[number % 2]("hdbscan", params) for number, params in enumerate(PARAMS)]
    assert sorted(built) == [5, 5, 5, 10, 10, 10], "the customers, one draw without groups, one refit"
    alone = [segment.evaluation(segment.prepare(group_study(), group_dataset))("hdbscan", each) for each in PARAMS[::3]]
    assert alone == shared[::3]


def tried(problem: segment.Problem, *params: dict[str, Any]) -> list[Trial]:
    """Trials of k-means with these parameters, the first in slot 0."""
    evaluate, now = segment.evaluation(problem), datetime(2026, 1, 1)
    values = [(each, *evaluate("kmeans", each)) for each in params]
    return [Trial(n, "kmeans", each, value, scores, "", now, now) for n, (each, value, scores) in enumerate(values)]


def test_a_trial_has_four_values_and_says_by_how_much_it_exceeds_each_limit(problem: segment.Problem) -> None:
    few, right = tried(problem, {"k": 3}, {"k": 4})
    assert len(right.values or ()) == len(segment.DIRECTIONS) == 4
    assert right.scores["over_number"] == 0.0
    assert few.scores["over_number"] == 1.0
    assert few.excess > 0.0 == right.excess


def test_the_first_sound_trial_is_chosen_and_what_was_passed_over_is_said(problem: segment.Problem) -> None:
    # Eight groups of four planted ones, lucky in its two draws.
    trials = tried(problem, {"k": 8}, {"k": 4})
    lucky = [replace(trials[0], values=(9.0, 9.0, 9.0, 9.0)), *trials[1:]]
    lucky[0] = replace(lucky[0], scores={**lucky[0].scores, "validation_copula_gap": 9.0})
    chosen, why = segment.choose(problem, lucky)
    assert "passed over as not sound: too fine" in why
    assert chosen.params == {"k": 4}, "the number that separates better was tried in its place"


def test_a_segmentation_that_nothing_beats_stays_even_if_it_is_not_sound(
    problem: segment.Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsound = Soundness("unstable", "")
    monkeypatch.setattr(segment_choice, "soundness", lambda *_: unsound)
    trials = tried(problem, {"k": 4}, {"k": 5})
    chosen, why = segment.choose(problem, trials)
    assert chosen in trials
    assert "passed over as not sound: unstable" in why


def test_a_period_has_the_fitted_customers_who_were_there_at_both_ends(make_dataset: Callable[..., Dataset]) -> None:
    now = groups(customers=300, seed=1)
    then = now[:200].assign(as_of=now["as_of"] - 90.0, purchase_spend=now["purchase_spend"][:200] / 2)
    gone = groups(customers=10, seed=2).assign(as_of=now["as_of"][0] - 90.0, customer_id=[f"x{i}" for i in range(10)])
    dataset = make_dataset(pd.concat([gone, then, now], ignore_index=True))
    problem = segment.prepare(group_study(search={"customers": 150, "metric": "copula_gap"}), dataset)
    (period,) = problem.periods
    both = {f"c{i:04d}" for i in range(200)} & set(now["customer_id"].to_numpy()[problem.chosen])
    assert (len(period.start), len(period.end), period.days) == (len(both), len(both), 90.0)
    assert (period.end["purchase_spend"] == 2 * period.start["purchase_spend"]).all(), "row by row the same customers"
    assert len(problem.everybody) == 300


def test_a_search_in_which_nothing_succeeded_says_why(problem: segment.Problem) -> None:
    (only,) = tried(problem, {"k": 4})
    with pytest.raises(BadInput, match="none of the 1 trials succeeded: too few"):
        segment.choose(problem, [replace(only, values=None, reason="too few")])


def test_a_study_of_no_more_customers_than_it_searches_with_fits_all(group_dataset: Dataset) -> None:
    problem = segment.prepare(group_study(), group_dataset)
    pd.testing.assert_frame_equal(problem.customers, group_dataset.inputs[list(problem.customers.columns)])


def test_a_sample_is_fitted_and_everybody_is_described(problem: segment.Problem, many: Dataset) -> None:
    tested, _ = segment.test(problem, ENTRANTS, workers=1)
    ours = tested[0].model
    assert len(problem.customers) == 400
    assert sum(each.size for each in ours.catalogue) == 1_500
    assert set(ours.catalogue[0].medians) == set(many.features)
    label, _ = segmenter.assign_labels(ours, many.inputs)
    assert {each.label: each.size for each in ours.catalogue} == {i: int((label == i).sum()) for i in range(4)}
    said, _ = segment.summary(problem, tested)
    assert "1,500 customers as of" in said
    assert "fitted and scored on 400 of them" in said


@pytest.mark.usefixtures("forked_workers")
def test_workers_test_the_same_models(problem: segment.Problem) -> None:
    alone, together = (segment.test(problem, ENTRANTS, workers)[0] for workers in (1, 2))
    for one, other in zip(alone, together, strict=True):
        assert segmenter.dump(one.model) == segmenter.dump(other.model)
        assert one.scores == pytest.approx(other.scores, rel=0, abs=0, nan_ok=True)


def test_a_memory_map_is_described_as_the_same_customers_in_memory(
    problem: segment.Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = problem.everybody
    np.save(tmp_path / "features.npy", np.ascontiguousarray(X.to_numpy().T))
    mapped = pd.DataFrame(np.load(tmp_path / "features.npy", mmap_mode="r").T, columns=X.columns, copy=False)
    fitted = segmenter.fit_clusters(segmenter.prepare(problem.customers, problem.features), "hdbscan", {}, seed=0)
    at_once = segmenter.described(fitted, X)
    monkeypatch.setattr(segmenter, "PART_ROWS", 70)
    assert segmenter.dump(segmenter.described(fitted, mapped)) == segmenter.dump(at_once)
