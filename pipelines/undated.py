"""Attributes without a date: nobody knows whether their values were there on a date of the past.

A CRM's ``status`` of today says who has left; read as a feature of last spring, it foretells the summer. So models that
predict read an attribute only if its values carry ``known_at``, or if the source declares in ``known_all_along`` that
they were true from the first day.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from features.families import attributes_of
from features.tables import CUSTOMERS

MOST_UNDATED = 0.01
"""Share of a column's values that may lack a date: a few unreadable ones do not undate all."""
ALL = "*"


def undated_features(canonical: Path, features: Iterable[str]) -> list[str]:
    """Those of the ``features`` that are made of an attribute without a date, in alphabetical order."""
    undated = set(undated_columns(canonical))
    return sorted(name for name in features if undated.intersection(attributes_of(name)))


def undated_columns(canonical: Path) -> list[str]:
    """Columns of the canonical ``customers`` whose values lack a date and are not declared to be older than that."""
    path = canonical / "customers.parquet"
    if not path.is_file():
        return []
    declared = declared_of(canonical)
    table = pl.scan_parquet(path)
    columns = [name for name in table.collect_schema().names() if _is_attribute(name)]
    if ALL in declared or not columns:
        return []
    undated = pl.col("known_at").is_null()
    shares = table.select((pl.col(name).is_not_null() & undated).sum() / pl.col(name).count() for name in columns)
    found = shares.collect().row(0, named=True)
    return sorted(
        name for name, share in found.items() if share > MOST_UNDATED and CUSTOMERS.made_of(name) not in declared
    )


def undated_attributes(canonical: Path) -> set[str]:
    """The same columns by the names that the source returns them under."""
    return {CUSTOMERS.made_of(name) for name in undated_columns(canonical)}


def _is_attribute(name: str) -> bool:
    return name not in (*CUSTOMERS.key, "signed_up_at", "source_birth_year")


def declared_of(canonical: Path) -> Sequence[str]:
    """What the source declared as known all along; nothing where the tables have no manifest."""
    manifest = canonical / "manifest.json"
    return json.loads(manifest.read_text()).get("known_all_along", []) if manifest.is_file() else []
