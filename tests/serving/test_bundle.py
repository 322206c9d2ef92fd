"""The bundle: what was published is what is loaded, to the byte, or nothing is."""

import os
import re
import shutil
from pathlib import Path

import pytest

from features.errors import BadArtifact, BadInput
from serving import bundle
from serving.bundle import load_bundle
from serving.manifest import parsed
from serving.publication import write_bundle

from .conftest import AS_OF, Shop


@pytest.fixture
def copy(bundle_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_folder, tmp_path / bundle_folder.name))


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_same_models_and_features_are_the_same_bundle(shop: Shop, bundle_folder: Path, tmp_path: Path) -> None:
    versions = {name: {"version": str(number)} for number, name in enumerate(shop.artifacts, start=1)}
    shuffled = shop.snapshot.sample(frac=1, random_state=1)
    products = shop.products.reverse()
    again = write_bundle(tmp_path / "again", shop.artifacts, versions, [shuffled], AS_OF, products)
    assert again == load_bundle(bundle_folder).version
    for name in names(bundle_folder):
        assert (tmp_path / "again" / name).read_bytes() == (bundle_folder / name).read_bytes(), name


def test_a_changed_byte_in_any_file_is_refused(copy: Path) -> None:
    version = load_bundle(copy).version
    for name in names(copy):
        original = (copy / name).read_bytes()
        (copy / name).write_bytes(original[:-2] + bytes([original[-2] ^ 1]) + original[-1:])
        with pytest.raises(BadArtifact):
            load_bundle(copy, expected=version)
        (copy / name).write_bytes(original)
    assert load_bundle(copy, expected=version).version == version


def test_a_damaged_file_is_refused_before_anything_is_parsed(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("load", "read_answers", "_products"):
        monkeypatch.setattr(bundle, name, lambda *_: pytest.fail("a damaged bundle is parsed"))
    for name in names(copy):
        original = (copy / name).read_bytes()
        (copy / name).write_bytes(bytes([original[0] ^ 1]) + original[1:])
        with pytest.raises(BadArtifact, match=r"is not the file that was published|expected"):
            load_bundle(copy)
        (copy / name).write_bytes(original)


def test_a_file_too_many_or_too_few_is_refused(copy: Path) -> None:
    (copy / "answers" / "more.npy").write_bytes(b"")
    with pytest.raises(BadArtifact, match=r"answers/more\.npy"):
        load_bundle(copy)
    (copy / "answers" / "more.npy").unlink()
    (copy / "products.parquet").unlink()
    with pytest.raises(BadArtifact, match=r"products\.parquet"):
        load_bundle(copy)


def test_links_and_devices_are_refused(copy: Path, tmp_path: Path) -> None:
    for name in ("answers/ids.npy", "answers", "models/churn", "manifest.json"):
        elsewhere = tmp_path / "elsewhere"
        shutil.move(copy / name, elsewhere)
        (copy / name).symlink_to(elsewhere)
        with pytest.raises(BadArtifact, match=re.escape(name)):
            load_bundle(copy)
        (copy / name).unlink()
        shutil.move(elsewhere, copy / name)
    os.mkfifo(copy / "answers" / "more.npy")
    with pytest.raises(BadArtifact, match=r"answers/more\.npy is a link or a device"):
        load_bundle(copy)


def test_a_bundle_under_another_name_is_refused(copy: Path) -> None:
    for name, sentence in (("copy", "16 hexadecimal digits"), ("0123456789abcdef", "expected 0123456789abcdef")):
        with pytest.raises(BadArtifact, match=sentence):
            load_bundle(copy.rename(copy.with_name(name)))
        copy.with_name(name).rename(copy)


def test_another_format_is_refused() -> None:
    with pytest.raises(BadArtifact, match="format 99, needed 3"):
        parsed(b'{"format": 99}')


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArtifact, match=r"no file manifest\.json"):
        load_bundle(tmp_path, "0123456789abcdef")


def test_a_model_whose_features_the_snapshot_lacks_is_refused(shop: Shop, tmp_path: Path) -> None:
    narrow = shop.snapshot.drop(columns="purchase_recency_days")
    with pytest.raises(BadInput, match="purchase_recency_days"):
        write_bundle(tmp_path / "b", {"churn": shop.artifacts["churn"]}, {}, [narrow], AS_OF)


def test_a_bundle_holds_at_least_one_model(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="promote a model first"):
        write_bundle(tmp_path / "b", {}, {}, [shop.snapshot], AS_OF)


@pytest.mark.parametrize("name", ["../../x", "a/b", "a.b", ".", "", "a\\b", "a b", "é"])
def test_a_model_has_a_plain_name(name: str, shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="use letters, digits"):
        write_bundle(tmp_path / "b", {name: shop.artifacts["churn"]}, {}, [shop.snapshot], AS_OF)
    assert not (tmp_path / "b").exists()
