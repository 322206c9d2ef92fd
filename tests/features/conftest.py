"""The shop that features are tested on."""

import polars as pl
import pytest

from tests.features.shop import small_shop, whole_shop


@pytest.fixture(scope="session")
def shop() -> dict[str, pl.DataFrame]:
    """Orders and products alone."""
    return small_shop()


@pytest.fixture(scope="session")
def world() -> dict[str, pl.DataFrame]:
    """Every canonical table."""
    return whole_shop()
