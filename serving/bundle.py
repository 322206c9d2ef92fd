"""The bundle: everything an answer needs, in one immutable folder.

``models/<name>/`` are model artifacts, ``online/`` every customer's features at ``as_of``, ``products.parquet`` the
categories and prices a live history is read with, ``manifest.json`` the SHA-256 of every file. A bundle's version is
the hash of its manifest, so the same models and features are the same bundle.
"""

import hashlib
import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl

from features.errors import BadArtifact, BadInput
from features.families import protected_names, text_names
from features.indicators import split, with_indicators
from features.windows import to_datetime
from models.artifact import Loaded, load
from serving.store import OnlineStore, held, read_store, write_store

FORMAT = 2
MANIFEST = "manifest.json"
PRODUCTS = "products.parquet"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Bundle:
    """A checked bundle in memory; ``as_of`` in days since 1970-01-01 UTC, ``products`` [product_id, category, price].

    ``tables`` are the canonical tables that the online features were computed from.
    """

    version: str
    as_of: float
    models: dict[str, Loaded]
    versions: dict[str, dict[str, str]]
    online: OnlineStore
    products: pl.DataFrame | None
    tables: tuple[str, ...]

    @cached_property
    def one_of_each(self) -> list[str]:
        """A product_id of every category."""
        if self.products is None:
            return []
        named = self.products.filter(pl.col("category").is_not_null())
        return named.group_by("category").agg(pl.col("product_id").min())["product_id"].sort().to_list()


def write_bundle(
    folder: Path,
    models: Mapping[str, Path],
    versions: Mapping[str, Mapping[str, Any]],
    online: pd.DataFrame,
    as_of: float,
    products: pl.DataFrame | None = None,
    tables: Sequence[str] = ("orders", "products"),
) -> str:
    """Write the bundle into the empty or new ``folder`` and return its version.

    ``models`` are artifact folders by name, ``versions`` what the registry says of each (``{"version": "3", ...}``),
    ``online`` is a snapshot at ``as_of``: [customer_id, *features], one row a customer. Of its text and
    of its protected features only what a model reads is kept.
    """
    if not models:
        raise BadInput("no model was given, a bundle needs at least one: promote a model first")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BadInput(f"the folder {folder.name!r} is not empty: write a bundle into a new one")
    about = {
        name: _copy_model(folder / "models" / name, source, online, versions.get(name, {}))
        for name, source in models.items()
    }
    features = write_store(folder / "online", _numbers(online, [load(source) for source in models.values()]))
    if products is not None:
        _catalogue(products).sort("product_id").write_parquet(folder / PRODUCTS)
    manifest = {
        "format": FORMAT,
        "as_of": as_of,
        "as_of_utc": iso(as_of),
        "models": about,
        "customers": len(online),
        "features": list(features),
        "tables": sorted(tables),
        "files": {name: file_sha256(folder / name) for name in _files(folder)},
    }
    written = (json.dumps(manifest, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()
    (folder / MANIFEST).write_bytes(written)
    return _version(written)


def write_bundle_without(folder: Path, source: Path, customers: Collection[str]) -> str:
    """Write the bundle in ``source`` into ``folder``, less the online features of ``customers``; its new version.

    The models are the same, so it is the bundle that would be published if these customers had never been there.
    """
    bundle = load_bundle(source)
    others = ~held(bundle.online, customers)
    online = pd.DataFrame(bundle.online.matrix[others], columns=list(bundle.online.features))
    online.insert(0, "customer_id", [name.decode() for name in bundle.online.ids[others]])
    return write_bundle(
        folder,
        models={name: source / "models" / name for name in bundle.models},
        versions=bundle.versions,
        online=online,
        as_of=bundle.as_of,
        products=bundle.products,
        tables=bundle.tables,
    )


def load_bundle(folder: Path, expected: str | None = None) -> Bundle:
    """The bundle in ``folder``; BadArtifact unless every byte is the one that was published.

    ``expected`` is the version ``write_bundle`` returned: with it the manifest itself is checked before it is parsed.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BadArtifact(f"there is no {MANIFEST} in {folder.name!r}: give the folder of a published bundle")
    written = path.read_bytes()
    version = _version(written)
    if expected is not None and version != expected:
        raise BadArtifact(f"the bundle in {folder.name!r} is {version}, expected {expected}: publish it again")
    manifest = _manifest(written)
    _check_files(folder, manifest["files"])
    about = manifest["models"]
    return Bundle(
        version=version,
        as_of=float(manifest["as_of"]),
        models={name: load(folder / "models" / name, expected=about[name]["sha256"]) for name in sorted(about)},
        versions={name: {key: str(value) for key, value in about[name].items()} for name in sorted(about)},
        online=read_store(folder / "online", manifest["features"]),
        products=pl.read_parquet(folder / PRODUCTS) if PRODUCTS in manifest["files"] else None,
        tables=tuple(manifest["tables"]),
    )


def iso(days: float) -> str:
    """Days since 1970-01-01 as ISO 8601 in UTC.

    >>> iso(15317.5)
    '2011-12-09T12:00:00Z'
    """
    return f"{to_datetime(days).isoformat()}Z"


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, read in pieces: online features may be larger than memory."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def _copy_model(folder: Path, source: Path, online: pd.DataFrame, version: Mapping[str, Any]) -> dict[str, Any]:
    """Copy an artifact that loads and whose features are all online; what the manifest says of it."""
    loaded = load(source)
    missing = [name for name in loaded.manifest["features"] if not {name, split(name)[0]} & set(online.columns)]
    if missing:
        raise BadInput(
            f"model {folder.name} needs {len(missing)} features that the snapshot has not ({', '.join(missing[:3])}): "
            "train it on a dataset of this source"
        )
    shutil.copytree(source, folder)
    return {**version, "version": str(version.get("version", "")), "sha256": loaded.sha256}


def _numbers(online: pd.DataFrame, models: Sequence[Loaded]) -> pd.DataFrame:
    """customer_id and numeric features: text as the indicators, protected features as far as the models read them."""
    read = dict.fromkeys(name for loaded in models for name in loaded.manifest["features"])
    hidden = text_names() | (protected_names() - set(read))
    columns = [name for name in online.columns if name not in hidden]
    indicators = [name for name in read if name not in online.columns]
    return with_indicators(online, indicators)[[*columns, *indicators]]


def _catalogue(products: pl.DataFrame) -> pl.DataFrame:
    price = pl.col("price") if "price" in products.columns else pl.lit(None, dtype=pl.Float64)
    return products.select("product_id", "category", price.alias("price"))


def _files(folder: Path) -> list[str]:
    """Names of all files below ``folder`` but the manifest."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(name for name in names if name != MANIFEST)


def _version(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:16]


def _manifest(written: bytes) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(written)
    except ValueError:
        raise BadArtifact(f"{MANIFEST} is not JSON: publish the bundle again") from None
    if manifest.get("format") != FORMAT:
        raise BadArtifact(f"the bundle has format {manifest.get('format')}, needed {FORMAT}: publish it again")
    return manifest


def _check_files(folder: Path, hashes: Mapping[str, str]) -> None:
    found = set(_files(folder))
    if found != set(hashes):
        odd = ", ".join(sorted(found ^ set(hashes))[:3])
        raise BadArtifact(f"files and manifest of the bundle differ in {odd}: publish it again")
    for name, expected in hashes.items():
        if (folder / name).is_symlink() or file_sha256(folder / name) != expected:
            raise BadArtifact(f"{name} is not the file that was published: publish the bundle again")
