"""Snapshots over many cutoffs, each with what happened next: the table a model learns from."""

from collections.abc import Callable, Sequence

import narwhals as nw

from features.engines import Tables
from features.entities import Entity, about
from features.errors import BadInput
from features.snapshot import snapshot_of
from features.windows import Frame

Label = Callable[[Tables, float], Frame]
"""``label(tables, as_of)`` gives [customer_id, label], at most one row a customer."""


def panel(
    tables: Tables,
    cutoffs: Sequence[float],
    *,
    label: Label,
    missing_label: float,
    eligible: nw.Expr | None = None,
    entity: Entity = "customer",
) -> Frame:
    """customer_id, as_of, label and the features: one row a customer and cutoff, in no order.

    ``eligible`` keeps the rows a question is asked about; it sees features only. A customer for whom ``label`` has no
    row gets ``missing_label``. Rows whose ``eligible`` is null are left out.
    """
    if not cutoffs:
        raise BadInput("no cutoffs: give at least one as_of for the panel")
    if len(set(cutoffs)) != len(cutoffs):
        raise BadInput("a cutoff is given twice: each as_of may stand once")
    whose = [(as_of, about(tables, as_of, entity)) for as_of in map(float, cutoffs)]
    return nw.concat(
        [labelled(snapshot_of(own, as_of), own, as_of, label, missing_label, eligible) for as_of, own in whose]
    )


def labelled(
    features: Frame, tables: Tables, as_of: float, label: Label, missing_label: float, eligible: nw.Expr | None
) -> Frame:
    """customer_id, as_of, label and the ``features`` of those who are eligible, at one cutoff."""
    names = [name for name in features.collect_schema().names() if name != "customer_id"]
    if eligible is not None:
        features = features.filter(eligible)
    labels = label(tables, as_of).select("customer_id", nw.col("label").cast(nw.Float64))
    joined = features.join(labels, on="customer_id", how="left")
    return joined.with_columns(as_of=nw.lit(as_of), label=nw.col("label").fill_null(missing_label)).select(
        "customer_id", "as_of", "label", *names
    )
