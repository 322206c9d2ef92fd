"""The Complete Journey comes in whole: money, campaigns and clocks as the package's own files say."""

from datetime import datetime

import duckdb
import pytest

from pipelines.ingest.canonical import ingest
from pipelines.sources import load_source
from pipelines.workspace import Workspace


@pytest.fixture(scope="module")
def journey(data_dir, tmp_path_factory):
    """The canonical tables, and the folder of the raw files for an oracle."""
    raw = data_dir / "complete_journey"
    result = ingest(Workspace(tmp_path_factory.mktemp("journey")), load_source("complete_journey"), raw)
    return result, raw


def ask(query):
    return duckdb.sql(query).fetchall()


def test_every_line_is_kept_or_says_why_not(journey):
    result, _ = journey
    assert result.counts == {"customers": 801, "orders": 74_575, "products": 92_331, "touches": 8_691}
    assert result.rejects["orders"] == {"price_not_positive": 423, "quantity_not_positive": 2}
    assert sum(result.repairs["orders"].values()) == 0


def test_the_shop_receives_what_it_received(journey):
    result, raw = journey
    found = ask(f"SELECT sum(quantity * unit_price - discount) FROM '{result.folder / 'orders.parquet'}'")
    assert found[0][0] == pytest.approx(
        ask(f"SELECT sum(sales_value) FROM '{raw}/transactions_sample.parquet'")[0][0], abs=1e-6
    )


def test_fuel_is_sold_by_the_gallon(journey):
    result, raw = journey
    gallon = ask(
        f"""SELECT median(unit_price), max(quantity) FROM '{result.folder / "orders.parquet"}'
        WHERE product_id IN (SELECT product_id FROM '{raw}/products.parquet' WHERE product_type LIKE 'GASOLINE%')"""
    )[0]
    assert 2 < gallon[0] < 3
    assert gallon[1] < 50


def test_a_campaign_reaches_those_it_was_sent_to_on_its_first_day(journey):
    result, raw = journey
    sent, clicked = (
        ask(f"SELECT count(*) FROM '{result.folder / 'touches.parquet'}' WHERE kind = '{kind}'")[0][0]
        for kind in ("sent", "click")
    )
    assert sent == ask(f"SELECT count(*) FROM '{raw}/campaigns.parquet'")[0][0] == 6_589
    assert clicked == 2_102
    # Campaign 1 began on 3 March 2017, midnight in New York.
    first = ask(
        f"SELECT DISTINCT \"at\" FROM '{result.folder / 'touches.parquet'}' WHERE campaign_id = '1' AND kind = 'sent'"
    )
    assert first == [(datetime(2017, 3, 3, 5),)]
