"""The bundle: everything an answer needs, in one immutable folder.

``models/<name>/`` are model artifacts, ``online/`` has every customer's features at ``as_of``, ``products.parquet`` the
categories and prices for live histories, ``manifest.json`` the SHA-256 of every file. A bundle's version is the hash of
its manifest: the same models and features give the same version.
"""

import json
import re
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
from features.tables import TABLES
from features.windows import to_datetime
from models.artifact import Loaded, load
from serving.manifest import (
    FORMAT,
    MANIFEST,
    PLAIN_NAME,
    Manifest,
    check_files,
    file_names,
    file_sha256,
    read_manifest,
    version_of,
)
from serving.online_store import OnlineStore, read_store, stored_among, write_store

PRODUCTS = "products.parquet"
RESERVED = ("customer_id", "segment")
"""Keys of an answer that are no model's name."""
IN_STORE = "bundle"
"""Name of a bundle's folder in BentoML's model store, below the one that is named by its version."""


@dataclass(frozen=True)
class Bundle:
    """A checked bundle in memory; ``as_of`` in days since 1970-01-01 UTC, ``products`` [product_id, category, price].

    ``tables`` names the canonical tables from which the online features were computed.
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
        """One product_id for each category."""
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

    ``models`` are artifact folders by name, ``versions`` their registry entries (``{"version": "3"}``),
    ``online`` is a snapshot at ``as_of``: [customer_id, *features], one row a customer. Of its text features and
    protected features only those that a model reads are stored.
    """
    _check_names(models)
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
        "files": {name: file_sha256(folder / name) for name in file_names(folder)},
    }
    written = (json.dumps(manifest, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()
    (folder / MANIFEST).write_bytes(written)
    return version_of(written)


def write_bundle_without(folder: Path, source: Path, customers: Collection[str]) -> str:
    """Write the bundle in ``source`` into ``folder`` without the online features of ``customers``; its new version.

    The models stay: it is the bundle that publishing these models without these customers would give.
    """
    bundle = load_bundle(source)
    others = ~stored_among(bundle.online, customers)
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

    ``expected`` is the version that ``write_bundle`` returned; None: the folder is named by it.
    """
    version = expected or version_named(folder)
    manifest = read_manifest(folder, version)
    check_files(folder, manifest.files)
    bundle = Bundle(
        version=version,
        as_of=manifest.as_of,
        models={name: load(folder / "models" / name, about.sha256) for name, about in sorted(manifest.models.items())},
        versions={name: about.model_dump() for name, about in sorted(manifest.models.items())},
        online=read_store(folder / "online", manifest.features),
        products=_products(folder / PRODUCTS) if PRODUCTS in manifest.files else None,
        tables=tuple(manifest.tables),
    )
    _check_parts(bundle, manifest)
    return bundle


def version_named(folder: Path) -> str:
    """The version a bundle's folder is named by; in BentoML's model store it is the folder above that is."""
    name = folder.parent.name if folder.name == IN_STORE else folder.name
    if not re.fullmatch("[0-9a-f]{16}", name):
        raise BadArtifact(
            f"the folder {name!r} is not named by its bundle's version: "
            "give it the name it was published under, 16 hexadecimal digits"
        )
    return name


def iso(days: float) -> str:
    """Days since 1970-01-01 as ISO 8601 in UTC.

    >>> iso(15317.5)
    '2011-12-09T12:00:00Z'
    """
    return f"{to_datetime(days).isoformat()}Z"


def _check_names(models: Collection[str]) -> None:
    if not models:
        raise BadInput("no model was given, a bundle needs at least one: promote a model first")
    for name in models:
        if not re.fullmatch(PLAIN_NAME, name):
            raise BadInput(f"a model is called {name!r:.80}: use letters, digits, - and _ only")
        if name in RESERVED:
            raise BadInput(f"a model is called {name!r}, which is a key of every answer: call its study otherwise")


def _copy_model(folder: Path, source: Path, online: pd.DataFrame, version: Mapping[str, Any]) -> dict[str, Any]:
    """Copy an artifact and return its entry in the manifest; BadInput if it reads features that are not online."""
    loaded = load(source)
    missing = [name for name in loaded.manifest["features"] if not {name, split(name)[0]} & set(online.columns)]
    if missing:
        raise BadInput(
            f"model {folder.name} needs {len(missing)} features that the snapshot has not ({', '.join(missing[:3])}): "
            "train it on a dataset of this source"
        )
    shutil.copytree(source, folder)
    return {"version": str(version.get("version", "")), "sha256": loaded.sha256}


def _numbers(online: pd.DataFrame, models: Sequence[Loaded]) -> pd.DataFrame:
    """customer_id and numeric features: text as its indicators, protected features only if a model reads them."""
    read = dict.fromkeys(name for loaded in models for name in loaded.manifest["features"])
    hidden = text_names() | (protected_names() - set(read))
    columns = [name for name in online.columns if name not in hidden]
    indicators = [name for name in read if name not in online.columns]
    return with_indicators(online, indicators)[[*columns, *indicators]]


def _catalogue(products: pl.DataFrame) -> pl.DataFrame:
    price = pl.col("price") if "price" in products.columns else pl.lit(None, dtype=pl.Float64)
    return products.select("product_id", "category", price.alias("price"))


def _check_parts(bundle: Bundle, manifest: Manifest) -> None:
    """Refuse a bundle whose parts contradict each other, rather than fail at the first request."""
    missing = {name for loaded in bundle.models.values() for name in loaded.manifest["features"]}
    missing -= set(bundle.online.features)
    problems = []
    if len(bundle.online) != manifest.customers:
        problems.append(f"{len(bundle.online)} customers are online where the manifest counts {manifest.customers}")
    if manifest.as_of_utc != iso(bundle.as_of):
        problems.append(f"as_of is {iso(bundle.as_of)} and as_of_utc another time")
    if not set(bundle.tables) <= set(TABLES):
        problems.append("it was made of tables that there are not")
    if missing:
        problems.append(f"its models read features that are not online ({', '.join(sorted(missing)[:3])})")
    if problems:
        raise BadArtifact(f"the bundle {bundle.version} contradicts itself, {problems[0]}: publish it again")


def _products(path: Path) -> pl.DataFrame:
    try:
        products = pl.read_parquet(path)
        return products.select("product_id", "category", "price")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadArtifact(f"{path.name} is no table of products ({type(error).__name__}): publish it again") from None
