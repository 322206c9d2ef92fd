"""Reasons for a score: the families of features that say most of it, and what each says, in words.

Learners state what every column adds to the score of a customer (``Learner.contributions``). Columns are too many and
too alike for a reason: with another seed a model takes another of two columns that say the same. Families are stable.
So contributions are summed by family, and of the families that add or take away most the column that does most of it
is named, with the customer's value beside the usual one.

A reason says what the model read. It does not say why a customer acts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.learners import learner
from models.predictor import Predictor
from models.reasons.families import Said, by_family
from models.reasons.sentences import GAPS, RECENCY, sentence
from models.sample import Floats, column

MOST = 3
"""Reasons of a customer."""
LEAST = 0.01
"""Families that move the log odds, or the log amount, by less are no reason."""
AT_ONCE = 4096
"""Rows whose contributions of all columns are in memory together."""

Text = NDArray[Any]
"""Texts as objects, None where there is none."""


def gives_reasons(predictor: Predictor) -> bool:
    """Whether its learner's score is a sum of columns, of which was stored what is usual (since 0.9)."""
    return bool(predictor.usual)


def reasons(predictor: Predictor, X: pd.DataFrame) -> Said:
    """For each row of ``X`` at most ``MOST`` families, those with the largest contribution first.

    ``X`` has the model's columns, float64; a row's reasons do not depend on the other rows. Call it only where
    :func:`gives_reasons`.
    """
    starts = range(0, max(len(X), 1), AT_ONCE)
    return Said.joined([_of_some(predictor, X.iloc[start : start + AT_ONCE]) for start in starts])


def warm(predictor: Predictor) -> None:
    """Prepare what the first reasons of a model would wait for: tables of trees take up to seconds."""
    if gives_reasons(predictor):
        reasons(predictor, pd.DataFrame(np.nan, columns=list(predictor.features), index=[0]))


def _of_some(predictor: Predictor, X: pd.DataFrame) -> Said:
    found = learner(predictor.learner).contributions(predictor.model, X)
    assert found is not None, "gives_reasons was asked"
    names, contributions = found
    return by_family(names, contributions, _values(X, names), MOST, LEAST)


def _values(X: pd.DataFrame, names: Sequence[str]) -> Floats:
    values = X.to_numpy(dtype=np.float64, na_value=np.nan)
    return values[:, X.columns.get_indexer(pd.Index(names))]


def fields(said: Said, usual: Mapping[str, float | None], X: pd.DataFrame) -> list[dict[str, Any]]:
    """The reasons as columns, the first of each row, the second, ...; of rows ``there``, which have so many.

    ``family``, ``effect`` (raises or lowers the score), ``contribution`` to four decimals, ``column``, ``value`` and
    ``usual`` (None for null) and ``words``.
    """
    own = own_gap(X)
    return [_field(said, k, usual, own) for k in range(said.place.shape[1])]


def _field(said: Said, k: int, usual: Mapping[str, float | None], own: Floats) -> dict[str, Any]:
    there = said.place[:, k] >= 0
    columns = [said.names[place] for place in said.place[there, k].tolist()]
    values = [None if value != value else value for value in said.value[there, k].tolist()]
    added = said.contribution[there, k]
    return {
        "there": there,
        "family": [said.family[name] for name in columns],
        "effect": np.where(added > 0.0, "raises", "lowers").tolist(),
        "contribution": np.round(added, 4),
        "column": columns,
        "value": values,
        "usual": [usual.get(name) for name in columns],
        "words": [
            sentence(name, value, usual.get(name), gap if name == RECENCY else None)
            for name, value, gap in zip(columns, values, own[there].tolist(), strict=True)
        ],
    }


def own_gap(X: pd.DataFrame) -> Floats:
    """(n,) the usual days between the customer's own orders; nan where not known."""
    known = next((name for name in GAPS if name in X), None)
    return np.full(len(X), np.nan) if known is None else column(X, known)
