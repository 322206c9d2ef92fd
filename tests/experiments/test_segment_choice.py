"""The choice among trials: nothing that another beats in everything, and the study's declared rule."""

from datetime import datetime

import pytest

from experiments.search.trials import Trial
from experiments.segment_choice import PREFERENCES, finalists, front, ranked
from features.errors import BadInput

NOW = datetime(2026, 1, 1)
SCORES = ("copula_gap", "use_r2", "stability", "told")


def trial(slot: int, *values: float, over: float = 0.0, k: int | None = None, **more: float) -> Trial:
    scores = dict(zip(SCORES, values, strict=True)) | {"use_log_spend_r2": values[1], "use_order_r2": values[1]} | more
    named = {f"validation_{name}": value for name, value in scores.items()} | {"over_noise": over}
    return Trial(slot, "kmeans", {"k": slot if k is None else k}, values, named, "", NOW, NOW)


def test_the_front_are_those_that_no_other_beats_in_everything() -> None:
    best, other, beaten, equal = trial(0, 2, 1, 1, 1), trial(1, 1, 2, 1, 1), trial(2, 1, 1, 1, 1), trial(3, 2, 1, 1, 1)
    assert [each.slot for each in front([best, other, beaten, equal])] == [0, 1, 3]


@pytest.mark.parametrize(
    ("prefer", "first"),
    [("separation", 0), ("use", 1), ("stability", 2), ("simplicity", 3), ("kinds", 4), ("spend", 5)],
)
def test_the_rule_of_the_study_decides(prefer: str, first: int) -> None:
    trials = [trial(n, *(2.0 if n == place else 1.0 for place in range(4))) for n in range(4)]
    trials += [trial(4, 1.2, 1.2, 1.2, 1.2, use_order_r2=3.0), trial(5, 1.1, 1.3, 1.2, 1.1, use_log_spend_r2=3.0)]
    found, rule = ranked(trials, prefer)
    assert (found[0].slot, rule) == (first, prefer)
    assert set(PREFERENCES) >= {prefer}


def test_what_segments_explain_counts_as_far_as_they_are_found_again() -> None:
    more, lasting, worse = trial(0, 1, 0.5, 0.4, 1), trial(1, 1, 0.4, 0.9, 1), trial(2, 2, -0.1, 0.9, 1)
    assert [each.slot for each in ranked([more, lasting, worse], "use")[0]] == [1, 0, 2]


def test_trials_beyond_a_limit_are_not_looked_at_unless_all_are() -> None:
    beyond, within = trial(0, 9, 9, 9, 9, over=0.1), trial(1, 1, 1, 1, 1)
    assert ranked([beyond, within], "use")[0] == [within]
    assert ranked([beyond, trial(2, 9, 9, 9, 9, over=0.2)], "use") == ([beyond], "")


def test_where_use_is_not_known_separation_decides() -> None:
    nan = float("nan")
    trials = [trial(0, 1, 0, 1, 1, use_r2=nan), trial(1, 2, 0, 0, 0, use_r2=nan)]
    found, rule = ranked(trials, "use")
    assert (found[0].slot, rule) == (1, "separation")


def test_the_same_clustering_is_a_finalist_once() -> None:
    trials = [trial(n, 1, 1, 1, 1, k=k) for n, k in enumerate((4, 4, 5, 6, 7, 8, 9))]
    assert [each.params["k"] for each in finalists(trials)] == [4, 5, 6, 7, 8]


def test_a_search_in_which_nothing_succeeded_says_why() -> None:
    failed = Trial(0, "kmeans", {}, None, {}, "too few", NOW, NOW)
    with pytest.raises(BadInput, match="none of the 1 trials succeeded: too few"):
        ranked([failed], "use")
