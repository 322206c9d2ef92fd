"""The bundle: everything an answer needs, in one immutable folder.

``models/<name>/`` are model artifacts, ``answers/`` has every customer's answer at ``as_of``, ``products.parquet`` the
categories and prices for live histories, ``staleness.json`` whether the segments still fit, ``manifest.json`` the
SHA-256 of every file. A bundle's version is the hash of its manifest: the same models and answers give the same one.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from features.errors import BadArtifact
from features.past import Who
from features.tables import TABLES
from features.windows import to_datetime
from models.artifact import Loaded, load, who
from models.plain import json_from
from serving.answer_store import AnswerStore, read_answers
from serving.manifest import ANSWERS, LARGEST_BYTES, Manifest, check_files, read_manifest, version_named

PRODUCTS = "products.parquet"
STALENESS = "staleness.json"
FURTHER = TABLES["products"].optional
"""Columns that the catalogue of products has if the source returned them."""
RESERVED = ("customer_id", "segment")
"""Keys of an answer that are no model's name; studies know them too."""


@dataclass(frozen=True)
class Bundle:
    """A checked bundle in memory; ``as_of`` in days since 1970-01-01 UTC, ``products`` [product_id, category, price].

    ``answers`` are about every customer, at ``as_of``; ``tables`` names the canonical tables they were computed from.
    """

    version: str
    as_of: float
    models: dict[str, Loaded]
    versions: dict[str, dict[str, str]]
    answers: AnswerStore
    products: pl.DataFrame | None
    tables: tuple[str, ...]
    staleness: dict[str, Any] | None = None

    @cached_property
    def who(self) -> Who:
        """Who gets an answer: everybody known if a model is about them, else buyers."""
        return "known" if any(who(loaded) == "known" for loaded in self.models.values()) else "buyers"

    @cached_property
    def one_of_each(self) -> list[str]:
        """One product_id for each category."""
        if self.products is None:
            return []
        named = self.products.filter(pl.col("category").is_not_null())
        return named.group_by("category").agg(pl.col("product_id").min())["product_id"].sort().to_list()


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
        answers=read_answers(folder / ANSWERS),
        products=_products(folder / PRODUCTS) if PRODUCTS in manifest.files else None,
        tables=tuple(manifest.tables),
        staleness=_staleness(folder / STALENESS) if STALENESS in manifest.files else None,
    )
    _check_parts(bundle, manifest)
    return bundle


def iso(days: float) -> str:
    """Days since 1970-01-01 as ISO 8601 in UTC.

    >>> iso(15317.5)
    '2011-12-09T12:00:00Z'
    """
    return f"{to_datetime(days).isoformat()}Z"


def _check_parts(bundle: Bundle, manifest: Manifest) -> None:
    """Refuse a bundle whose parts contradict each other, rather than fail at the first request."""
    problems = []
    if len(bundle.answers) != manifest.customers:
        problems.append(
            f"it answers about {len(bundle.answers)} customers where the manifest counts {manifest.customers}"
        )
    if manifest.as_of_utc != iso(bundle.as_of):
        problems.append(f"as_of is {iso(bundle.as_of)} and as_of_utc another time")
    if not set(bundle.tables) <= set(TABLES):
        problems.append("it was made of tables that there are not")
    if problems:
        raise BadArtifact(f"the bundle {bundle.version} contradicts itself, {problems[0]}: publish it again")


def _staleness(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST_BYTES:
        raise BadArtifact(f"{path.name} is over {LARGEST_BYTES} bytes: publish the bundle again")
    return json_from({path.name: path.read_bytes()}, path.name)


def _products(path: Path) -> pl.DataFrame:
    try:
        products = pl.read_parquet(path)
        return products.select("product_id", "category", "price", *(n for n in FURTHER if n in products.columns))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadArtifact(f"{path.name} is no table of products ({type(error).__name__}): publish it again") from None
