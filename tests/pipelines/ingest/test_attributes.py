"""Attributes that a source declares become columns that features read; all others stay unread."""

import json
from pathlib import Path

import polars as pl
import pytest

from experiments.config import Features
from features.engines import from_frames, given
from features.errors import BadConfig, BadTable
from features.families import is_protected
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


def test_each_kind_can_be_protected_and_then_no_pattern_includes_it(write_shop: WriteShop, tmp_path: Path) -> None:
    """By its name alone, which travels with the column into datasets, bundles and requests."""
    declared = {name: f"protected {kind}" for name, kind in DECLARED.items()}
    plain = profiles(write_shop, tmp_path / "plain", attributes=DECLARED)
    found = profiles(write_shop, tmp_path / "home", attributes=declared)
    pairs = {"level_hobby": "level_protected_hobby", "ordered_size": "ordered_protected_size"}
    assert found.equals(plain.rename(pairs))
    names = (*pairs, *pairs.values(), "level_protected_hobby=chess")
    assert [is_protected(name) for name in names[:4]] == [False, False, True, True]
    assert Features(include=("level_*", "ordered_*")).select(names) == tuple(pairs)
    by_name = Features(include=("level_*", "ordered_protected_size", "level_protected_hobby"))
    assert by_name.select(names) == ("level_hobby", *names[2:])


def test_a_protected_attribute_is_counted_and_never_recommended(write_shop: WriteShop, tmp_path: Path) -> None:
    declared = {"hobby": "protected level", "size": "ordered: small, middle, large"}
    source = write_shop(sql={"orders": ORDERS_SQL, "customers": PROFILES}, attributes=declared)
    folder = ingest(Workspace(tmp_path / "home"), source).folder
    judged = {each["column"]: each for each in json.loads((folder / "coverage.json").read_text())["attributes"]}
    assert {name: each["protected"] for name, each in judged.items()} == {"attr_hobby": True, "attr_size": False}
    assert judged["attr_hobby"]["verdict"] == "protected: counted, never recommended for a model"


@pytest.mark.parametrize(
    ("attributes", "error", "message"),
    [
        (
            {"size": "sorted: a, b"},
            BadConfig,
            r"size: it is 'sorted: a, b': write \"level\", or \"ordered:",
        ),
        ({"size": "level: a, b"}, BadConfig, "it is 'level: a, b': write"),
        ({"size": "level protected"}, BadConfig, 'before either, "protected " if nobody should be judged by it'),
        ({"size": "protected"}, BadConfig, "it is 'protected': write"),
        ({"protected_size": "level"}, BadConfig, "call it 'size', and write \"protected \" before what it is"),
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
