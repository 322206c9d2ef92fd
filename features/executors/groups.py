"""Ids whose features depend on each other: all ids of a customer, and all who ever worked for one company."""

from collections.abc import Iterator

import narwhals as nw
import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from features.engines import Tables, on_polars

_FIRM = "\0firm "
"""Prefix that distinguishes a company's id from an equal id of a customer."""


def moved_ids(tables: Tables) -> pl.DataFrame:
    """[customer_id, root] of ids whose ``root``, the first of all ids they depend on, is another one; sorted."""
    ties = pl.concat([pl.DataFrame(schema={"one": pl.String, "other": pl.String}), *_ties(tables)])
    names = pl.concat([ties["one"], ties["other"]]).unique().sort()
    if names.len() == 0:
        return pl.DataFrame(schema={"customer_id": pl.String, "root": pl.String})
    ends = [names.search_sorted(ties[end]).to_numpy() for end in ("one", "other")]
    edges = coo_array((np.ones(len(ties)), (ends[0], ends[1])), shape=(len(names), len(names)))
    group = pl.Series(connected_components(edges, directed=False)[1])
    grouped = pl.DataFrame({"name": names, "group": group}).filter(~pl.col("name").str.starts_with(_FIRM))
    rooted = grouped.select(customer_id="name", root=pl.col("name").min().over("group"))
    return rooted.filter(pl.col("customer_id") != pl.col("root")).sort("customer_id")


def with_root(people: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """``people`` with the column ``root``: that of ``moved``, for all others their own customer_id."""
    return people.join(moved, on="customer_id", how="left").with_columns(pl.coalesce("root", "customer_id"))


def _ties(tables: Tables) -> Iterator[pl.DataFrame]:
    if "identities" in tables:
        yield on_polars(tables["identities"].select(one="alias_id", other="customer_id").unique())
    if "customers" in tables:
        employed = tables["customers"].filter(~nw.col("company_id").is_null())
        pairs = on_polars(employed.select(one="customer_id", other="company_id").unique())
        yield pairs.with_columns(other=pl.lit(_FIRM) + pl.col("other"))
