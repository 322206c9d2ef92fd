"""Publishing: however the snapshot is divided, the bundle is the same, and all its answers are the batch's."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.errors import BadInput
from pipelines.workspace import Workspace
from serving import every_answer, publication
from serving.answers import answer
from serving.bundle import ANSWERS, Bundle, load_bundle
from serving.every_answer import SCORES
from serving.publication import write_bundle, write_bundle_without

from .conftest import AS_OF, Shop


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred customers in several groups, so that groups and parts end at different places."""
    monkeypatch.setattr(every_answer, "GROUP_ROWS", 30)


@pytest.fixture(scope="module")
def people(shop: Shop) -> pd.DataFrame:
    """A hundred customers, in disorder; the ids do not sort by characters as they do by length."""
    few = shop.snapshot.sample(100, random_state=3)
    others = ["", "é", "Zoe", "z" * 40, "\U0001f600", "ﬁ", 'quo"te', "per%s"]
    return few.assign(customer_id=[*others, *few["customer_id"].tolist()[len(others) :]])


def published(folder: Path, shop: Shop, parts: list[pd.DataFrame]) -> str:
    return write_bundle(folder, shop.artifacts, {}, parts, AS_OF, shop.products)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def divided(frame: pd.DataFrame, rows: int) -> list[pd.DataFrame]:
    return [frame.iloc[start : start + rows] for start in range(0, len(frame), rows)]


def test_a_bundle_has_one_segmentation(shop: Shop, people: pd.DataFrame, tmp_path: Path) -> None:
    """An answer has one key ``segment``: of two, the one written last would hide the other."""
    models = {**shop.artifacts, "groups": shop.artifacts["segments"]}
    with pytest.raises(BadInput, match=r"groups and segments are segmentations|segments and groups are segmentations"):
        write_bundle(tmp_path / "b", models, {}, [people], AS_OF, shop.products)


@pytest.mark.parametrize("rows", [1, 7, 99])
def test_parts_do_not_change_the_bundle(rows: int, shop: Shop, people: pd.DataFrame, tmp_path: Path) -> None:
    ordered = people.sort_values("customer_id", key=lambda ids: ids.map(str.encode))
    whole = published(tmp_path / "whole", shop, [ordered])
    parts = [people.head(0), *divided(people, rows), people.head(0)]
    assert published(tmp_path / "parts", shop, parts) == whole
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")
    assert "unsorted" not in {path.name for path in (tmp_path / "whole").rglob("*")}


def test_stored_answers_and_scores_are_the_batch_bit_for_bit(shop: Shop, people: pd.DataFrame, tmp_path: Path) -> None:
    version = published(tmp_path / "b", shop, divided(people, 9))
    bundle = load_bundle(tmp_path / "b", version)
    rows = {row["customer_id"]: row for row in pq.read_table(tmp_path / "b" / ANSWERS / SCORES).to_pylist()}
    batch = answer(bundle.models, people)
    assert list(rows) == sorted(batch.customer_ids, key=str.encode) == [name.decode() for name in bundle.answers.ids]
    for row in batch.table().to_dict("records"):
        expected = {name: None if isinstance(v, float) and np.isnan(v) else v for name, v in row.items()}
        assert rows[row["customer_id"]] == expected
        check_sent(bundle, rows[row["customer_id"]])
    asked = [name for name in bundle.models if name != "segments"]
    reasons = {name: {rows[each][f"{name}_reason"] for each in rows} for name in asked}
    assert len(reasons["churn"]) == 2  # some are asked about, some are not


def check_sent(bundle: Bundle, row: dict[str, Any]) -> None:
    """The stored answer has the customer's numbers and reasons, each under the model's name."""
    text = bundle.answers.find(row["customer_id"])
    assert text is not None
    sent = json.loads(text)
    assert list(sent)[:2] == ["customer_id", "segment"]
    for name, loaded in bundle.models.items():
        values = {column.removeprefix(f"{name}_"): v for column, v in row.items() if column.startswith(f"{name}_")}
        about = sent["segment"] if name == "segments" else sent[name]
        flat = {key: value for key, value in about.items() if not isinstance(value, dict)}
        flat |= {f"within_{days}": value for days, value in (about.get("within") or {}).items()}
        for column in flat.keys() & values.keys():
            assert flat[column] == values[column]
        assert about.get("reason") == values.get("reason")
        assert name == "segments" or about["horizon_days"] == loaded.model.question.horizon_days


def test_without_some_customers_it_is_the_bundle_they_never_were_in(
    shop: Shop, people: pd.DataFrame, tmp_path: Path
) -> None:
    version = published(tmp_path / "all", shop, divided(people, 20))
    (tmp_path / "all").rename(tmp_path / version)
    # Among them the one with the longest id, and all of a group.
    gone = {"z" * 40, "", "nobody", *sorted(people["customer_id"])[10:50]}
    others = people[~people["customer_id"].isin(gone)]
    left = write_bundle_without(tmp_path / "left", tmp_path / version, gone)
    assert left == published(tmp_path / "others", shop, [others])
    assert contents(tmp_path / "left") == contents(tmp_path / "others")
    assert load_bundle(tmp_path / "left", left).answers.find("z" * 40) is None


def test_without_anybody_it_is_still_a_bundle(shop: Shop, people: pd.DataFrame, tmp_path: Path) -> None:
    version = published(tmp_path / "all", shop, [people])
    (tmp_path / "all").rename(tmp_path / version)
    left = write_bundle_without(tmp_path / "left", tmp_path / version, set(people["customer_id"]))
    assert left == published(tmp_path / "nobody", shop, [people.head(0)])
    assert len(load_bundle(tmp_path / "left", left).answers) == 0


@pytest.mark.parametrize(("module", "function"), [(every_answer, "write_sorted"), (publication, "version_of")])
def test_what_a_killed_publish_left_does_not_change_the_next(
    module: Any, function: str, shop: Shop, people: pd.DataFrame, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path / "home")
    left = workspace.home / "bundles" / ".draft"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, function, killed)
        with pytest.raises(RuntimeError):
            published(left, shop, divided(people, 20))
    assert left.is_dir()
    folder = workspace.publish_by_content("bundles", lambda draft: published(draft, shop, divided(people, 30)))
    assert folder.name == published(tmp_path / "undisturbed", shop, [people])
    assert contents(folder) == contents(tmp_path / "undisturbed")
    assert workspace.published("bundles") == [folder]


def killed(*_: Any) -> None:
    raise RuntimeError


def test_a_customer_in_two_parts_is_refused(shop: Shop, people: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1 answers are of a customer who has one already"):
        published(tmp_path / "b", shop, [people, people.head(1)])


def test_of_all_customers_only_some_are_read_at_a_time(shop: Shop, people: pd.DataFrame, tmp_path: Path) -> None:
    alive = most = 0

    class Part(pd.DataFrame):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def parts() -> Any:
        nonlocal alive, most
        for part in divided(people, 10):
            alive += 1
            most = max(most, alive)
            yield Part(part)

    published(tmp_path / "b", shop, parts())
    assert most <= 2
