"""Laws of every ranker; a new file in models/ranking/learners is found and tested here by itself."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from features.errors import BadConfig
from features.item_history import COLUMN
from models.ranking import recommender as kind
from models.ranking.histories import decode
from models.ranking.learners import ranker_of, rankers
from models.ranking.recommender import Recommender, fit_recommender, recommend, table
from models.tasks import NEXT_ITEMS
from tests.conformance.test_learners import Corner
from tests.models.ranking.shop import CUTOFFS, frame, orders, sample

NAMES = tuple(rankers())
CUTOFF = CUTOFFS[2]


@cache
def rows() -> pd.DataFrame:
    return frame(orders())


@cache
def fitted(name: str) -> Recommender:
    return fit_recommender(name, sample(rows()).fitting(CUTOFF), {}, seed=7, length=10)


def test_the_rankers_of_the_folder_are_found() -> None:
    assert {"popularity", "personal_frequency", "item_item", "tifu_knn", "ranker"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_space_draws_known_parameters(name: str) -> None:
    module = ranker_of(name)
    for high in (False, True):
        assert set(module.space(Corner(high))) <= set(module.DEFAULTS)
    with pytest.raises(BadConfig, match="has no parameter"):
        fit_recommender(name, sample(rows()).fitting(CUTOFF), {"unknown": 1}, seed=7, length=10)


@pytest.mark.parametrize("name", NAMES)
def test_equal_fits_are_equal_bytes(name: str) -> None:
    again = fit_recommender(name, sample(rows()).fitting(CUTOFF), {}, seed=7, length=10)
    assert kind.dump(again) == kind.dump(fitted(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_model_answers_as_the_one_that_was_saved(name: str) -> None:
    files = kind.dump(fitted(name))
    assert not any(b"\x80\x04" in data[:2] for data in files.values())
    pd.testing.assert_frame_equal(table(kind.load(files), rows().head(60)), table(fitted(name), rows().head(60)))


@pytest.mark.parametrize("name", NAMES)
def test_a_customer_gets_alone_the_list_they_get_among_others(name: str) -> None:
    model, texts = fitted(name), rows()[COLUMN].head(40).tolist()
    together = recommend(model, decode(texts, model.items.place))
    for row, text in enumerate(texts[:12]):
        alone = recommend(model, decode([text], model.items.place))
        assert np.array_equal(alone.item[0], together.item[row])
        assert np.array_equal(alone.score[0], together.score[row])


@pytest.mark.parametrize("name", NAMES)
def test_the_future_changes_nothing(name: str) -> None:
    """Histories after the cutoff, and labels whose horizon had not ended, are somebody else's."""
    changed = rows().copy()
    later = changed["as_of"] > CUTOFF
    unknown = changed["as_of"] + 30.0 > CUTOFF
    assert later.any()
    assert unknown.any()
    assert not unknown.all()
    changed.loc[later, COLUMN] = changed.loc[later, COLUMN].to_numpy()[::-1]
    changed.loc[unknown, NEXT_ITEMS] = changed.loc[unknown, NEXT_ITEMS].to_numpy()[::-1]
    assert not changed.equals(rows())
    again = fit_recommender(name, sample(changed).fitting(CUTOFF), {}, seed=7, length=10)
    assert kind.dump(again) == kind.dump(fitted(name))


@pytest.mark.parametrize("name", NAMES)
def test_lists_have_each_product_once_and_scores_that_never_rise(name: str) -> None:
    found = recommend(fitted(name), decode([*rows()[COLUMN].head(50), None], fitted(name).items.place))
    assert all(len(set(row)) == len(row) for row in found.item.tolist())
    assert (found.item >= 0).all()
    assert (np.diff(found.score, axis=1) <= 0).all()
    assert (found.score >= 0).all()
