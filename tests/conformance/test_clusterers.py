"""Laws of every clusterer; a new file in ``models/segments/clusterers/`` is found and tested here by itself."""

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import BadArtifact, BadConfig, BadInput, NotFound
from features.snapshot import feature_names
from features.tables import TABLES
from models.params import complete_params
from models.segments import clusterers, preprocessing, segmenter
from models.segments.clusterers import NOISE, clusterer
from models.segments.segmenter import Segmenter, assign, assign_labels, fit_segmenter

FEATURES = ["purchase_recency_days", "purchase_days_n", "purchase_spend"]
EVERY = sorted(clusterers.clusterers())


class FirstChoice:
    """A tuner that always chooses the lowest value and records the names it was asked for."""

    def __init__(self, highest: bool = False) -> None:
        self.highest = highest

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:  # noqa: ARG002
        return high if self.highest else low

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:  # noqa: ARG002
        return high if self.highest else low

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:  # noqa: ARG002
        return choices[-1 if self.highest else 0]


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    """Four kinds of customers, with some nulls, and a column that is only for the segment catalogue."""
    rng = np.random.default_rng(3)
    kinds = [(8, 20, 300), (300, 1, 40), (60, 4, 90), (15, 1, 60)]
    rows = [(rng.gamma(30, r / 30), 1 + rng.poisson(d - 1), rng.gamma(30, v / 30)) for r, d, v in kinds * 100]
    frame = pd.DataFrame(rows, columns=["purchase_recency_days", "purchase_days_n", "purchase_order_value_mean"])
    frame["purchase_spend"] = frame["purchase_days_n"] * frame["purchase_order_value_mean"]
    frame.loc[::50, "purchase_recency_days"] = np.nan
    return frame.astype(np.float64)


@pytest.fixture(params=EVERY)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fitted(name: str, customers: pd.DataFrame) -> Segmenter:
    return fit_segmenter(customers, FEATURES, name, {}, seed=0)


def test_the_folder_has_a_baseline_and_other_clusterers() -> None:
    assert {clusterer(name).BASELINE for name in EVERY} == {True, False}
    with pytest.raises(NotFound, match="no clusterer is called 'oracle': choose one of"):
        clusterer("oracle")


def test_the_same_seed_gives_the_same_bytes(name: str, customers: pd.DataFrame, fitted: Segmenter) -> None:
    again = fit_segmenter(customers, FEATURES, name, {}, seed=0)
    assert segmenter.dump(again) == segmenter.dump(fitted)


def test_saved_and_loaded_it_assigns_bit_identically(customers: pd.DataFrame, fitted: Segmenter) -> None:
    loaded = segmenter.load(segmenter.dump(fitted))
    pd.testing.assert_frame_equal(assign(loaded, customers), assign(fitted, customers), check_exact=True)
    assert segmenter.dump(loaded) == segmenter.dump(fitted)


def test_one_customer_alone_gets_the_bits_of_the_batch(customers: pd.DataFrame, fitted: Segmenter) -> None:
    newcomers = customers * np.random.default_rng(5).uniform(0.5, 1.5, customers.shape)
    for X in (customers, newcomers):
        batch = assign(fitted, X)
        alone = pd.concat([assign(fitted, X.iloc[[row]]) for row in range(0, len(X), 7)])
        pd.testing.assert_frame_equal(alone, batch.iloc[::7], check_exact=True)


def test_every_label_is_among_its_labels_and_strength_is_a_share(customers: pd.DataFrame, fitted: Segmenter) -> None:
    possible = set(clusterer(fitted.clusterer).labels(fitted.model))
    strange = pd.concat([customers, customers * 0, customers * 1e9, -customers, customers * np.nan])
    label, strength = assign_labels(fitted, strange)
    assert set(label.tolist()) <= possible
    assert ((strength >= 0) & (strength <= 1)).all()
    assert (strength[label == NOISE] == 0).all()
    assert assign(fitted, strange)["segment_name"].notna().all()


def test_no_rows_get_no_answers(customers: pd.DataFrame, fitted: Segmenter) -> None:
    nobody, somebody = assign(fitted, customers.iloc[:0]), assign(fitted, customers)
    assert len(nobody) == 0
    assert (nobody.dtypes == somebody.dtypes).all()


