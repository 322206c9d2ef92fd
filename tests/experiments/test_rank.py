"""Ranking studies: the same road as predictions, from a dataset to a verdict."""

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from experiments.dataset import Dataset, read_dataset, write_dataset
from experiments.gate import promote
from experiments.rank import prepare
from experiments.rank_problem import RankValidation
from experiments.run import run_study
from experiments.studies import parse_study
from experiments.study import RankStudy
from experiments.tracking.registry import champion_model
from experiments.tracking.runs import open_client
from experiments.tracking.stores import Stores
from features.errors import BadConfig, BadInput
from features.item_history import COLUMN
from models.tasks import NEXT_ITEMS
from tests.models.ranking.shop import PRODUCTS, QUESTION, frame, orders

FACTS: dict[str, Any] = {"canonical": "test", "cutoffs": []}


def study(**changes: Any) -> RankStudy:
    content: dict[str, Any] = {
        "name": "next_product",
        "kind": "rank",
        "horizon_days": 30,
        "learners": ["item_item"],
        "baselines": ["popularity", "personal_frequency"],
        "cutoffs": {"every": "month", "test": 1},
        "search": {"trials": 2, "validation_folds": 1},
        "promotion": {"draws": 100},
    }
    return cast(RankStudy, parse_study(content | changes, "test"))


def written(folder: Path, rows: pd.DataFrame) -> Dataset:
    return write_dataset(folder, [rows], (COLUMN, NEXT_ITEMS), QUESTION, FACTS, products=PRODUCTS.to_pandas())


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return written(tmp_path_factory.mktemp("dataset"), frame(orders()))


def test_a_study_goes_the_whole_road(dataset: Dataset, make_stores: Callable[[], Stores], tmp_path: Path) -> None:
    stores, asked = make_stores(), study()
    result = run_study(asked, dataset, stores)
    assert not result.skipped
    assert {"baseline popularity", "baseline personal_frequency"} & set(result.baselines)
    assert 0 < result.scores["ndcg_loss"] < 1
    client = open_client(stores)
    there = {file.path for file in client.list_artifacts(result.run_id)}
    assert {"hits_by_place.png", "scores_by_cutoff.png", "search.png", "artifact", "evidence"} <= there
    verdict = promote(asked, dataset, stores)
    assert "popularity" in verdict.reason
    if verdict.promote:
        champion = champion_model(stores, "next_product")
        assert champion is not None
        assert champion.sha256 == result.sha256
    # The same study elsewhere is the same model.
    again = run_study(asked, written(tmp_path, frame(orders())), make_stores())
    assert again.sha256 == result.sha256


def test_a_dataset_keeps_texts_and_the_catalogue_and_its_fingerprint_covers_both(
    dataset: Dataset, tmp_path: Path
) -> None:
    assert dataset.folder is not None
    found = read_dataset(dataset.folder)
    assert found.columns == [COLUMN, NEXT_ITEMS]
    assert found.features == ()
    assert found.products is not None
    assert found.products.equals(PRODUCTS.to_pandas())
    renamed = PRODUCTS.to_pandas().assign(name="other")
    again = write_dataset(tmp_path / "a", [found.frame], found.columns, QUESTION, FACTS, products=found.products)
    other = write_dataset(tmp_path / "b", [found.frame], found.columns, QUESTION, FACTS, products=renamed)
    assert again.fingerprint == found.fingerprint != other.fingerprint


def test_what_follows_the_first_test_is_not_seen_by_the_search(dataset: Dataset) -> None:
    problem = prepare(study(), dataset)
    after = dataset.as_of >= problem.tests[0]
    turned = dataset.frame.copy()
    turned.loc[after, [COLUMN, NEXT_ITEMS]] = turned.loc[after, [COLUMN, NEXT_ITEMS]].to_numpy()[::-1]
    turned.loc[after, "label"] = turned.loc[after, "label"].to_numpy()[::-1]
    elsewhere = prepare(study(), replace(dataset, frame=turned))
    for name in ("item_item", "ranker"):
        one, other = RankValidation(problem)(name, {}), RankValidation(elsewhere)(name, {})
        assert one[0] == other[0]
        assert (one[2] == other[2]).all()


def test_only_buyers_are_scored_and_a_product_nobody_could_know_counts_as_missed(dataset: Dataset) -> None:
    problem = prepare(study(), dataset)
    rows = problem.scored(problem.tests[0])
    labels = dataset.frame["label"].iloc[rows]
    assert (labels > 0).all()
    sizes = [len(json.loads(text)["items"]) for text in dataset.frame[NEXT_ITEMS].iloc[rows]]
    assert problem.outcome(rows).bought.sum(axis=1).ravel().tolist() == [sizes]
    assert labels.tolist() == sizes


def test_a_validation_can_be_sent_to_another_process_without_what_it_computed(dataset: Dataset) -> None:
    validation = RankValidation(prepare(study(), dataset))
    here = validation("personal_frequency", {})
    sent = pickle.dumps(validation)
    assert len(sent) < 10_000
    assert pickle.loads(sent)("personal_frequency", {})[0] == here[0]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"learners": ["lightgbm"]}, "learners has 'lightgbm', allowed are item_item"),
        ({"features": {"include": ["purchase_*"]}}, "leave out features"),
        ({"who": "known"}, "leave out features, who"),
        ({"baselines": []}, "baselines is empty"),
        ({"length": 21}, "less than or equal to 20"),
        ({"search": {"metric": "auc"}}, "searched by 'ndcg_loss'"),
        ({"task": "churn"}, "task belongs to a predict study"),
    ],
)
def test_a_study_that_cannot_be_run_says_why(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadConfig, match=says):
        study(**changes)


def test_another_question_needs_another_dataset(dataset: Dataset) -> None:
    with pytest.raises(BadInput, match="the dataset answers next_product"):
        prepare(study(wanted="next_order"), dataset)
