"""Features and figures in words: ``purchase_recency_days`` is "days since the last order"."""

import re
from functools import cache

from features.families import meaning_of
from features.indicators import split
from models.wording import LEVELS, PLAIN

UNITS = {"days": "days", "n": "number"}
"""Last word of a feature's name to its unit."""
SHARES = ("share", "rate")
"""Last words of the names of shares, which are read in percent."""
A_SHARE = (", 0 to 1;", "as a share of")
"""What the meaning says of other columns that are shares."""


@cache
def feature_words(name: str, currency: str = "") -> str:
    """A feature's name in the words of ``wording``, else in its own, with its unit.

    >>> feature_words("purchase_recency_days"), feature_words("purchase_spend_90d", "EUR")
    ('days since the last order', 'spend of 90 days, EUR')
    >>> feature_words("ordered_shoe_size_n"), feature_words("profile_country=united_kingdom")
    ('ordered shoe size, number', 'country united kingdom')
    """
    column, level = split(name)
    words = column.split("_")
    unit = UNITS.get(words[-1], "")
    own = " ".join(_window(word) for word in (words[:-1] if unit else words))
    if level is not None:
        return f"{LEVELS.get(column, f'{own} is')} {level.replace('_', ' ')}"
    money = currency if currency and is_money(column) else ""
    if column in PLAIN:
        return f"{PLAIN[column]}, {money}" if money else PLAIN[column]
    return f"{own}, {money or unit}" if money or unit else own


def _window(word: str) -> str:
    """``90d`` is "in 90 days"; any other word is itself."""
    return re.sub(r"^(\d+)d$", r"in \1 days", word)


@cache
def is_money(column: str) -> bool:
    """Whether the feature's meaning says that it is an amount of the shop's currency."""
    return ", currency" in meaning_of(column)


@cache
def is_share(column: str) -> bool:
    """Whether the feature is read in percent.

    >>> is_share("basket_return_share"), is_share("sensitivity_discount_depth"), is_share("basket_returns_n")
    (True, True, False)
    """
    return column.endswith(SHARES) or any(words in meaning_of(column) for words in A_SHARE)


def value_words(name: str, value: float | None) -> str:
    """A feature's value in few characters, a share in percent.

    >>> value_words("purchase_spend", 1234.5), value_words("purchase_recency_days", 12.345)
    ('1,234', '12')
    >>> value_words("basket_return_share", 0.253), value_words("basket_products_n", 2.5), value_words("x", None)
    ('25%', '2.5', '–')
    """
    if value is None:
        return "–"
    if is_share(name):
        return f"{value:.0%}" if value == 0.0 or abs(value) >= 0.01 else f"{value:.2g}"
    return f"{value:,.0f}" if abs(value) >= 10.0 else f"{value:.2g}"
