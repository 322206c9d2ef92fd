"""Text features as numbers: one column per level, 1 where the text is that level, 0 where it is another, null if none.

An indicator's name is all that is needed to compute it: ``profile_country=united_kingdom`` compares
``profile_country`` with one spelling of a level. So a model needs no dictionary besides its feature names, and a level
that was not seen in training is 0 in all indicators.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import BadInput
from features.families import is_text

SMALLEST_SHARE = 0.01
"""A level with a smaller share of the rows gets no column of its own."""
FEWEST_CUSTOMERS = 10
"""Nor does one of fewer customers, however many leave the text empty: the name of its column would stand in datasets,
runs and models, and could say something about a single person."""
MOST_LEVELS = 20
"""The most frequent levels of a column, at most this many, get a column of their own."""


def spelling(level: str) -> str:
    """Letters and digits in lower case, anything between them as one underscore, so that variants become one level.

    >>> spelling("United  Kingdom ")
    'united_kingdom'
    """
    return "_".join(re.findall(r"\w+", level.lower().replace("_", " ")))


def split(name: str) -> tuple[str, str | None]:
    """The feature and the level an indicator is about; the level is None for any other feature.

    >>> split("profile_country=france")
    ('profile_country', 'france')
    """
    feature, equals, level = name.partition("=")
    return feature, level if equals else None


def indicator_names(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[str, ...]:
    """``columns`` with each text column replaced, at its place, by its indicators; levels in alphabetical order.

    A text column that is constant or empty in ``frame`` gives none. Customers are told apart by ``customer_id``.
    """
    customers = frame["customer_id"]
    found = (_levels(frame[column], customers) if is_text(column) else (column,) for column in columns)
    return tuple(name for names in found for name in names)


def with_indicators(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """``frame`` and every indicator among ``names`` that it lacks, float64.

    Raises:
        BadInput: the frame lacks a text feature that an indicator is made of.
    """
    wanted = [(name, *split(name)) for name in names if split(name)[1] is not None and name not in frame]
    lacking = sorted({feature for _, feature, _ in wanted if feature not in frame})
    if lacking:
        raise BadInput(f"{', '.join(lacking[:3])} is missing: indicators of it are needed, compute it with snapshot")
    if not wanted:
        return frame
    spelled = {feature: _spellings(frame[feature]) for feature in dict.fromkeys(feature for _, feature, _ in wanted)}
    block = np.empty((len(frame), len(wanted)), order="F")
    for at, (_, feature, level) in enumerate(wanted):
        block[:, at] = _is_level(*spelled[feature], str(level))
    names_of_block = [name for name, _, _ in wanted]
    return pd.concat([frame, pd.DataFrame(block, columns=names_of_block, index=frame.index, copy=False)], axis=1)


def numbers(frame: pd.DataFrame) -> list[str]:
    """Names of the columns that are not text features."""
    return [str(name) for name in frame.columns if not is_text(str(name))]


def _levels(column: "pd.Series[str]", customers: "pd.Series[str]") -> list[str]:
    spelled = _spelled(column)
    shares, customers_n = spelled.value_counts(normalize=True), customers.groupby(spelled).nunique()
    shares = shares[(shares >= SMALLEST_SHARE) & (customers_n[shares.index] >= FEWEST_CUSTOMERS)]
    # Sorted by name first, so that the choice among equally frequent levels does not depend on the order of rows.
    frequent = shares.sort_index().sort_values(ascending=False, kind="stable")
    levels = sorted(str(level) for level in frequent.index[:MOST_LEVELS] if level)
    return [f"{column.name}={level}" for level in levels] if len(levels) > 1 else []


def _spelled(column: "pd.Series[str]") -> "pd.Series[str]":
    """The column in one spelling; each distinct text is spelled once."""
    spellings = {value: spelling(value) for value in column.dropna().unique()}
    return column.map(spellings)


def _spellings(column: "pd.Series[str]") -> tuple[NDArray[np.intp], list[str]]:
    """The number of each row's distinct text, -1 for null, and the spelling of each distinct text."""
    values = column.to_numpy(object, na_value=None)  # type: ignore[call-overload]
    distinct = [text for text in dict.fromkeys(values) if text is not None]
    codes = {text: code for code, text in enumerate(distinct)} | {None: -1}
    found = np.fromiter((codes[text] for text in values), np.intp, len(values))
    return found, [spelling(text) for text in distinct]


def _is_level(codes: NDArray[np.intp], spellings: list[str], level: str) -> NDArray[np.float64]:
    # The last one is that of code -1.
    return np.array([*(float(found == level) for found in spellings), np.nan])[codes]
