"""A study's TOML: shipped ones load, errors name the key, and a written study reads back the same."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from experiments.config import Features
from experiments.studies import load_study, parse_study, shipped_studies, to_toml
from features.errors import BadConfig, NotFound
from serving.bundle import RESERVED

EXAMPLES = Path(__file__).parents[2] / "examples"
PREDICT: dict[str, Any] = {
    "name": "mine",
    "kind": "predict",
    "task": "churn",
    "horizon_days": 30,
    "learners": ["logistic"],
    "baselines": ["constant"],
}


@pytest.mark.parametrize("name", ["churn", "next_product", "next_purchase", "segments", "value"])
def test_a_shipped_study_loads_by_its_name_and_names_itself(name: str) -> None:
    assert name in shipped_studies()
    assert load_study(name).name == name


@pytest.mark.parametrize("name", ["churn", "next_product", "next_purchase", "segments", "value"])
def test_the_written_study_reads_back_as_the_same_question(name: str, tmp_path: Path) -> None:
    (tmp_path / "again.toml").write_text(to_toml(load_study(name)))
    assert load_study(tmp_path / "again.toml").key == load_study(name).key


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "My-Shop"}, "name is 'My-Shop': use lower case letters, digits and underscores, a letter first"),
        *(({"name": key}, f"name is {key!r}: that is a key of every answer over HTTP") for key in RESERVED),
        ({"serch": {}}, "serch is not a known key (did you mean 'search'?)"),
        ({"search": {"folds": 3}}, "search.folds is not a known key; known are trials, seed, validation_folds"),
        ({"search": {"trials": 0}}, "search.trials is 0: input should be greater than or equal to 1"),
        ({"cutoffs": {"every": "day"}}, "cutoffs.every is 'day': input should be 'week', 'half-month' or 'month'"),
        ({"learners": ["lihgtgbm"]}, "learners has 'lihgtgbm', allowed are bgnbd, "),
        ({"learners": ["lihgtgbm"]}, "(did you mean 'lightgbm'?)"),
        ({"task": "chrun"}, "task has 'chrun', allowed are churn, "),
        ({"task": "chrun"}, "(did you mean 'churn'?)"),
        ({"baselines": ["rfm"]}, "baselines has 'rfm', allowed are"),
        ({"learners": []}, "learners is empty: name at least one"),
        ({"baselines": []}, "baselines is empty: name at least one that the model must beat"),
        ({"baselines": [], "promotion": {"proof": "nothing"}}, "promotion.proof is 'nothing'"),
        ({"clusterers": ["kmeans"]}, "clusterers belongs to a segment study: remove it or change kind"),
        ({"horizon_days": None}, "horizon_days is None: input should be a valid number"),
        ({"horizon_days": [7, 30]}, "a probability has one: give one number of days"),
        ({"task": "next_purchase", "horizon_days": [30, 7]}, "give days in ascending order, each once"),
        ({"task": "first_order"}, "who is 'buyers': first_order is about people without an order, write"),
        ({"who": "everyone"}, "who is 'everyone': input should be 'buyers' or 'known'"),
        ({"task": "value"}, "learners has 'logistic', which cannot learn value: it answers"),
        ({"search": {"metric": "copula_gap"}}, "this study is searched by 'log_loss', leave search.metric out"),
        ({"kind": "forecast"}, "kind is 'forecast': write one of 'predict', 'segment'"),
        ({"kind": "segment"}, "learners belongs to a predict study: remove it or change kind"),
    ],
)
def test_a_wrong_study_is_refused_naming_the_key_and_what_is_allowed(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadConfig) as caught:
        parse_study(PREDICT | change, "mine.toml")
    assert reason in str(caught.value)
    assert str(caught.value).startswith("study mine.toml: ")


def test_an_unknown_study_lists_the_shipped_ones() -> None:
    with pytest.raises(NotFound, match=r"no study 'chrn'.*churn, next_product, next_purchase, segments, value"):
        load_study("chrn")


def test_broken_toml_says_where(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = \n")
    with pytest.raises(BadConfig, match=r"bad.toml is not valid TOML.*line 1"):
        load_study(tmp_path / "bad.toml")


def test_every_choice_changes_the_key() -> None:
    study = parse_study(PREDICT, "mine")
    keys = {study.key, study.adjusted(trials=3).key, study.adjusted(seed=1).key}
    keys.add(parse_study(PREDICT | {"horizon_days": 31}, "mine").key)
    assert len(keys) == 4


def test_the_key_does_not_depend_on_how_the_toml_is_written() -> None:
    spelled = tomllib.loads(
        'kind="predict"\nbaselines=["constant"]\nlearners=["logistic"]\nhorizon_days=30.0\ntask="churn"\nname="mine"'
    )
    assert parse_study(spelled, "mine").key == parse_study(PREDICT, "mine").key


def test_a_pattern_that_matches_nothing_is_a_mistake() -> None:
    with pytest.raises(BadConfig, match=r"'purchase_recncy', which matches none.*did you mean 'purchase_recency'"):
        Features(include=("purchase_recncy",)).select(["purchase_recency"])


def test_excluding_everything_is_a_mistake() -> None:
    with pytest.raises(BadConfig, match="leaves no feature"):
        Features(exclude=("*",)).select(["a"])


@pytest.mark.parametrize(
    "path",
    sorted(set(EXAMPLES.glob("*/*.toml")) - set(EXAMPLES.glob("*/source.toml"))),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_studies_beside_the_examples_load(path: Path) -> None:
    assert load_study(path).title
