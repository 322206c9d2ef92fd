"""Damaged manifests: none is taken for what was published, and whatever is wrong, the error is BadArtifact."""

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from features.errors import BadArtifact
from models import artifact
from serving.bundle import load_bundle
from serving.manifest import MANIFEST, version_of

from .conftest import AS_OF, Shop, published

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "logistic_format_1"
OTHER_VALUES = (None, True, 0, -1, 1.5, 10**30, float("nan"), "", "x", "../../x", "/dev/zero", [], [[]], {}, {"x": "x"})
NOT_MANIFESTS = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"\xff",
    b"3",
    b'"x"',
    b"{}",
    b"[" * 100_000,
    b'{"format":' * 50_000,
    b"9" * 9_999,
)


@pytest.fixture(scope="module")
def small(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of two small models and a few customers."""
    models = {name: shop.artifacts[name] for name in ("churn", "segments")}
    few = shop.snapshot[["customer_id", *features_of(models)]].head(5)
    return published(tmp_path_factory.mktemp("small"), models, {}, [few], AS_OF, shop.products)


def features_of(models: dict[str, Path]) -> list[str]:
    return list(dict.fromkeys(name for path in models.values() for name in artifact.load(path).manifest["features"]))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every value inside ``value``; of a long list the first few."""
    keys = list(value) if isinstance(value, dict) else range(min(len(value), 3)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


def damaged_values(manifest: dict[str, Any]) -> Iterator[None]:
    """Damage ``manifest`` for a moment: every value replaced or left out, every key renamed, neighbours exchanged."""
    found = list(places(manifest))
    for container, key in found:
        value = container[key]
        for other in OTHER_VALUES:
            container[key] = other
            yield
        container[key] = value
        if isinstance(container, dict):
            yield from damaged_keys(container, key)
    for (one, first), (two, second) in pairwise(found):
        if one is two:
            one[first], one[second] = one[second], one[first]
            yield
            one[first], one[second] = one[second], one[first]


def damaged_keys(container: dict[str, Any], key: str) -> Iterator[None]:
    """A key is left out, then called something else."""
    value = container.pop(key)
    yield
    for name in ("../../x", "a/b", f"{key}x"):
        container[name] = value
        yield
        del container[name]
    container[key] = value


def damages(written: bytes, step: int) -> Iterator[bytes]:
    """Every ``step``-th byte changed, the text cut there, and every damaged value; never the manifest itself."""
    yield from NOT_MANIFESTS
    for place in range(0, len(written), step):
        yield written[:place] + bytes([written[place] ^ 1]) + written[place + 1 :]
        yield written[:place]
    manifest = json.loads(written)
    for _ in damaged_values(manifest):
        if (damaged := json.dumps(manifest, sort_keys=True, indent=1).encode()) != written.strip():
            yield damaged


def outcomes(folder: Path, step: int, load: Callable[[bytes], object]) -> tuple[int, int]:
    """How many damaged manifests in ``folder`` were loaded and how many refused; any other error is raised."""
    path = folder / MANIFEST
    written = path.read_bytes()
    loaded = refused = 0
    try:
        for damaged in damages(written, step):
            path.write_bytes(damaged)
            try:
                load(damaged)
            except BadArtifact:
                refused += 1
            else:
                loaded += 1
    finally:
        path.write_bytes(written)
    return loaded, refused


def test_no_damaged_manifest_is_the_published_bundle(small: Path) -> None:
    loaded, refused = outcomes(small, 11, lambda _: load_bundle(small))
    assert loaded == 0
    assert refused > 800
    assert load_bundle(small).version == small.name


def test_a_damaged_manifest_under_its_own_version_is_refused_as_what_it_is(small: Path) -> None:
    loaded, refused = outcomes(small, 17, lambda damaged: load_bundle(small, version_of(damaged)))
    assert refused > 700
    # What is left: other words in free texts, which are another bundle of the same shape.
    assert loaded < refused / 20


@pytest.fixture(params=["predictor", "segmenter"])
def model_folder(request: pytest.FixtureRequest, shop: Shop, tmp_path: Path) -> Path:
    """A small artifact of each kind of model."""
    folder = GOLDEN if request.param == "predictor" else shop.artifacts["segments"]
    return Path(shutil.copytree(folder, tmp_path / "model"))


def test_a_damaged_manifest_of_a_model_is_refused(model_folder: Path) -> None:
    expected = artifact.load(model_folder).sha256
    assert outcomes(model_folder, 41, lambda _: artifact.load(model_folder, expected))[0] == 0
    assert outcomes(model_folder, 41, lambda _: artifact.load(model_folder))[1] > 150
    assert artifact.load(model_folder).sha256 == expected
