"""Features and figures in words: ``purchase_recency_days`` is "days since the last order"."""

import re

from experiments.plots.plain import LEVELS, PLAIN
from features.families import families
from features.indicators import split

UNITS = {"days": "days", "n": "number"}
"""Last word of a feature's name to its unit."""
SHARES = ("share", "rate")
"""Last words of the names of shares, which are read in percent."""


def feature_words(name: str, currency: str = "") -> str:
    """A feature's name in the words of ``plain``, else in its own, with its unit.

    >>> feature_words("purchase_recency_days"), feature_words("purchase_spend_90d", "EUR")
    ('days since the last order', 'spend of 90 days, EUR')
    >>> feature_words("journey_cart_items_n"), feature_words("profile_country=united_kingdom")
    ('journey cart items, number', 'country united kingdom')
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


def is_money(column: str) -> bool:
    """Whether the feature's meaning says that it is an amount of the shop's currency."""
    return any(", currency" in family.COLUMNS.get(column, "") for family in families().values())


def value_words(name: str, value: float | None) -> str:
    """A feature's value in few characters, a share in percent.

    >>> value_words("purchase_spend", 1234.5), value_words("purchase_recency_days", 12.345)
    ('1,234', '12')
    >>> value_words("basket_return_share", 0.253), value_words("basket_products_n", 2.5), value_words("x", None)
    ('25%', '2.5', '–')
    """
    if value is None:
        return "–"
    if name.endswith(SHARES):
        return f"{value:.0%}" if value == 0.0 or abs(value) >= 0.01 else f"{value:.2g}"
    return f"{value:,.0f}" if abs(value) >= 10.0 else f"{value:.2g}"
