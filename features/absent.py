"""Columns of tables that are not there: null, of the type they would have."""

from collections.abc import Collection

import narwhals as nw


def nulls(names: Collection[str], text: Collection[str]) -> dict[str, nw.Expr]:
    """A null column for each of ``names``: text if it is one of ``text``, else a number."""
    return {name: nw.lit(None).cast(nw.String() if name in text else nw.Float64()) for name in names}
