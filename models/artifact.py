"""The artifact: a model as a folder of plain data, every file's hash checked before anything in it is parsed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from features.errors import BadArtifact, BadInput
from features.indicators import with_indicators
from features.past import Who
from models import predictor
from models.plain import json_bytes, json_from
from models.predictor import Predictor

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_BYTES = 256 * 1024 * 1024
MODULES = {"segmenter": "models.segments.segmenter", "recommender": "models.ranking.recommender"}
"""Modules of the kinds of models beside predictors."""
LIBRARIES = ("lightgbm", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Loaded:
    """A model with its manifest; ``sha256`` of the manifest names exactly this model."""

    model: Any
    manifest: dict[str, Any]
    sha256: str


def save(folder: Path, model: Any, facts: Mapping[str, Any]) -> str:
    """Write ``model`` and its manifest into the empty or new ``folder``; returns the model's hash.

    ``facts`` go into the manifest as they are (dataset_fingerprint, training_window, scores, ...); they must be
    JSON values without NaN. The hash covers them, so the same model must have the same facts.
    """
    files = _kind(model).dump(model)
    about = {**_kind(model).about(model), **_common_entries(_name_of_kind(model), files)}
    taken = sorted(set(facts) & set(about))
    if taken:
        raise BadArtifact(f"the facts contain {', '.join(taken)}, which the model writes itself: leave them out")
    manifest = {**facts, **about}
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BadArtifact(f"the folder {folder.name!r} is not empty: save a model into a new one")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    written = json_bytes(manifest)
    (folder / MANIFEST).write_bytes(written)
    return sha256(written)


def load(folder: Path, expected: str | None = None) -> Loaded:
    """The model in ``folder``; BadArtifact unless every byte is the one that was saved.

    ``expected`` is the hash ``save`` returned: with it the manifest itself is checked before it is parsed.
    """
    written = _read(folder, MANIFEST)
    found = sha256(written)
    if expected is not None and found != expected:
        raise BadArtifact(
            f"the manifest of {folder.name!r} has hash {found[:12]}, expected {expected[:12]}: fetch it again"
        )
    manifest = _manifest(written)
    files = _checked_files(folder, manifest["files"])
    return Loaded(_model(manifest, files), manifest, found)


def table(model: Any, X: pd.DataFrame) -> pd.DataFrame:
    """The model's answer for each row of ``X``, with its index: named columns of float64 or text.

    ``X`` is rows of a dataset or of a snapshot, as any tool holds them: text features or their indicators, integers,
    null in any form; columns are taken by name, further ones ignored. BadInput names a column that cannot be read.
    """
    if not isinstance(X, pd.DataFrame):
        raise BadInput(f"the rows are a {type(X).__name__}, a pandas DataFrame is needed: pass rows of a dataset")
    read = with_indicators(X, model.features)
    return _kind(model).table(model, read.assign(**{name: _numbers(read[name]) for name in _not_numbers(model, read)}))


def _not_numbers(model: Any, X: pd.DataFrame) -> list[str]:
    return [name for name in model.features if name in X and not is_numeric_dtype(X[name])]


def _numbers(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Numbers that pandas stores as objects, because null is None among them, as numbers; anything else as it is."""
    return column.astype(object).mask(column.isna(), np.nan).infer_objects()


def headline(model: Any) -> tuple[str, ...]:
    """Names of the scores that a table shows for this model, in order."""
    return _kind(model).headline(model)


def who(loaded: Loaded) -> Who:
    """Who the model is about: buyers, unless its study asked for everybody known."""
    return "known" if loaded.manifest.get("who") == "known" else "buyers"


def incomparable(ours: Loaded, theirs: Loaded) -> str:
    """Why the scores of two models cannot be compared; empty if both answer the same question."""
    # Artifacts written before companies, or people without an order, could be asked about do not name them.
    for key, before in (("kind", None), ("entity", "customer"), ("who", "buyers")):
        if ours.manifest.get(key, before) != theirs.manifest.get(key, before):
            return f"has {key} {theirs.manifest.get(key, before)} and cannot be compared"
    one, other = (getattr(loaded.model, "question", None) for loaded in (ours, theirs))
    return "" if one == other else f"answers {other} and cannot be compared"


class _Kind(Protocol):
    """The functions that ``models.predictor`` and the ``MODULES`` define."""

    def dump(self, model: Any) -> dict[str, bytes]: ...
    def load(self, files: Mapping[str, bytes]) -> Any: ...
    def about(self, model: Any) -> dict[str, Any]: ...
    def table(self, model: Any, X: pd.DataFrame) -> pd.DataFrame: ...
    def headline(self, model: Any) -> tuple[str, ...]: ...


def _kind(model: Any) -> _Kind:
    return _functions(_name_of_kind(model))


def _name_of_kind(model: Any) -> str:
    if isinstance(model, Predictor):
        return "predictor"
    return "recommender" if type(model).__name__ == "Recommender" else "segmenter"


def _functions(kind: str) -> _Kind:
    # Imported only when such a model is loaded: serving churn alone needs no clustering library.
    return cast(_Kind, predictor if kind == "predictor" else import_module(MODULES[kind]))


def _common_entries(kind: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Entries that the manifest of every kind of model has."""
    return {
        "format": FORMAT,
        "kind": kind,
        "libraries": {name: version(name) for name in LIBRARIES},
        "files": {name: sha256(data) for name, data in files.items()},
    }


def _manifest(written: bytes) -> dict[str, Any]:
    manifest = json_from({MANIFEST: written}, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise BadArtifact(
            f"the artifact has format {manifest.get('format')}, this version reads format {FORMAT}: train it again"
        )
    if manifest.get("kind") not in ("predictor", *MODULES) or not _is_text_by_text(manifest.get("files")):
        raise BadArtifact("the manifest has no kind of model or no files: train it again")
    return manifest


def _is_text_by_text(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _model(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> Any:
    """The model in checked ``files``; BadArtifact if its features are not those of the manifest."""
    try:
        model = _functions(manifest["kind"]).load(files)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadArtifact(f"the files do not contain a {manifest['kind']} ({error}): train it again") from error
    if manifest.get("features") != list(model.features):
        raise BadArtifact("manifest and model have different features: train it again")
    return model


def _checked_files(folder: Path, hashes: Mapping[str, str]) -> dict[str, bytes]:
    """The bytes of every file by name. Each is read once, so that the bytes hashed are the bytes parsed."""
    if folder.is_symlink():
        raise BadArtifact(f"the folder {folder.name!r} is a link: give the folder that was saved")
    there = {path.name for path in folder.iterdir()} - {MANIFEST}
    if there != set(hashes):
        odd = sorted(there ^ set(hashes))
        raise BadArtifact(
            f"files and manifest of {folder.name!r} differ in {', '.join(odd[:5])}: fetch the artifact again"
        )
    files = {name: _read(folder, name) for name in hashes}
    for name, data in files.items():
        if sha256(data) != hashes[name]:
            raise BadArtifact(f"{name} in {folder.name!r} is not the file that was saved: fetch the artifact again")
    return files


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.is_file() or path.is_symlink():
        raise BadArtifact(f"{name} is missing in {folder.name!r}: give the folder that was saved")
    if path.stat().st_size > LARGEST_BYTES:
        raise BadArtifact(f"{name} in {folder.name!r} is over {LARGEST_BYTES} bytes: give the folder that was saved")
    return path.read_bytes()


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()
