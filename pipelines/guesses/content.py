"""What the values of a raw column look like: numbers and how they are written, times and their format, ids."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MOST = 0.95
"""Share of the filled values that must fit; the others are dirt."""
PLAIN = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?|[+-]?\.\d+")
COMMA = re.compile(r"[+-]?(\d{1,3}([ .\u00a0\u202f]\d{3})+|\d+)(,\d+)?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
SIGN = r"(€|\$|£|EUR|USD|GBP)"
MONEY = re.compile(rf"^{SIGN}\s*|\s*{SIGN}$")
CURRENCIES = {"€": "EUR", "$": "USD", "£": "GBP"}
ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?")
CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d", "%d/%m/%y", "%m/%d/%y",
        "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y")  # fmt: skip
TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S", ", %H:%M:%S", ", %H:%M")
FORMATS = tuple(day + time for day in DAYS for time in TIMES)
EPOCHS = {"epoch_s": (5e8, 4e9), "epoch_ms": (5e11, 4e12), "epoch_us": (5e14, 4e15)}
"""Units of times counted from 1970, with the numbers that stand for years between 1985 and 2096."""


@dataclass(frozen=True)
class Content:
    """What a column's values look like.

    ``numbers``: None if they are none, else ``plain`` (1234.5), ``comma`` (1 234,5) or ``thousands`` (1,234.5).
    ``currency``: that of the sign that they carry, if any. ``times``: the formats that read all of them, ``iso``
    among them; two if day and month cannot be told apart. ``distinct``: share of different values, 0 if there are none.
    """

    filled: int
    distinct: float
    numbers: str | None
    currency: str | None
    whole: bool
    negative: bool
    times: tuple[str, ...]
    clock: bool
    levels: tuple[str, ...]

    @property
    def epoch(self) -> str | None:
        """The unit if they are times counted from 1970."""
        return next((unit for unit in self.times if unit in EPOCHS), None)


def content_of(values: Sequence[object], type_: str) -> Content:
    """Look at a sample of a column whose SQL type is ``type_``."""
    texts = [text for value in values if value is not None and (text := str(value).strip())]
    bare = [MONEY.sub("", text) for text in texts]
    numbers = None if type_.startswith(("DATE", "TIME")) else _numbers(bare)
    different = set(texts)
    return Content(
        filled=len(texts),
        distinct=len(different) / len(texts) if texts else 0.0,
        numbers=numbers,
        currency=_currency(texts) if numbers else None,
        whole=numbers == "plain" and all("." not in text.removesuffix(".0") for text in bare),
        negative=numbers is not None and any(text.startswith("-") for text in bare),
        times=("iso",) if type_.startswith(("DATE", "TIMESTAMP")) else _times(texts),
        clock=(type_.startswith("TIME") and not type_.startswith("TIMESTAMP")) or _most(texts, CLOCK),
        levels=tuple(sorted(different)) if len(different) <= 40 else (),
    )


def _numbers(texts: Sequence[str]) -> str | None:
    if _most(texts, PLAIN):
        return "plain"
    if _most(texts, THOUSANDS, PLAIN):
        return "thousands"
    return "comma" if _most(texts, COMMA, PLAIN) else None


def _currency(texts: Sequence[str]) -> str | None:
    """The commonest currency sign as its code; None if no value carries one."""
    signs = Counter(found.group().strip() for text in texts if (found := MONEY.search(text)))
    return next((CURRENCIES.get(sign, sign) for sign, _ in signs.most_common(1)), None)


def _times(texts: Sequence[str]) -> tuple[str, ...]:
    if not texts:
        return ()
    if _most(texts, ISO):
        return ("iso",)
    if _most(texts, PLAIN):
        units = [unit for unit, (low, high) in EPOCHS.items() if all(low <= _number(text) <= high for text in texts)]
        if units:
            return tuple(units)
    return tuple(format_ for format_ in FORMATS if _read_by(texts, format_))


def _read_by(texts: Sequence[str], format_: str) -> bool:
    """Whether most of the texts can be read by the format; the first few decide quickly that they cannot."""
    allowed = (1 - MOST) * len(texts)
    for text in texts:
        try:
            found = datetime.strptime(text, format_)
        except ValueError:
            found = None
        if found is None or not 1970 < found.year < 2100:
            allowed -= 1
            if allowed < 0:
                return False
    return True


def _number(text: str) -> float:
    return float(text) if PLAIN.fullmatch(text) else 0.0


def _most(texts: Sequence[str], *patterns: re.Pattern[str]) -> bool:
    fitting = sum(any(pattern.fullmatch(text) for pattern in patterns) for text in texts)
    return bool(texts) and fitting >= MOST * len(texts)