def test_columns_are_found_by_name_and_the_index_is_preserved(customers: pd.DataFrame, fitted: Segmenter) -> None:
    renumbered = customers[customers.columns[::-1]].set_axis(np.arange(len(customers)) + 1000)
    found = assign(fitted, renumbered)
    pd.testing.assert_frame_equal(found.reset_index(drop=True), assign(fitted, customers), check_exact=True)
    assert found.index.equals(renumbered.index)


def test_missing_and_infinite_features_are_refused(customers: pd.DataFrame, fitted: Segmenter) -> None:
    with pytest.raises(BadInput, match=r"1 of \d features are missing \(purchase_spend\)"):
        assign(fitted, customers.drop(columns="purchase_spend"))
    with pytest.raises(BadInput, match="infinite values in purchase_spend"):
        assign(fitted, customers.assign(purchase_spend=np.inf))


def test_everyone_alike_is_refused_in_a_sentence(name: str, customers: pd.DataFrame) -> None:
    alike = pd.concat([customers.iloc[[1]]] * 50, ignore_index=True)
    with pytest.raises(BadInput, match="all 50 customers look the same"):
        fit_segmenter(alike, FEATURES, name, {}, seed=0)


def test_a_handful_of_customers_is_grouped_or_refused_in_a_sentence(name: str, customers: pd.DataFrame) -> None:
    for rows in (1, 2, 3, 8):
        with contextlib.suppress(BadInput):
            fitted = fit_segmenter(customers.iloc[1 : 1 + rows], FEATURES, name, {}, seed=0)
            assert sum(segment.size for segment in fitted.catalogue) == rows


def test_its_space_lies_within_its_parameters_and_can_be_fitted(name: str, customers: pd.DataFrame) -> None:
    for highest in (False, True):
        params = clusterer(name).space(FirstChoice(highest))
        assert set(params) <= set(clusterer(name).DEFAULTS)
        fit_segmenter(customers, FEATURES, name, params, seed=0)


def test_an_unknown_parameter_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadConfig, match="no parameter colour"):
        complete_params(name, clusterer(name).DEFAULTS, {"colour": "red"})


def test_a_memory_folder_changes_nothing_but_the_time(
    name: str, customers: pd.DataFrame, fitted: Segmenter, tmp_path: Path
) -> None:
    for _ in range(2):
        again = fit_segmenter(customers, FEATURES, name, {}, seed=0, memory=tmp_path)
        assert segmenter.dump(again) == segmenter.dump(fitted)


def test_a_model_is_plain_data_and_contains_customers_only_if_it_says_so(
    customers: pd.DataFrame, fitted: Segmenter
) -> None:
    kind = clusterer(fitted.clusterer)
    files = kind.dump(fitted.model)
    for file, data in files.items():
        assert file.endswith((".json", ".npy"))
        if file.endswith(".npy"):
            assert np.load(io.BytesIO(data), allow_pickle=False).dtype.kind in "fiub"
        else:
            assert isinstance(json.loads(data), dict)
    Z = preprocessing.transform(fitted.preprocessing, customers)
    found = any(np.ascontiguousarray(row).tobytes() in data for row in Z for data in files.values())
    assert found is kind.KEEPS_POINTS


def test_fitting_and_assigning_leave_the_customers_as_they_were(name: str, customers: pd.DataFrame) -> None:
    before = customers.copy(deep=True)
    assign(fit_segmenter(customers, FEATURES, name, {}, seed=0), customers)
    pd.testing.assert_frame_equal(customers, before, check_exact=True)


def test_the_columns_it_needs_are_features(name: str) -> None:
    assert set(clusterer(name).NEEDS) <= set(feature_names(set(TABLES)))


def test_a_missing_file_is_refused_in_a_sentence(fitted: Segmenter) -> None:
    files = segmenter.dump(fitted)
    for lost in files:
        with pytest.raises(BadArtifact, match="again"):
            segmenter.load({name: data for name, data in files.items() if name != lost})
