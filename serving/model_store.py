"""The BentoML model store: where published bundles wait to be served or built into a Bento."""

import os
import shutil
from pathlib import Path

import bentoml
from bentoml._internal.models import ModelStore
from bentoml.exceptions import NotFound as NotInStore

from features.errors import CoterieError, NotFound
from serving.bundle import IN_STORE, load_bundle, version_named

NAME = "coterie"
MODEL_YAML = "model.yaml"
BUNDLE_VARIABLE = "COTERIE_BUNDLE"


def put_in_store(folder: Path, version: str, home: Path | None = None) -> str:
    """Put the bundle in ``folder`` into the store and make it the latest; returns its tag.

    ``home`` is BentoML's (default: ``$BENTOML_HOME``). A bundle that is there already is kept; one that an
    interrupted run left half written is written again.
    """
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    load_bundle(folder, expected=version)
    store, tag = _store(home), f"{NAME}:{version}"
    place = _path(store, version)
    if not _is_whole(place, version):
        shutil.rmtree(place, ignore_errors=True)
        with bentoml.models.create(tag, _model_store=store) as model:
            shutil.copytree(folder, model.path_of(IN_STORE))
    _point_latest_at(place)
    return tag


def stored_versions(home: Path) -> dict[str, Path]:
    """Bundles in the store of ``home`` (BentoML's), by version."""
    folder = home / "models" / NAME
    return {path.parent.name: path for path in sorted(folder.glob(f"*/{IN_STORE}"))} if folder.is_dir() else {}


def remove_from_store(version: str, home: Path) -> None:
    """Take a bundle out of the store; one that is not there is gone already."""
    shutil.rmtree(home / "models" / NAME / version, ignore_errors=True)


def make_latest(version: str, home: Path) -> None:
    """Let ``coterie:latest`` mean a bundle that is in the store."""
    _point_latest_at(home / "models" / NAME / version)


def latest_tag(home: Path | None = None) -> str | None:
    """The tag that ``coterie:latest`` means in the store; None if nothing was published."""
    try:
        return str(_store(home).get(f"{NAME}:latest").tag)
    except NotInStore:
        return None


def _store(home: Path | None) -> ModelStore:
    # Not BentoML's own default: it reads the environment once a process.
    home = home or Path(os.environ.get("BENTOML_HOME", "~/bentoml")).expanduser()
    (home / "models").mkdir(parents=True, exist_ok=True)
    return ModelStore(home / "models")


def _path(store: ModelStore, version: str) -> Path:
    return Path(store._path) / NAME / version


def _is_whole(place: Path, version: str) -> bool:
    """Whether the store's copy is what was published; BentoML copies into place, so a killed run leaves a part."""
    try:
        load_bundle(place / IN_STORE, expected=version)
    except (CoterieError, OSError):
        return False
    return (place / MODEL_YAML).is_file()


def _point_latest_at(place: Path) -> None:
    """BentoML moves ``latest`` by creation time only; a return to an older bundle must move it too."""
    pointer = place.parent / ".latest"
    pointer.write_text(place.name)
    pointer.replace(place.parent / "latest")


def find_bundle() -> tuple[Path, str]:
    """The bundle to serve and its expected version: the folder ``$COTERIE_BUNDLE``, else the one in the store.

    The folder may be given by a link; the folder that the link means is named by the version.
    Inside a Bento it is the bundle it was built with, by the alias in ``bentofile.yaml``; else the latest.
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
