"""Numbers as people write them: a decimal comma, thousands apart."""

import re

from pipelines.sql import quoted

SPACES = " \u00a0\u202f\u2009"
"""What stands between thousands where a space is declared: also the ones that do not break a line."""
THOUSANDS = {",": ".", ".": None}
"""What separates thousands beside each decimal sign if nothing is declared; beside a comma, spaces do so too."""


def separators(decimal: str | None, thousands: str | None) -> tuple[str, str]:
    """The decimal sign, and all signs that may stand between thousands.

    >>> separators(None, ","), separators(",", None), separators(",", "'")
    (('.', ','), (',', '. \\xa0\\u202f\\u2009'), (',', "'’"))
    """
    sign = decimal or "."
    if thousands is None:
        return sign, f".{SPACES}" if sign == "," else ""
    return sign, {" ": SPACES, "'": "'’"}.get(thousands, thousands)


def plain_number(read: str, decimal: str, thousands: str) -> str:
    """SQL of a number's text with a decimal point and nothing between thousands.

    Null if the text is not written that way: thousands stand in groups of three, so that with a decimal comma ``12.50``
    is refused and not read as 1250.
    """
    groups = f"[{re.escape(thousands)}]" if thousands else "$"
    pattern = rf"[+-]?(\d*|\d{{1,3}}({groups}\d{{3}})+)({re.escape(decimal)}\d*)?([eE][+-]?\d+)?"
    joined = f"regexp_replace({read}, {quoted(groups)}, '', 'g')" if thousands else read
    return f"CASE WHEN regexp_full_match({read}, {quoted(pattern)}) THEN replace({joined}, {quoted(decimal)}, '.') END"


def has_decimal_comma(text: str) -> bool:
    """Whether a text is a number with a decimal comma.

    >>> [has_decimal_comma(text) for text in ("12,50", "1.234,5", "1,234.50", "twelve")]
    [True, True, False, False]
    """
    return re.fullmatch(rf"[+-]?(\d+|\d{{1,3}}([.{SPACES}']\d{{3}})+),\d+", text.strip()) is not None
