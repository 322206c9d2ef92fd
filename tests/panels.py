"""Labelled snapshots of several cutoffs in one frame, made without a workspace."""

from collections.abc import Sequence

import narwhals as nw

from features.engines import Tables
from features.snapshot import snapshot
from features.windows import Frame
from pipelines.labels import Label, labelled


def panel(
    tables: Tables, cutoffs: Sequence[float], *, label: Label, missing_label: float, eligible: nw.Expr | None = None
) -> Frame:
    """customer_id, as_of, label and the features: one row a customer and cutoff, in no order."""
    return nw.concat(
        [labelled(snapshot(tables, as_of), tables, as_of, label, missing_label, eligible) for as_of in cutoffs]
    )
