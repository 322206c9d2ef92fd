"""Value deciles and RFM cells against pandas' quantile classes."""

import numpy as np
import pandas as pd
import pytest

from models.segments.clusterers import rfm_cells, value_deciles
from models.segments.clusterers.rfm import NEEDS


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(rng.gamma(1.0, 50.0, (1_000, 3)), columns=list(NEEDS))


def test_deciles_are_those_of_pandas_with_the_best_first(customers: pd.DataFrame) -> None:
    model = value_deciles.fit(customers, np.empty((1_000, 0)), {"k": 10}, 0, None)
    label, _ = value_deciles.assign(model, customers, np.empty((1_000, 0)))
    assert (label == 9 - pd.qcut(customers["purchase_spend"], 10, labels=False)).all()


def test_whoever_has_no_spend_is_in_the_last_group(customers: pd.DataFrame) -> None:
    model = value_deciles.fit(customers, np.empty((1_000, 0)), {"k": 4}, 0, None)
    nobody = pd.DataFrame({"purchase_spend": [np.nan, -5.0, 1e9]})
    assert value_deciles.assign(model, nobody, np.empty((3, 0)))[0].tolist() == [3, 3, 0]


def test_cells_are_the_quintiles_of_pandas_side_by_side(customers: pd.DataFrame) -> None:
    model = rfm_cells.fit(customers, np.empty((1_000, 0)), {"levels": 5}, 0, None)
    label, _ = rfm_cells.assign(model, customers, np.empty((1_000, 0)))
    quintile = [pd.qcut(customers[name], 5, labels=False) for name in NEEDS]
    assert (label == 100 * (5 - quintile[0]) + 10 * (1 + quintile[1]) + (1 + quintile[2])).all()
    assert rfm_cells.NAMES[555] == "R5 F5 M5"
