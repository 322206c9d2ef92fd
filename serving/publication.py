"""Publishing: models, every customer's answer and the products become a bundle."""

import json
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from features.errors import BadInput
from features.indicators import split, with_indicators
from models.artifact import Loaded, load
from models.plain import json_bytes
from serving.bundle import FURTHER, PRODUCTS, RESERVED, STALENESS, iso, load_bundle
from serving.every_answer import tables_without, write_every_answer, write_sorted
from serving.manifest import ANSWERS, FORMAT, MANIFEST, PLAIN_NAME, file_names, file_sha256, version_of


def write_bundle(
    folder: Path,
    models: Mapping[str, Path],
    versions: Mapping[str, Mapping[str, Any]],
    parts: Iterable[pd.DataFrame],
    as_of: float,
    products: pl.DataFrame | None = None,
    tables: Sequence[str] = ("orders", "products"),
    staleness: Mapping[str, Any] | None = None,
) -> str:
    """Write the bundle into the empty or new ``folder`` and return its version.

    ``models`` are artifact folders by name, ``versions`` their registry entries (``{"version": "3"}``), ``parts`` the
    snapshot at ``as_of``: frames [customer_id, *features] (and ``item_history`` if a model reads it), one row a
    customer, in any order. How the snapshot is divided does not change the bundle. ``staleness`` says whether the
    segments still fit these customers.
    """
    loaded = _copy_models(folder, models)
    ids = write_every_answer(folder / ANSWERS, loaded, _as_read(loaded, parts), as_of)
    _write_staleness(folder, staleness)
    return _finish(folder, loaded, versions, as_of, len(ids), products, tables)


def write_bundle_without(folder: Path, source: Path, customers: Collection[str]) -> str:
    """Write the bundle in ``source`` into ``folder`` without the answers about ``customers``; its new version.

    The models stay: it is the bundle that publishing these models without these customers would give.
    """
    bundle = load_bundle(source)
    loaded = _copy_models(folder, {name: source / "models" / name for name in bundle.models})
    places = bundle.answers.stored_among(customers)
    others = np.delete(bundle.answers.ids, places)
    write_sorted(folder / ANSWERS, others, tables_without(source / ANSWERS, bundle.answers, places))
    _write_staleness(folder, bundle.staleness)
    return _finish(folder, loaded, bundle.versions, bundle.as_of, len(others), bundle.products, bundle.tables)


def _write_staleness(folder: Path, staleness: Mapping[str, Any] | None) -> None:
    if staleness is not None:
        (folder / STALENESS).write_bytes(json_bytes(dict(staleness)))


def _copy_models(folder: Path, models: Mapping[str, Path]) -> dict[str, Loaded]:
    """Copy the artifacts into the new bundle; BadInput if one cannot be part of it."""
    if not models:
        raise BadInput("no model was given, a bundle needs at least one: promote a model first")
    for name in models:
        if not re.fullmatch(PLAIN_NAME, name):
            raise BadInput(f"a model is called {name!r:.80}: use letters, digits, - and _ only")
        if name in RESERVED:
            raise BadInput(f"a model is called {name!r}, which is a key of every answer: call its study otherwise")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BadInput(f"the folder {folder.name!r} is not empty: write a bundle into a new one")
    loaded = {name: load(source) for name, source in models.items()}
    segmentations = [name for name, each in loaded.items() if each.manifest["kind"] == "segmenter"]
    if len(segmentations) > 1:
        raise BadInput(f"{' and '.join(segmentations)} are segmentations, and an answer has one segment: choose one")
    for name, source in models.items():
        shutil.copytree(source, folder / "models" / name)
    return loaded


def _as_read(models: Mapping[str, Loaded], parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Each part with the indicators that the models read; BadInput if it lacks features of theirs."""
    needed = {name: loaded.manifest["features"] for name, loaded in models.items()}
    for part in parts:
        given = set(part.columns)
        for model, features in needed.items():
            missing = [name for name in features if given.isdisjoint((name, split(name)[0]))]
            if missing:
                raise BadInput(
                    f"model {model} needs {len(missing)} features that the snapshot has not "
                    f"({', '.join(missing[:3])}): train it on a dataset of this source"
                )
        yield with_indicators(part, dict.fromkeys(name for features in needed.values() for name in features))


def _finish(
    folder: Path,
    models: Mapping[str, Loaded],
    versions: Mapping[str, Mapping[str, Any]],
    as_of: float,
    customers: int,
    products: pl.DataFrame | None,
    tables: Sequence[str],
) -> str:
    """Write the catalogue and, last, the manifest over all files; the bundle's version."""
    if products is not None:
        _catalogue(products).sort("product_id").write_parquet(folder / PRODUCTS)
    manifest = {
        "format": FORMAT,
        "as_of": as_of,
        "as_of_utc": iso(as_of),
        "models": {
            name: {"version": str(versions.get(name, {}).get("version", "")), "sha256": loaded.sha256}
            for name, loaded in models.items()
        },
        "customers": customers,
        "tables": sorted(tables),
        "files": {name: file_sha256(folder / name) for name in file_names(folder)},
    }
    written = (json.dumps(manifest, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()
    (folder / MANIFEST).write_bytes(written)
    return version_of(written)


def _catalogue(products: pl.DataFrame) -> pl.DataFrame:
    price = pl.col("price") if "price" in products.columns else pl.lit(None, dtype=pl.Float64)
    further = [name for name in FURTHER if name in products.columns]
    return products.select("product_id", "category", price.alias("price"), *further)
