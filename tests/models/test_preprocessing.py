"""Preprocessing: comparable columns from skewed ones, the same bits for one customer as for many."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import PowerTransformer

from features.errors import BadArtifact, BadInput
from models.segments import preprocessing

SKEWED = ["spend", "orders", "share", "balance"]


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "spend": rng.lognormal(4, 1.5, 1000),
            "orders": rng.geometric(0.5, 1000).astype(np.float64),
            "share": np.where(rng.random(1000) < 0.9, 0.0, rng.random(1000)),
            "balance": rng.normal(0, 50, 1000) - 20,
        }
    )
    frame.loc[::9, "share"] = np.nan
    return frame


def test_skewed_columns_come_out_standardised_and_far_less_skewed(customers: pd.DataFrame) -> None:
    Z = preprocessing.transform(preprocessing.fit(customers, SKEWED), customers)
    assert Z.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert Z.std(axis=0) == pytest.approx(np.ones(4), abs=1e-12)
    assert stats.skew(customers["spend"]) > 5
    assert abs(stats.skew(Z[:, 0])) < 0.2


def test_powers_and_values_are_those_of_scikit_learn_on_winsorised_data(customers: pd.DataFrame) -> None:
    columns = ["spend", "balance"]
    low, high = customers[columns].quantile(0.01), customers[columns].quantile(0.99)
    winsorised = customers[columns].clip(low, high, axis=1).to_numpy()
    oracle = PowerTransformer("yeo-johnson").fit(winsorised)
    fitted = preprocessing.fit(customers, columns)
    assert fitted.power == pytest.approx(oracle.lambdas_, rel=1e-3)
    assert preprocessing.transform(fitted, customers) == pytest.approx(oracle.transform(winsorised), abs=1e-3)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30),
    st.floats(-1, 2) | st.sampled_from([0.0, 1.0, 2.0]),
)
def test_yeo_johnson_is_that_of_scipy_and_keeps_the_order(values: list[float], power: float) -> None:
    ordered = np.sort(np.array(values))
    shaped = preprocessing.yeo_johnson(ordered, np.float64(power))
    assert (np.diff(shaped) >= 0).all()
    assert shaped == pytest.approx(stats.yeojohnson(ordered, lmbda=power), rel=1e-9, abs=1e-9)


def test_one_customer_gets_the_same_bits_alone_as_in_the_batch(customers: pd.DataFrame) -> None:
    fitted = preprocessing.fit(customers, SKEWED)
    Z = preprocessing.transform(fitted, customers)
    for row in range(0, 1000, 37):
        assert (preprocessing.transform(fitted, customers.iloc[[row]]) == Z[row]).all()


def test_columns_are_found_by_name_and_null_becomes_the_median(customers: pd.DataFrame) -> None:
    fitted = preprocessing.fit(customers, SKEWED)
    swapped = customers[SKEWED[::-1]]
    assert (preprocessing.transform(fitted, swapped) == preprocessing.transform(fitted, customers)).all()
    typical = pd.DataFrame([{**customers.median(), "orders": np.nan}])
    filled = pd.DataFrame([customers.median()])
    assert (preprocessing.transform(fitted, typical) == preprocessing.transform(fitted, filled)).all()


def test_no_value_lies_beyond_the_winsor_limits(customers: pd.DataFrame) -> None:
    fitted = preprocessing.fit(customers, SKEWED)
    limit = customers.assign(spend=customers["spend"].quantile(0.99))
    beyond = customers.assign(spend=1e300)
    assert (preprocessing.transform(fitted, beyond) == preprocessing.transform(fitted, limit)).all()


def test_a_trait_that_fewer_than_one_in_a_hundred_have_is_not_clipped_away() -> None:
    X = pd.DataFrame({"rare": [0.0] * 995 + [0.5] * 5})
    Z = preprocessing.transform(preprocessing.fit(X, ["rare"]), X)
    assert Z[-1, 0] - Z[0, 0] > 1


def test_a_constant_or_empty_column_becomes_zeros_beside_a_varying_one() -> None:
    X = pd.DataFrame({"same": [3.0] * 5, "null": [np.nan] * 5, "varies": [1.0, 2.0, 3.0, 4.0, 5.0]})
    Z = preprocessing.transform(preprocessing.fit(X, list(X.columns)), X)
    assert (Z[:, :2] == 0).all()
    assert np.isfinite(Z).all()


@pytest.mark.parametrize(
    ("X", "sentence"),
    [
        (pd.DataFrame({"a": [1.0, 1.0], "b": [2.0, 2.0]}), "all 2 customers look the same in a, b"),
        (pd.DataFrame({"a": [1.0, np.inf], "b": [2.0, 3.0]}), "infinite values in a"),
        (pd.DataFrame({"a": [1.0, 2.0]}), r"1 of 2 features are missing \(b\)"),
        (pd.DataFrame({"a": ["x", "y"], "b": [2.0, 3.0]}), "a contains str"),
        (pd.DataFrame({"a": [], "b": []}), "0 customers with 2 features"),
    ],
)
def test_what_cannot_be_prepared_is_refused_in_a_sentence(X: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        preprocessing.fit(X, ["a", "b"])


def test_dump_and_load_keep_every_bit(customers: pd.DataFrame) -> None:
    fitted = preprocessing.fit(customers, SKEWED)
    again = preprocessing.load(preprocessing.dump(fitted))
    assert preprocessing.dump(again) == preprocessing.dump(fitted)
    assert (preprocessing.transform(again, customers) == preprocessing.transform(fitted, customers)).all()


def test_files_that_do_not_fit_are_refused(customers: pd.DataFrame) -> None:
    files = preprocessing.dump(preprocessing.fit(customers, SKEWED))
    other = preprocessing.dump(preprocessing.fit(customers, SKEWED[:2]))
    with pytest.raises(BadArtifact, match="needs float64 of shape"):
        preprocessing.load({**files, "preprocessing.npy": other["preprocessing.npy"]})
    with pytest.raises(BadArtifact, match="missing or not an array"):
        preprocessing.load({**files, "preprocessing.npy": b"pickle?"})
    with pytest.raises(BadArtifact, match="missing or not JSON"):
        preprocessing.load({"preprocessing.npy": files["preprocessing.npy"]})
