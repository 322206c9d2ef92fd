"""The bundle: what was published is what is loaded, to the byte, or nothing is."""

import json
import shutil
from pathlib import Path

import pytest

from features.errors import BadArtifact, BadInput
from serving.bundle import load_bundle, write_bundle

from .conftest import AS_OF, Shop


@pytest.fixture
def copy(bundle_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_folder, tmp_path / "copy"))


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_same_models_and_features_are_the_same_bundle(shop: Shop, bundle_folder: Path, tmp_path: Path) -> None:
    versions = {name: {"version": str(number)} for number, name in enumerate(shop.artifacts, start=1)}
    shuffled = shop.online.sample(frac=1, random_state=1)
    products = shop.products.reverse()
    again = write_bundle(tmp_path / "again", shop.artifacts, versions, shuffled, AS_OF, products)
    assert again == load_bundle(bundle_folder).version
    for name in names(bundle_folder):
        assert (tmp_path / "again" / name).read_bytes() == (bundle_folder / name).read_bytes(), name


def test_a_changed_byte_in_any_file_is_refused(copy: Path) -> None:
    version = load_bundle(copy).version
    for name in names(copy):
        kept = (copy / name).read_bytes()
        (copy / name).write_bytes(kept[:-2] + bytes([kept[-2] ^ 1]) + kept[-1:])
        with pytest.raises(BadArtifact):
            load_bundle(copy, expected=version)
        (copy / name).write_bytes(kept)
    assert load_bundle(copy, expected=version).version == version


def test_a_file_too_many_or_too_few_is_refused(copy: Path) -> None:
    (copy / "online" / "more.npy").write_bytes(b"")
    with pytest.raises(BadArtifact, match=r"online/more\.npy"):
        load_bundle(copy)
    (copy / "online" / "more.npy").unlink()
    (copy / "products.parquet").unlink()
    with pytest.raises(BadArtifact, match=r"products\.parquet"):
        load_bundle(copy)


def test_a_link_out_of_the_bundle_is_refused(copy: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "ids.npy"
    shutil.move(copy / "online" / "ids.npy", elsewhere)
    (copy / "online" / "ids.npy").symlink_to(elsewhere)
    with pytest.raises(BadArtifact, match=r"online/ids\.npy"):
        load_bundle(copy)


def test_another_format_is_refused(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(BadArtifact, match="format 99, needed 2"):
        load_bundle(copy)


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArtifact, match=r"no manifest\.json"):
        load_bundle(tmp_path)


def test_a_model_whose_features_are_not_online_is_refused(shop: Shop, tmp_path: Path) -> None:
    narrow = shop.online.drop(columns="purchase_recency_days")
    with pytest.raises(BadInput, match="purchase_recency_days"):
        write_bundle(tmp_path / "b", {"churn": shop.artifacts["churn"]}, {}, narrow, AS_OF)


def test_a_bundle_holds_at_least_one_model(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="promote a model first"):
        write_bundle(tmp_path / "b", {}, {}, shop.online, AS_OF)
