"""Texts as numbers: equal texts of one request have equal numbers, whatever their column."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from features.executors.arrays.columns import Column, every

BLANKS = " \t\n\x0b\x0c\r"
_ANOTHER_MEANING = re.compile(r"\\|&&|--|~~|\[\[|\(\?(?!s\))")
"""What Python's regular expressions may read in another way than Polars' (Rust's), or cannot read."""


class Texts:
    """The numbers of texts, from 0 in the order of their first use."""

    def __init__(self, before: "Texts | None" = None) -> None:
        self._numbers: dict[str, int] = dict(before._numbers) if before else {}
        self._texts: list[str] = list(before._texts) if before else []

    def number(self, text: str) -> int:
        """The text's number, a new one if it is new."""
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return found

    def text(self, number: int) -> str:
        return self._texts[number]

    def column(self, values: Sequence[str | None]) -> Column:
        """The texts as a column."""
        numbers = np.array([-1 if text is None else self.number(text) for text in values], np.int64)
        known = numbers >= 0
        return numbers, None if every(known) else known

    def of(self, column: Column) -> list[str | None]:
        """The texts of a column; None is null."""
        known = [True] * len(column[0]) if column[1] is None else column[1].tolist()
        texts = self._texts
        return [texts[number] if here else None for number, here in zip(column[0].tolist(), known, strict=True)]


def ranks(texts: Texts, column: Column) -> Column:
    """The texts' places in alphabetical order instead of their numbers."""
    found = texts.of(column)
    place = {text: at for at, text in enumerate(sorted({text for text in found if text is not None}))}
    return np.array([0 if text is None else place[text] for text in found], np.int64), column[1]


def at_ranks(texts: Texts, places: Column, column: Column) -> Column:
    """The inverse of ``ranks``, for some places in the order of the texts of ``column``."""
    order = sorted({text for text in texts.of(column) if text is not None})
    numbers = np.array([texts.number(text) for text in order] or [0], np.int64)
    inside = places[0] if places[1] is None else np.where(places[1], places[0], 0)
    return numbers[inside], places[1]


def lower(texts: Texts, column: Column) -> Column:
    return texts.column(_each(texts, column, str.lower, lambda column: column.str.to_lowercase()))


def strip(texts: Texts, column: Column) -> Column:
    return texts.column(_each(texts, column, lambda text: text.strip(BLANKS), lambda column: column.str.strip_chars()))


def length(texts: Texts, column: Column) -> Column:
    return np.array([len(text or "") for text in texts.of(column)], np.int64), column[1]


def number_in(texts: Texts, column: Column) -> Column:
    """Texts cast to numbers."""

    def by_polars(column: pl.Series) -> pl.Series:
        return column.cast(pl.Float64, strict=False)

    found = [_cast(text, by_polars) for text in texts.of(column)]
    known = np.array([number is not None for number in found], bool)
    return np.array([number or 0.0 for number in found], float), None if every(known) else known


def _cast(text: str | None, by_polars: Callable[[pl.Series], pl.Series]) -> float | None:
    if text is None:
        return None
    digits = text.isascii() and text.isdigit()
    return float(text) if digits else by_polars(pl.Series([text])).item()


def contains(texts: Texts, column: Column, pattern: str) -> Column:
    expression = _compiled(pattern)

    def by_polars(column: pl.Series) -> pl.Series:
        return column.str.contains(pattern)

    found = _each(texts, column, lambda text: expression.search(text) is not None, by_polars)
    return np.array([bool(value) for value in found], bool), column[1]


def replace(texts: Texts, column: Column, pattern: str, value: str, literal: bool) -> Column:
    """All occurrences replaced."""
    if literal:
        return texts.column([text and text.replace(pattern, value) for text in texts.of(column)])
    expression = _compiled(pattern)

    def by_polars(column: pl.Series) -> pl.Series:
        return column.str.replace_all(pattern, value)

    return texts.column(_each(texts, column, lambda text: expression.sub(value, text), by_polars))


def is_plain(pattern: str) -> bool:
    """Whether a regular expression means the same to Python and to Polars, for ASCII texts."""
    return pattern.isascii() and not _ANOTHER_MEANING.search(pattern)


def _compiled(pattern: str) -> "re.Pattern[str]":
    # Python's $ also matches before a newline at the end. The cache is Python's own.
    return re.compile(pattern.replace("$", r"\Z"))


def _each(
    texts: Texts,
    column: Column,
    by_python: Callable[[str], Any],
    by_polars: Callable[[pl.Series], pl.Series],
) -> list[Any]:
    """The function of each text; Polars itself computes those beyond ASCII, about which Unicode versions differ."""
    return [
        None if text is None else by_python(text) if text.isascii() else by_polars(pl.Series([text])).item()
        for text in texts.of(column)
    ]
