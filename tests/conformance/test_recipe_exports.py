"""Every recipe keeps every row of an export of its tool, and everybody's money is what the shop says it is.

The export is written by ``tests/journeys/exports`` from a shop in memory, which knows what everybody paid.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.ingest import publication
from pipelines.ingest.canonical import ingest
from pipelines.ingest.result import IngestResult
from pipelines.sources import load_source, shipped_sources
from pipelines.workspace import Workspace
from tests.journeys.exports import exporters
from tests.journeys.exports.shop import made_up

EXPORTERS = exporters()
SHOP = made_up(people_n=30, days=90)
every_export = pytest.mark.parametrize("name", EXPORTERS)

Ingested = Callable[[str], IngestResult]


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingested]:
    """Write a recipe's export and ingest it, each once, without the audit's page."""
    results: dict[str, IngestResult] = {}

    def result_of(name: str) -> IngestResult:
        if name not in results:
            folder = tmp_path_factory.mktemp(name)
            EXPORTERS[name].write(SHOP, folder)
            results[name] = ingest(Workspace(tmp_path_factory.mktemp("home")), load_source(name), folder)
        return results[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publication, "write_audit", lambda *_: None)
        yield result_of


def test_every_recipe_has_an_exporter() -> None:
    assert set(EXPORTERS) == {name for name in shipped_sources() if load_source(name).raw.is_dir()}


@every_export
def test_nothing_of_an_export_is_rejected(name: str, ingested: Ingested) -> None:
    assert {table: dict(reasons) for table, reasons in ingested(name).rejects.items() if reasons} == {}


@every_export
def test_everybody_paid_what_the_shop_says(name: str, ingested: Ingested) -> None:
    exporter = EXPORTERS[name]
    expected = {exporter.customer_id(person): spend for person, spend in SHOP.spend(exporter.REFUNDS).items()}
    spend = _spend(ingested(name).folder)
    assert spend == pytest.approx({id_: paid for id_, paid in expected.items() if id_ in spend}, abs=0.005)
    # Whoever is missing has had all of it back, in a format that leaves such lines out.
    assert all(paid == 0 for id_, paid in expected.items() if id_ not in spend)


@every_export
def test_every_table_of_a_recipe_has_rows(name: str, ingested: Ingested) -> None:
    # Everybody in these exports is logged in, and agrees with no other about a device.
    assert {table for table, rows in ingested(name).counts.items() if not rows} <= {"identities"}


def test_shopify_and_klaviyo_are_one_source_by_the_address(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "write_audit", lambda *_: None)
    source, raw = tmp_path / "both", tmp_path / "raw"
    _write_both(source)
    raw.mkdir()
    for name in ("shopify", "klaviyo"):
        EXPORTERS[name].write(SHOP, raw)
    result = ingest(Workspace(tmp_path_factory.mktemp("home")), load_source(source), raw)
    assert {table: dict(reasons) for table, reasons in result.rejects.items() if reasons} == {}
    assert _spend(result.folder) == pytest.approx({p.email: paid for p, paid in SHOP.spend(refunds=True).items()})
    touched = set(pl.read_parquet(result.folder / "touches.parquet")["customer_id"])
    assert touched == {mail.person.email for mail in SHOP.mails}


def _write_both(folder: Path) -> None:
    """As docs/sources.md says: both folders in one, with the address as the id in Klaviyo's SELECTs."""
    shopify, klaviyo = load_source("shopify"), load_source("klaviyo")
    texts = klaviyo.texts | shopify.texts
    del texts["contacts"]
    texts["customers"] = klaviyo.texts["customers"].replace('"Klaviyo ID"', 'lower(trim("Email"))')
    profile = "event.relationships.profile.data.id"
    texts["_events"] = (
        texts["_events"]
        .replace(f"{profile} AS customer_id", 'lower(trim(profiles_raw."Email")) AS customer_id')
        .replace("FROM pages\n", f'FROM pages JOIN profiles_raw ON profiles_raw."Klaviyo ID" = {profile}\n')
    )
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    files = "".join(f'{alias} = "{klaviyo.config.files[alias]}"\n' for alias in klaviyo.config.files)
    settings = shopify.config_text.replace('name = "shopify"', 'name = "both"')
    settings = settings.replace('customers_raw = "customers_export*.csv"\n', "").replace(
        "[files]\n", f"[files]\n{files}"
    )
    (folder / "source.toml").write_text(settings, encoding="utf-8")


def _spend(folder: Path) -> dict[str, float]:
    """By customer: sales minus returns."""
    amount = pl.col("quantity") * pl.col("unit_price") - pl.col("discount").fill_null(0.0)
    signed = pl.when(pl.col("kind") == "sale").then(amount).otherwise(-amount)
    orders = pl.read_parquet(folder / "orders.parquet").group_by("customer_id").agg(signed.sum().alias("spend"))
    return dict(orders.select("customer_id", "spend").iter_rows())
