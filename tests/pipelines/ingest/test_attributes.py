"""Attributes that a source declares become columns that features read; all others stay unread."""

from pathlib import Path

import polars as pl
import pytest

from features.engines import from_frames, given
from features.errors import BadConfig, BadTable
from features.snapshot import feature_names
from pipelines.ingest.canonical import ingest
from pipelines.workspace import Workspace
from tests.pipelines.conftest import ORDERS_SQL, WriteShop

PROFILES = """SELECT * FROM (VALUES ('ann', 'Chess', 'Small', '2024-01-01'), ('ann', NULL, ' large', '2024-02-01'),
    ('bob', 'golf', 'huge', NULL)) AS register(customer_id, attr_hobby, attr_size, known_at)"""
DECLARED = {"hobby": "level", "size": "ordered: small, Middle, large"}


def profiles(write_shop: WriteShop, home: Path, **keys: object) -> pl.DataFrame:
    source = write_shop(sql={"orders": ORDERS_SQL, "customers": PROFILES}, **keys)
    return pl.read_parquet(ingest(Workspace(home), source).folder / "customers.parquet")


def test_a_level_is_its_text_and_an_order_gives_a_place(write_shop: WriteShop, tmp_path: Path) -> None:
    bare = profiles(write_shop, tmp_path / "bare")
    found = profiles(write_shop, tmp_path / "home", attributes=DECLARED)
    assert found.select(bare.columns).equals(bare)
    assert found.select("customer_id", "level_hobby", "ordered_size").rows() == [
        ("ann", "Chess", 0), ("ann", "Chess", 2), ("bob", "golf", None),
    ]  # fmt: skip
    result = ingest(Workspace(tmp_path / "home"), write_shop(sql={"orders": ORDERS_SQL, "customers": PROFILES},
                                                             attributes=DECLARED))  # fmt: skip
    assert result.repairs["customers"]["unordered_size_emptied"] == 1
    orders = pl.read_parquet(result.folder / "orders.parquet")
    names = [set(feature_names(given(from_frames({"orders": orders, "customers": rows})))) for rows in (bare, found)]
    assert names[1] - names[0] == {"level_hobby", "ordered_size"}


@pytest.mark.parametrize(
    ("attributes", "error", "message"),
    [
        (
            {"size": "sorted: a, b"},
            BadConfig,
            r"size: it is 'sorted: a, b': write \"level\", or \"ordered:",
        ),
        ({"size": "ordered: a"}, BadConfig, "two or more texts from low to high"),
        ({"size": "ordered: a, b, A"}, BadConfig, "names a text twice"),
        ({"colour": "level"}, BadTable, "declares colour, but customers.sql returns no attr_colour: return it, or"),
        ({"size": "ordered: 1, 2"}, BadTable, r"none of 3 texts in attr_size of customers is in its order \(1, 2\)"),
    ],
)
def test_a_declaration_that_fits_nothing_says_so(
    write_shop: WriteShop, tmp_path: Path, attributes: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        profiles(write_shop, tmp_path / "home", attributes=attributes)


def test_attributes_are_of_customers(write_shop: WriteShop) -> None:
    with pytest.raises(BadConfig, match=r"has \[attributes\], which are of customers: write customers\.sql"):
        write_shop(attributes=DECLARED)
