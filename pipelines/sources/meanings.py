"""What each reason of a rejected row means, in a sentence for the person who can cure it."""

MEANINGS = {
    "unknown_kind": "kind is none of the table's words: translate the shop's words in the SELECT",
    "before_1970": "the time lies before 1970: a placeholder, or a format that reads another date",
    "in_the_future": "the time lies in the future: a wrong clock, or day and month the wrong way round",
    "not_a_product": "source.toml calls this product id none ([not_products])",
    "price_not_positive": 'the price is 0 or less: zero_price = "keep" keeps what was given away',
    "negative_discount": "the discount is negative: it is money off, at least 0",
    "quantity_not_positive": "the quantity is 0, or negative in a sale: lines that go back have kind 'return'",
    "discount_above_amount": "the discount is larger than the line: perhaps it is that of the whole order",
    "too_many_fields": "the line has more values than the header has names: a delimiter inside a value without quotes",
    "unclosed_quote": "a quote begins in this line and never ends",
    "stray_quote": "a quote stands inside a value, or text follows where one ends",
    "invalid_bytes": "the line has bytes that are none in the file's encoding: see [csv] encoding",
    "line_too_long": "the line is longer than any row can be: perhaps a quote that never ends",
    "self_link": "an alias is linked to itself",
    "duplicate_key": "another row has the same key and more of its columns filled",
    "two_customers": "the alias was linked to another customer before",
    "cycle": "the link closes a ring of aliases",
}
"""By reason; those of single columns are in :func:`meaning`."""

OF_COLUMNS = {
    "missing_": "{} is empty, and no row can do without it: read another column, or fill it down",
    "unreadable_": "{} cannot be read as what it has to be: see time_formats and [csv] for how it is written",
}
"""By the beginning of a reason that ends with the name of a column."""


def meaning(reason: str) -> str:
    """What a reason means; empty if nothing is known about it.

    >>> meaning("missing_at")
    'at is empty, and no row can do without it: read another column, or fill it down'
    """
    for start, sentence in OF_COLUMNS.items():
        if reason.startswith(start):
            return sentence.format(reason.removeprefix(start))
    return MEANINGS.get(reason, "")
