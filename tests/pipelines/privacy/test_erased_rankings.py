"""An erased person leaves the datasets of rankings, with their history and with what they bought next."""

from pathlib import Path

from experiments.dataset import read_dataset, write_dataset
from features.item_history import COLUMN
from models.tasks import NEXT_ITEMS
from pipelines.privacy.erased import Person
from pipelines.privacy.removal import remove_from_dataset
from pipelines.workspace import Workspace
from tests.models.ranking.shop import PRODUCTS, QUESTION, frame, orders


def test_a_dataset_of_histories_is_the_one_made_without_the_person(tmp_path: Path) -> None:
    workspace, rows = Workspace(tmp_path), frame(orders())
    columns, facts, products = (COLUMN, NEXT_ITEMS), {"canonical": "tables"}, PRODUCTS.to_pandas()
    folder = workspace.write_once(
        "datasets",
        "next_product-0",
        lambda draft: write_dataset(draft, [rows], columns, QUESTION, facts, products=products),
    )
    before = read_dataset(folder)
    remove_from_dataset(workspace, folder, Person(frozenset({"c003"})), frozenset({"mark"}))
    (left,) = (tmp_path / "datasets").glob("next_product-*")
    found = read_dataset(left)
    wanted = write_dataset(
        tmp_path / "wanted", [rows[rows["customer_id"] != "c003"]], columns, QUESTION, facts, products=products
    )
    assert found.fingerprint == wanted.fingerprint != before.fingerprint
    assert "c003" not in set(found.frame["customer_id"])
    assert found.products is not None
