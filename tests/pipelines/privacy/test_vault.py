"""How to reach people is stored where nothing but sending opens it, and whoever is erased is named nowhere else."""

import json
import stat
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from features.engines import open_tables, to_pandas
from features.errors import BadConfig, BadTable
from features.snapshot import snapshot
from features.tables import SOMEBODY
from features.windows import to_days
from pipelines.ingest.canonical import ingest
from pipelines.steps.erase import erase
from pipelines.steps.export import export
from pipelines.workspace import Workspace
from tests.pipelines.conftest import LINES, ORDERS_SQL, WriteShop

CONTACTS = "customer,mail\nanneke7,anneke7@x.example\nbob,bob@x.example\n,lost@x.example\ncleo,cleo@x.example\n"
REGISTER = (
    "customer,friend,born\nanneke7,,1980\nbob,anneke7,1990\ncleo,bob,1970\nzed, anneke7 ,1960\ndora,anneke7,old\n"
)
SQL = {
    "orders": ORDERS_SQL,
    "contacts": "SELECT customer AS customer_id, mail AS email, mail AS source_mail FROM addresses",
    "customers": "SELECT customer AS customer_id, friend AS referred_by, born AS birth_year FROM register",
}
FILES = {"lines": "lines.csv", "addresses": "addresses.csv", "register": "register.csv"}


@pytest.fixture
def shop(write_shop: WriteShop, tmp_path: Path):
    """Ingest a shop that knows addresses, and who recommended it to whom."""

    def ingested(**keys: object) -> Workspace:
        source = write_shop(LINES.replace("ann", "anneke7"), sql=SQL, files=FILES, **keys)
        (source.raw / "addresses.csv").write_text(CONTACTS)
        (source.raw / "register.csv").write_text(REGISTER)
        workspace = Workspace(tmp_path / "home")
        ingest(workspace, source)
        return workspace

    return ingested


def files_naming(workspace: Workspace, word: str) -> set[str]:
    """Tables and files in which the word occurs, in whatever column."""
    found = set()
    for path in (path for path in workspace.home.rglob("*") if path.is_file()):
        if path.suffix == ".parquet":
            cells = [str(cell) for row in pl.read_parquet(path).rows() for cell in row]
            there = any(word in cell for cell in cells)
        else:
            there = word.encode() in path.read_bytes()
        found |= {path.parent.name if path.parent.name == "rejects" else path.stem[:10]} if there else set()
    return found


def test_addresses_stand_in_the_vault_alone_and_only_the_owner_reads_it(shop) -> None:
    workspace = shop()
    canonical = workspace.require("canonical")
    assert pl.read_parquet(canonical / "contacts.parquet")["email"].to_list() == [
        "anneke7@x.example", "bob@x.example", "cleo@x.example",
    ]  # fmt: skip
    holders = [path for path in workspace.home.rglob("*.parquet") if path.parent.name == "contacts"]
    for path in (canonical / "contacts.parquet", canonical / "rejects" / "contacts.parquet", *holders):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert holders
    named = [path for path in workspace.home.rglob("*") if path.suffix in {".json", ".html"}]
    assert not [path for path in named if b"x.example" in path.read_bytes()]
    assert "contacts" not in open_tables(canonical)


def test_a_refused_row_of_the_vault_keeps_no_address(shop) -> None:
    """It has no customer, so an erasure could never find it."""
    workspace = shop()
    (refused,) = pl.read_parquet(workspace.require("canonical") / "rejects" / "contacts.parquet").to_dicts()
    assert refused == {"customer_id": None, "email": None, "source_mail": None, "reason": "missing_customer_id"}
    assert files_naming(workspace, "lost@x") == set()


