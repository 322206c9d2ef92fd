"""Bundles in BentoML's model store, from which they are served or built into a Bento."""

import os
import shutil
from pathlib import Path

import bentoml
from bentoml._internal.models import ModelStore
from bentoml.exceptions import NotFound as NotInStore

from features.errors import CoterieError, NotFound
from serving.launch import BUNDLE_VARIABLE
from serving.manifest import IN_STORE, version_named

NAME = "coterie"
MODEL_YAML = "model.yaml"


def put_in_store(folder: Path, version: str, home: Path | None = None) -> str:
    """Put the bundle in ``folder`` into the store and make it the latest; returns its tag.

    ``home`` is BentoML's folder (default: ``$BENTOML_HOME``). A complete copy is left as it is; one that an
    interrupted run left incomplete is written again.
    """
    from serving.bundle import load_bundle  # only to publish: the service finds a bundle without its models

    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    load_bundle(folder, expected=version)
    store, tag = _store(home), f"{NAME}:{version}"
    stored = _path(store, version)
    if not _is_complete(stored, version):
        shutil.rmtree(stored, ignore_errors=True)
        with bentoml.models.create(tag, _model_store=store) as model:
            shutil.copytree(folder, model.path_of(IN_STORE))
    _point_latest_at(stored)
    return tag


def stored_versions(home: Path) -> dict[str, Path]:
    """Bundles in the store of ``home`` (BentoML's), by version."""
    folder = home / "models" / NAME
    return {path.parent.name: path for path in sorted(folder.glob(f"*/{IN_STORE}"))} if folder.is_dir() else {}


def remove_from_store(version: str, home: Path) -> None:
    """Delete a bundle from the store, if it is there."""
    shutil.rmtree(home / "models" / NAME / version, ignore_errors=True)


def make_latest(version: str, home: Path) -> None:
    """Make ``coterie:latest`` this version, which must be in the store."""
    _point_latest_at(home / "models" / NAME / version)


def latest_tag(home: Path | None = None) -> str | None:
    """The tag behind ``coterie:latest`` in the store; None if nothing was published."""
    try:
        return str(_store(home).get(f"{NAME}:latest").tag)
    except NotInStore:
        return None


def _store(home: Path | None) -> ModelStore:
    # BentoML's own default reads the environment only once per process.
    home = home or Path(os.environ.get("BENTOML_HOME", "~/bentoml")).expanduser()
    (home / "models").mkdir(parents=True, exist_ok=True)
    return ModelStore(home / "models")


def _path(store: ModelStore, version: str) -> Path:
    return Path(store._path) / NAME / version


def _is_complete(stored: Path, version: str) -> bool:
    """Whether the store has all of the bundle: BentoML copies without a draft, so a killed run leaves a part."""
    from serving.bundle import load_bundle

    try:
        load_bundle(stored / IN_STORE, expected=version)
    except (CoterieError, OSError):
        return False
    return (stored / MODEL_YAML).is_file()


def _point_latest_at(stored: Path) -> None:
    """Move ``latest``. BentoML does it by creation time only, so it would not go back to an older bundle."""
    pointer = stored.parent / ".latest"
    pointer.write_text(stored.name)
    pointer.replace(stored.parent / "latest")


def find_bundle() -> tuple[Path, str]:
    """The bundle to serve and its expected version: the folder ``$COTERIE_BUNDLE``, else the one in the store.

    The variable may name a link; its target is the folder that must be named by the version.
    Inside a Bento the store has the bundle it was built with, by the alias in ``bentofile.yaml``; else the latest.
    """
    if given := os.environ.get(BUNDLE_VARIABLE):
        folder = Path(given).resolve()
        return folder, version_named(folder)
    try:
        model = bentoml.models.get(NAME)
    except NotInStore:
        raise NotFound(
            "no bundle is in the BentoML model store: run `coterie publish`, "
            f"or set {BUNDLE_VARIABLE} to a bundle's folder"
        ) from None
    return Path(model.path_of(IN_STORE)), str(model.tag.version)
