"""The model store: publishing is idempotent, survives a kill, goes back as well as forward, and builds into a Bento."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import BadArtifact, NotFound
from serving.bundle import load_bundle
from serving.launch import environment
from serving.model_store import find_bundle, latest_tag, put_in_store

from .conftest import AS_OF, Shop, published

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def other_folder(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another, smaller bundle of the same shop."""
    folder = tmp_path_factory.mktemp("other")
    return published(folder, {"churn": shop.artifacts["churn"]}, {}, [shop.snapshot.head(20)], AS_OF)


def put(folder: Path, home: Path) -> str:
    return put_in_store(folder, load_bundle(folder).version, home)


def test_an_empty_store_has_no_latest(tmp_path: Path) -> None:
    assert latest_tag(tmp_path) is None


def test_publishing_twice_is_publishing_once(bundle_folder: Path, tmp_path: Path) -> None:
    tag = put(bundle_folder, tmp_path)
    stored = tmp_path / "models" / tag.replace(":", "/")
    written = {path: path.stat().st_mtime_ns for path in stored.rglob("*")}
    assert put(bundle_folder, tmp_path) == tag == latest_tag(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in stored.rglob("*")} == written


def test_a_half_written_bundle_is_written_again(bundle_folder: Path, tmp_path: Path) -> None:
    tag = put(bundle_folder, tmp_path)
    stored = tmp_path / "models" / tag.replace(":", "/")
    (stored / "model.yaml").unlink()
    shutil.rmtree(stored / "bundle" / "models")
    assert put(bundle_folder, tmp_path) == tag
    assert load_bundle(stored / "bundle").version == tag.partition(":")[2]
    assert latest_tag(tmp_path) == tag


def test_latest_goes_back_to_an_older_bundle(bundle_folder: Path, other_folder: Path, tmp_path: Path) -> None:
    first = put(bundle_folder, tmp_path)
    second = put(other_folder, tmp_path)
    assert latest_tag(tmp_path) == second != first
    put(bundle_folder, tmp_path)
    assert latest_tag(tmp_path) == first


def test_a_bundle_that_is_not_the_one_meant_is_not_put(bundle_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadArtifact, match="expected 0123456789abcdef"):
        put_in_store(bundle_folder, "0123456789abcdef", tmp_path)
    assert latest_tag(tmp_path) is None


def test_the_folder_in_the_environment_comes_before_the_store(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COTERIE_BUNDLE", str(bundle_folder))
    assert find_bundle() == (bundle_folder, load_bundle(bundle_folder).version)


def test_a_link_names_the_bundle_it_points_to(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "current").symlink_to(bundle_folder)
    monkeypatch.setenv("COTERIE_BUNDLE", str(tmp_path / "current"))
    assert find_bundle() == (bundle_folder, bundle_folder.name)


def test_a_copy_under_another_name_is_not_served(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COTERIE_BUNDLE", str(shutil.copytree(bundle_folder, tmp_path / "production")))
    with pytest.raises(BadArtifact, match="'production' is not named by its bundle's version: give it the name"):
        find_bundle()


ASK_THE_BENTO = """
import bentoml
from serving.model_store import find_bundle
print(find_bundle()[1])
bentoml.load("coterie:latest")
print(find_bundle()[1])
"""


def test_a_bento_keeps_the_bundle_it_was_built_with(bundle_folder: Path, other_folder: Path, tmp_path: Path) -> None:
    env = {**environment(), "BENTOML_HOME": str(tmp_path)}
    env.pop("COTERIE_BUNDLE", None)
    built_with = put(bundle_folder, tmp_path)
    build = [sys.executable, "-m", "bentoml", "build", str(REPO), "--output", "tag"]
    built = subprocess.run(build, env=env, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    bento = tmp_path / "bentos" / "coterie" / (tmp_path / "bentos" / "coterie" / "latest").read_text()
    assert (bento / "src" / "serving" / "service.py").is_file()
    assert not (bento / "src" / "tests").exists()
    latest = put(other_folder, tmp_path)
    asked = subprocess.run([sys.executable, "-c", ASK_THE_BENTO], env=env, capture_output=True, text=True, check=True)
    assert [f"coterie:{version}" for version in asked.stdout.split()] == [latest, built_with]


def test_without_a_bundle_the_error_says_what_to_do(tmp_path: Path) -> None:
    env = {**environment(), "BENTOML_HOME": str(tmp_path)}
    env.pop("COTERIE_BUNDLE", None)
    code = "from serving.model_store import find_bundle; find_bundle()"
    asked = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert NotFound.__name__ in asked.stderr
    assert "run `coterie publish`" in asked.stderr
