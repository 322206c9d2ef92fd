"""What ``init`` writes fits the files as it is, and gives the rows that a person reads in them."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from features.errors import BadInput, BadTable, NotFound
from pipelines.scratch import create_schemas
from pipelines.sources import Source, load_source, shipped_sources
from pipelines.sources.read import open_raw, raw_files
from pipelines.sources.stage import Staged, stage
from pipelines.sql import connect, listed
from pipelines.steps.check import check_source
from pipelines.steps.init import init_source
from tests.pipelines.sources.workbook import write_book

Rows = list[dict[str, Any]]
PRESENT = datetime(2030, 1, 1)


@pytest.fixture
def guessed(tmp_path: Path) -> Callable[..., dict[str, Rows]]:
    """Write the files and let ``init`` guess a source; the rows it stages by table, without empty cells."""

    def guess(**files: str) -> dict[str, Rows]:
        raw = tmp_path / "files"
        for name, text in files.items():
            raw.mkdir(exist_ok=True)
            stem, _, ending = name.rpartition("_")
            (raw / f"{stem}.{ending}").write_text(text, encoding="utf-8")
        init_source(tmp_path / "my_shop", raw)
        return staged(load_source(tmp_path / "my_shop"))

    return guess


def staged(source: Source) -> dict[str, Rows]:
    with connect(timezone=source.config.timezone) as con:
        create_schemas(con)
        open_raw(con, source, raw_files(source), source.folder / "copies")
        return {table: rows_of(con, stage(con, source, table, PRESENT)) for table in source.sql}


def rows_of(con: duckdb.DuckDBPyConnection, table: Staged) -> Rows:
    names = [column.name for column in table.columns]
    found = con.execute(
        f'SELECT {listed(names)} FROM staged."{table.name}" WHERE reason IS NULL ORDER BY ALL'
    ).fetchall()
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in found]


def test_french_files_with_decimal_commas_a_clock_and_days_first(guessed, tmp_path):
    found = guessed(
        ventes_csv="N° commande;Code client;Date de commande;Heure;Référence;Désignation;Qté;Prix unitaire TTC\n"
        "C1;K01;15/01/2024;10:02;MUG;Tasse;2;4,50\nC2;K02;03/02/2024;18:30;POT;Pot;1;1 020,25\n",
        clients_csv="Code client;Nom;Ville;Date d'inscription;Newsletter;Date de naissance\n"
        "K01;Dupont;Lyon;01/12/2023;oui;02/03/1980\nK02;Martin;Paris;20/12/2023;non;15/09/1991\n",
    )
    assert found["orders"] == [
        {"order_id": "C1", "customer_id": "K01", "at": datetime(2024, 1, 15, 9, 2), "product_id": "MUG",
         "quantity": 2, "unit_price": 4.5, "kind": "sale"},
        {"order_id": "C2", "customer_id": "K02", "at": datetime(2024, 2, 3, 17, 30), "product_id": "POT",
         "quantity": 1, "unit_price": 1020.25, "kind": "sale"},
    ]  # fmt: skip
    assert load_source(tmp_path / "my_shop").config.csv.decimal == ","
    assert found["customers"] == [
        {"customer_id": "K01", "signed_up_at": datetime(2023, 11, 30, 23), "birth_year": 1980, "city": "Lyon",
         "consent": True},
        {"customer_id": "K02", "signed_up_at": datetime(2023, 12, 19, 23), "birth_year": 1991, "city": "Paris",
         "consent": False},
    ]  # fmt: skip


def test_a_line_total_is_divided_negative_quantities_are_returns_and_unpaid_orders_are_left_out(guessed):
    found = guessed(
        orders_csv="invoiceNo,customerEmail,Invoice Date,sku,qty,Line Total,Order Status\n"
        "1,a@example.com,01/25/2024 3:05 PM,mug,2,$9.00,paid\n2,b@example.com,02/01/2024 9:30 AM,pot,-1,$-20.00,paid\n"
        "3,b@example.com,02/02/2024 9:30 AM,pot,1,$20.00,cancelled\n"
    )
    about = [(row["order_id"], row["at"], row["quantity"], row["unit_price"], row["kind"]) for row in found["orders"]]
    assert about == [
        ("1", datetime(2024, 1, 25, 15, 5), 2, 4.5, "sale"),
        ("2", datetime(2024, 2, 1, 9, 30), -1, 20, "return"),
    ]


def test_lines_and_their_header_are_joined(guessed):
    found = guessed(
        orders_csv="order_id,customer_id,created_at\n1,ann,2024-01-05 10:00\n2,bob,2024-02-01 09:30\n",
        order_lines_csv="order_id,product_id,quantity,price\n1,mug,2,4.5\n1,pot,1,20\n2,mug,1,4.5\n",
    )
    assert [(row["customer_id"], row["product_id"], row["quantity"]) for row in found["orders"]] == [
        ("ann", "mug", 2), ("ann", "pot", 1), ("bob", "mug", 1),
    ]  # fmt: skip


def test_profiles_and_products_are_told_apart_by_the_ids_that_orders_have(guessed):
    found = guessed(
        sales_csv="order_no,email,order_date,sku,qty,price\n1,Ann@example.com,2024-01-05,MUG,1,4.5\n"
        "2,bob@example.com,2024-01-06,POT,1,20\n",
        customers_csv="customer_id,email,country\n71,ann@example.com,FR\n72,bob@example.com,US\n",
        products_csv="id,reference,name,price\n501,MUG,Mug,4.5\n502,POT,Pot,20\n",
    )
    assert {row["customer_id"] for row in found["customers"]} == {"ann@example.com", "bob@example.com"}
    assert {row["product_id"] for row in found["products"]} == {"MUG", "POT"}


def test_orders_without_a_number_or_a_named_price_are_told_by_their_values(guessed):
    found = guessed(
        sample_csv="sample_id,date,dollars\n" + "".join(f"{n % 4},2024-01-{n + 1:02},{n}.25\n" for n in range(9))
    )
    assert found["orders"][0] == {
        "order_id": "0-2024-01-01", "customer_id": "0", "at": datetime(2024, 1, 1), "quantity": 1, "unit_price": 0.25,
        "kind": "sale",
    }  # fmt: skip


def test_what_no_name_tells_is_told_by_kinds_and_a_customer_that_no_order_has_is_doubted(guessed, tmp_path):
    found = guessed(
        sales_csv="id,customer_id,order_date,price\n1,71,2024-01-05,4.5\n2,72,2024-01-06,20\n",
        log_csv="user,when,what\nann,2024-01-05 10:00,page view\nann,2024-01-05 10:01,Add to cart\n",
    )
    assert [row["kind"] for row in found["events"]] == ["page_view", "add_to_cart"]
    assert {row["order_id"] for row in found["orders"]} == {"1", "2"}
    assert (
        "-- guessed from its name, but orders have none of its values" in (tmp_path / "my_shop/events.sql").read_text()
    )
    assert "orders have none" not in (tmp_path / "my_shop/orders.sql").read_text()


def test_events_counted_from_1970_and_words_for_their_kinds(guessed):
    found = guessed(
        clicks_csv="user_id,event_name,ts,timestamp,sku\nu1,view_item,x,1706781600000,mug\nu1,purchase,x,1706781660000,\n"
    )
    assert found["events"] == [
        {"customer_id": "u1", "at": datetime(2024, 2, 1, 10), "kind": "product_view", "product_id": "mug"},
        {"customer_id": "u1", "at": datetime(2024, 2, 1, 10, 1), "kind": "checkout"},
    ]


def test_times_with_a_zone_are_looked_at_like_any_others(tmp_path):
    (tmp_path / "files").mkdir()
    line = "SELECT 1 AS order_id, 'ann' AS client, TIMESTAMPTZ '2024-01-05 10:00+02' AS ordered_at, 4.5 AS price"
    duckdb.sql(f"COPY ({line}) TO '{tmp_path}/files/sales.parquet'")
    init_source(tmp_path / "my_shop", tmp_path / "files")
    assert staged(load_source(tmp_path / "my_shop"))["orders"][0]["at"] == datetime(2024, 1, 5, 8)
    found = check_source(str(tmp_path / "my_shop"), None)
    assert found["files"]["sales"]["first"][0][2].startswith("2024-01-05 08:00")


def test_nothing_is_overwritten_and_nothing_written_where_nothing_is_recognised(tmp_path, guessed):
    with pytest.raises(NotFound, match="there is no folder"):
        init_source(tmp_path / "shop", tmp_path / "nowhere")
    with pytest.raises(BadTable, match=r"telco\.csv has customerID, tenure, Churn"):
        guessed(telco_csv="customerID,tenure,Churn\n1,3,No\n2,4,Yes\n")
    assert not (tmp_path / "my_shop").exists()
    (tmp_path / "my_shop").mkdir()
    (tmp_path / "my_shop" / "orders.sql").write_text("SELECT 1")
    with pytest.raises(BadInput, match="is a source already"):
        init_source(tmp_path / "my_shop", tmp_path / "files")


ORDER_LINES = (
    "order_no,customer_no,ordered_at,sku,qty,unit_price,discount,channel,booked_at\nR1,c,2024-01-05,mug,2,4.5,,web,\n"
)


def test_files_of_a_shipped_source_are_read_by_its_recipe_without_the_tables_whose_files_are_not_there(tmp_path):
    raw = tmp_path / "files"
    raw.mkdir()
    (raw / "orders-2024-01.csv").write_text(ORDER_LINES)
    found = init_source(tmp_path / "my_shop", raw)
    assert (found["recipe"], list(found["tables"])) == ("simulated", ["orders"])
    source = load_source(tmp_path / "my_shop")
    assert source.name == "my_shop"
    assert source.config.timezone == load_source("simulated").config.timezone
    assert list(source.config.files) == ["order_lines"]
    assert staged(source)["orders"][0]["kind"] == "return"


@pytest.mark.parametrize("name", [name for name in shipped_sources() if (load_source(name).folder / "raw").is_dir()])
def test_a_recipe_is_recognised_by_the_columns_of_its_files_whatever_their_names(name, tmp_path):
    recipe = load_source(name)
    for n, file in enumerate(raw_files(recipe)):
        moved = tmp_path / "files" / f"{'abcdefghijkl'[n]}{''.join(file.path.suffixes)}"
        moved.parent.mkdir(exist_ok=True)
        moved.write_bytes(file.path.read_bytes())
    assert init_source(tmp_path / "my_shop", tmp_path / "files")["recipe"] == name


SALES = "order_no,customer_no,order_date,sku,qty,price\n1,K1,2024-01-15,MUG,1,4.5\n2,K2,2024-01-16,POT,1,20\n"


def test_how_to_reach_people_goes_into_the_vault_and_nowhere_else(guessed):
    found = guessed(
        sales_csv=SALES,
        clients_csv="N° client;Prénom;Nom;Courriel;Tél. portable;Adresse;Code postal;Ville;Newsletter;Optin SMS\n"
        "K1;Léa;Dupont;lea@example.com;+33600000001;1 rue Haute;69001;Lyon;oui;non\n"
        "K2;Max;Martin;max@example.com;+33600000002;2 rue Basse;75002;Paris;non;oui\n",
    )
    assert found["contacts"][0] == {
        "customer_id": "K1", "email": "lea@example.com", "phone": "+33600000001", "first_name": "Léa",
        "last_name": "Dupont", "address_street": "1 rue Haute", "address_postcode": "69001", "address_city": "Lyon",
        "consent_email": True, "consent_sms": False,
    }  # fmt: skip
    assert found["customers"] == [
        {"customer_id": "K1", "city": "Lyon", "consent": True},
        {"customer_id": "K2", "city": "Paris", "consent": False},
    ]


def test_there_is_no_vault_where_the_address_is_the_id(guessed):
    found = guessed(
        sales_csv=SALES.replace("K1", "a@example.com").replace("K2", "b@example.com"),
        customers_csv="email,phone,country\na@example.com,+1555,US\nb@example.com,+1556,FR\n",
    )
    assert set(found) == {"orders", "customers"}


def test_campaigns_points_contracts_opinions_and_the_market_are_told_by_their_files_and_columns(guessed):
    found = guessed(
        sales_csv=SALES,
        campagnes_csv="Code campagne;Nom;Canal;Date début;Date fin;Budget\n"
        "C1;Soldes;Email;2024-01-10;2024-01-31;500\nC2;Été;SMS;2024-06-01;2024-06-30;250\n",
        fidelite_csv="N° client,Date,Points\nK1,2024-01-15,45\nK1,2024-02-01,-20\nK2,2024-01-16,5\n",
        abonnements_csv="N° client,Formule,Date de début,Date de fin\nK1,Or,2024-01-01,\nK2,Or,2024-01-02,2024-03-01\n",
        avis_csv="N° client,Date avis,Note,Commentaire\nK1,2024-01-20,5,Parfait\nK2,2024-01-21,2,Trop cher\n",
        marche_csv="Mois,Concurrent,Acheteurs,Dépenses\n2024-01,Autre,1000,50000\n2024-02,Autre,1100,52000\n",
    )
    assert found["campaigns"][0] == {
        "campaign_id": "C1", "name": "Soldes", "channel": "email", "cost": 500, "starts_at": datetime(2024, 1, 9, 23),
        "ends_at": datetime(2024, 1, 30, 23),
    }  # fmt: skip
    assert [(row["kind"], row["points"]) for row in found["loyalty"]] == [("earn", 45), ("spend", 20), ("earn", 5)]
    assert [(row["plan"], "ended_at" in row) for row in found["subscriptions"]] == [("Or", False), ("Or", True)]
    assert [(row["score"], row["text"]) for row in found["feedback"]] == [(5, "Parfait"), (2, "Trop cher")]
    assert found["market"][0] == {"period": "2024-01", "competitor": "Autre", "customers_n": 1000, "spend": 50000}


def test_files_of_two_shops_with_the_same_columns_are_read_together(guessed, tmp_path):
    found = guessed(
        lyon_sales_csv=SALES, lille_sales_csv=SALES.replace("K1", "K3"), sales_targets_csv="month,target\n1,2\n"
    )
    assert sorted(row["customer_id"] for row in found["orders"]) == ["K1", "K2", "K2", "K3"]
    assert load_source(tmp_path / "my_shop").config.files == {"l_sales": "l*_sales.csv"}


def test_fields_of_nested_events_are_columns(guessed):
    lines = [
        {"user": {"id": user}, "event": {"type": kind, "ts": at}, "tags": ["a"]}
        for user, kind, at in [("u1", "Product Viewed", 1706781600000), ("u1", "Order Completed", 1706781660000)]
    ]
    assert guessed(tracking_json=json.dumps(lines))["events"] == [
        {"customer_id": "u1", "at": datetime(2024, 2, 1, 10), "kind": "product_view"},
        {"customer_id": "u1", "at": datetime(2024, 2, 1, 10, 1), "kind": "checkout"},
    ]


def test_each_sheet_of_a_workbook_may_fill_a_table(tmp_path):
    sold_at = datetime(2024, 1, 15, 10)
    orders = [["N° commande", "Client", "Date", "Produit", "Quantité", "Prix"], ["1", "K1", sold_at, "MUG", 2, 4.5]]
    clients = [["Client", "Ville", "Inscrit le"], ["K1", "Lyon", datetime(2023, 12, 1)]]
    (tmp_path / "files").mkdir()
    write_book(tmp_path / "files" / "boutique.xlsx", {"Commandes": orders, "Clients": clients})
    init_source(tmp_path / "my_shop", tmp_path / "files")
    source = load_source(tmp_path / "my_shop")
    assert source.config.sheets == {"commandes": "Commandes", "clients": "Clients"}
    found = staged(source)
    assert (found["orders"][0]["unit_price"], found["customers"][0]["city"]) == (4.5, "Lyon")


def test_contracts_alone_are_a_source(guessed):
    found = guessed(
        contracts_csv="customer_id,plan,start_date,end_date\nK1,Gold,2024-01-01,\nK2,Gold,2024-01-02,2024-03-01\n"
    )
    assert [(row["customer_id"], row["plan"]) for row in found["subscriptions"]] == [("K1", "Gold"), ("K2", "Gold")]


def test_a_snapshot_that_a_recipe_reads_is_recognised(data_dir, tmp_path):
    assert init_source(tmp_path / "my_telco", data_dir / "telco")["recipe"] == "telco"
