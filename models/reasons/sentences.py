"""One reason in words: the customer's value, and the usual one."""

from models.usual import is_share_of_customers
from models.words import feature_words, value_words

RECENCY = "purchase_recency_days"
GAPS = ("cadence_gap_median_days", "cadence_gap_mean_days")
"""Columns that say what is usual for the customer themselves, the first that a model reads."""
SINCE = "days since "
UNTIL = "days until "
NONE = "none on record"


def sentence(name: str, value: float | None, usual: float | None, own: float | None = None) -> str:
    """What a column says of a customer: ``value`` and ``usual`` are None for null, ``own`` is their own usual gap.

    >>> sentence("purchase_recency_days", 74.0, 40.0, 31.0)
    'last order 74 days ago; usually every 31'
    >>> sentence("purchase_recency_days", 1.0, 40.0), sentence("basket_returns_n", 2.0, 0.0)
    ('last order 1 day ago; typical: 40', 'returns: 2; typical: 0')
    >>> sentence("profile_country=france", 1.0, 0.25), sentence("profile_consent", None, 0.75)
    ('country france: yes (of all customers 25%)', 'agreed to marketing: not known (of all customers 75%)')
    """
    words = feature_words(name)
    if is_share_of_customers(name):
        return f"{words}: {_yes(value)}{_of_all(usual)}"
    typical = "" if usual is None else f"; typical: {_figure(name, usual)}"
    if own is not None and own == own:
        typical = f"; usually every {_figure(name, own)}"
    if words.startswith((SINCE, UNTIL)):
        return f"{_ago(name, words, value)}{typical}"
    return f"{words}: {NONE if value is None else _figure(name, value)}{typical}"


def _figure(name: str, value: float) -> str:
    """Days are whole: nobody speaks of 7.2 days."""
    return f"{value:,.0f}" if name.endswith("_days") else value_words(name, value)


def _ago(name: str, words: str, value: float | None) -> str:
    """``last order 74 days ago``, ``next public holiday in 3 days``."""
    since = words.startswith(SINCE)
    what = words.removeprefix(SINCE).removeprefix(UNTIL).removeprefix("the ")
    if value is None:
        return f"{what}: {NONE}"
    days = _figure(name, value)
    span = "less than a day" if days == "0" else f"{days} {'day' if days == '1' else 'days'}"
    return f"{what} {span} ago" if since else f"{what} in {span}"


def _yes(value: float | None) -> str:
    return "not known" if value is None else "yes" if value >= 0.5 else "no"


def _of_all(usual: float | None) -> str:
    return "" if usual is None else f" (of all customers {usual:.0%})"