@pytest.mark.parametrize(
    ("select", "says"),
    [
        (
            "mail AS email, mail AS consent_email",
            r"3 values of contacts\.consent_email cannot be read as bool, 0 can: ",
        ),
        ("CASE WHEN mail LIKE '%bob%' THEN error('no: ' || mail) ELSE mail END AS email", r"it calls error\(\), whose"),
        ("CAST(mail AS INTEGER) AS source_number", "Could not convert"),
        ("strptime(mail, '%Y') AS known_at", "Could not parse"),
    ],
)
def test_a_message_about_the_vault_quotes_no_address(
    write_shop: WriteShop, tmp_path: Path, select: str, says: str
) -> None:
    contacts = f"SELECT customer AS customer_id, {select} FROM addresses"
    source = write_shop(LINES, sql={**SQL, "contacts": contacts}, files=FILES)
    (source.raw / "addresses.csv").write_text(CONTACTS)
    (source.raw / "register.csv").write_text(REGISTER)
    with pytest.raises(BadTable, match=says) as error:
        ingest(Workspace(tmp_path / "home"), source)
    assert "x.example" not in str(error.value)
    assert files_naming(Workspace(tmp_path / "home"), "x.example") == set()


def test_pseudonyms_and_a_vault_contradict_each_other(shop) -> None:
    with pytest.raises(BadConfig, match=r"contacts\.sql of shop says who is behind each pseudonym"):
        shop(pseudonymise=True)


def test_whoever_is_erased_is_named_in_nobody_elses_row(shop, tmp_path: Path) -> None:
    workspace = shop()
    export(workspace, "anneke7", tmp_path / "anneke7.json")
    told = json.loads((tmp_path / "anneke7.json").read_text())
    exported = [row["customer_id"] for rows in told["canonical_tables"].values() for row in rows]
    assert set(exported) == {"anneke7"}
    assert "anneke7@x.example" in (tmp_path / "anneke7.json").read_text()
    assert erase(workspace, "anneke7")["rows"]["canonical tables"] == 2 + 1 + 1 + 2
    assert files_naming(workspace, "anneke7") == set()
    left = pl.read_parquet(workspace.require("canonical") / "customers.parquet")
    assert dict(left.select("customer_id", "referred_by").iter_rows()) == {
        "bob": SOMEBODY,
        "cleo": "bob",
        "zed": SOMEBODY,
    }
    # Not from the staged parts either, nor from the raw files, which still name her.
    shop()
    assert files_naming(workspace, "anneke7") == set()
    for part in workspace.home.glob("staging/*/*.parquet"):
        part.unlink()
    folder = workspace.require("canonical")
    (workspace.home / "canonical" / "CURRENT").unlink()
    workspace.discard(folder)
    shop()
    assert files_naming(workspace, "anneke7") == set()


def test_the_features_of_the_others_stay_when_their_referrer_is_erased(shop) -> None:
    """So what is left of a dataset equals one made anew."""
    workspace = shop()
    before = features_of(workspace)
    assert before.set_index("customer_id")["referred_by_customer"].to_dict() == {"anneke7": 0.0, "bob": 1.0}
    erase(workspace, "anneke7")
    pd.testing.assert_frame_equal(features_of(workspace), before.iloc[1:].reset_index(drop=True))


def features_of(workspace: Workspace) -> pd.DataFrame:
    return to_pandas(snapshot(open_tables(workspace.require("canonical")), to_days("2024-06-01")))


def test_what_came_later_to_the_contract_stands_only_where_the_source_returns_it(write_shop, tmp_path: Path) -> None:
    products = "SELECT DISTINCT sku AS product_id, 'garden' AS name{further} FROM lines"
    tables = {}
    for further in ("", ", 'summer' AS season"):
        workspace = Workspace(tmp_path / f"home{len(further)}")
        source = write_shop(sql={"orders": ORDERS_SQL, "products": products.format(further=further)})
        tables[further] = pl.read_parquet(ingest(workspace, source).folder / "products.parquet")
    before = ["product_id", "name", "category", "brand", "price", "unit_cost"]
    assert tables[""].columns == before
    assert list(tables.values())[1].columns == [*before, "season"]
    with pytest.raises(BadTable, match="unknown column seasons: did you mean season"):
        ingest(workspace, write_shop(sql={"orders": ORDERS_SQL, "products": products.format(further=", 1 AS seasons")}))
