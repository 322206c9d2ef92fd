"""Attributes without a date stay out of predictions, unless the source says that they were true all along."""

from pathlib import Path

import numpy as np
import pytest

from experiments import predict
from experiments.dataset import Dataset, read_dataset
from experiments.rolling import readable
from experiments.studies import parse_study
from experiments.study import PredictStudy
from features.errors import BadConfig
from features.families import families
from features.tables import CUSTOMERS
from pipelines.ingest.canonical import ingest
from pipelines.sources import load_source
from pipelines.steps.dataset import build_dataset
from pipelines.workspace import Workspace
from tests.pipelines.conftest import ORDERS_SQL

CUSTOMERS_SQL = """SELECT column0 AS customer_id, column1 AS status, column2 AS country {more}
FROM (VALUES {rows}) AS people(column0, column1, column2)"""


def study(**changes: object) -> PredictStudy:
    asked = {"name": "churn", "kind": "predict", "task": "churn", "horizon_days": 20, "learners": ["logistic"]}
    asked |= {"baselines": ["constant"], "cutoffs": {"newest": 8, "test": 1}, "search": {"validation_folds": 1}}
    found = parse_study(asked | changes, "test")
    assert isinstance(found, PredictStudy)
    return found


@pytest.fixture
def dataset_of(write_shop, tmp_path: Path, unaudited: None):  # noqa: ARG001
    """The churn dataset of 120 customers, half of whom stop in May; ``status`` is as of today."""

    def made(more: str = "", **keys: object) -> Dataset:
        draw, lines, rows = np.random.default_rng(5), [], []
        for number in range(120):
            leaves = number % 2 == 0
            for order in range(12):
                day = np.datetime64("2024-01-01") + int(draw.integers(0, 135 if leaves else 180))
                lines.append(f"A{number}-{order},c{number:03d},{day} 10:00,mug,1,4.5,,sale")
            rows.append(f"('c{number:03d}', '{'left' if leaves else 'here'}', '{'fr' if number % 3 else 'no'}')")
        sql = {"orders": ORDERS_SQL, "customers": CUSTOMERS_SQL.format(more=more, rows=", ".join(rows))}
        workspace = Workspace(tmp_path / "home")
        ingest(workspace, write_shop("\n".join(lines) + "\n", sql=sql, **keys))
        return read_dataset(build_dataset(workspace, study()))

    return made


def read(dataset: Dataset) -> set[str]:
    """The attributes that a learner of all features reads."""
    problem = predict.prepare(study(learners=["lightgbm"]), dataset)
    return {name.partition("=")[0] for name in readable(problem, "lightgbm") if name.startswith("profile_")}


def test_a_status_of_today_is_not_read_by_a_prediction_of_the_past(dataset_of) -> None:
    dataset = dataset_of()
    assert {"profile_status", "profile_country", "profile_known_n"} <= set(dataset.facts["undated"])
    assert "profile_status=left" in dataset.features  # it may describe people
    assert not {"profile_status", "profile_country"} & read(dataset)


def test_an_attribute_with_a_date_is_read(dataset_of) -> None:
    dataset = dataset_of(", TIMESTAMP '2024-01-01' AS known_at")
    assert "undated" not in dataset.facts
    assert {"profile_status", "profile_country"} <= read(dataset)


def test_what_the_source_declares_as_known_all_along_is_read_and_no_more(dataset_of) -> None:
    assert read(dataset_of(known_all_along=["country"])) & {"profile_country", "profile_status"} == {"profile_country"}


def test_everything_can_be_declared_at_once(dataset_of) -> None:
    assert {"profile_country", "profile_status"} <= read(dataset_of(known_all_along=["*"]))


@pytest.mark.parametrize("pattern", ["profile_status", "profile_stat*", "profile_status=left"])
def test_a_study_that_asks_for_such_columns_alone_is_told_what_to_do(dataset_of, pattern: str) -> None:
    dataset = dataset_of()
    with pytest.raises(BadConfig, match=r"matches only attributes without a date.*known_all_along"):
        predict.prepare(study(features={"include": ["purchase_*", pattern]}), dataset)


def test_a_declaration_of_no_column_is_refused(write_shop, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="'staus' is no column of customers"):
        write_shop(known_all_along=["staus"])
    del tmp_path


def test_every_column_made_of_a_profile_says_of_which_attributes() -> None:
    """All that read customers, but those with a time of their own."""
    own_time = {"profile_tenure_days", "profile_changed_days"}
    for family in families().values():
        for column in family.COLUMNS:
            if tuple(family.NEEDS[:1]) == ("customers",) and column not in own_time:
                attributes = family.attributes(column)
                assert attributes, column
                assert all(name in CUSTOMERS.column_names or CUSTOMERS.is_extra(name) for name in attributes), column


def test_shipped_sources_load_with_their_declarations() -> None:
    assert load_source("telco").config.known_all_along == ("*",)
