"""Sentiment of a customer's text, by a lexicon that is part of its library: nothing is downloaded."""

from functools import cache
from importlib.metadata import version
from threading import Lock
from typing import Any

CHARACTERS_MAX = 10_000
# Whole millionths add up exactly, in any order.
DECIMALS = 6
_LOADING = Lock()
METHOD = f"textblob {version('textblob')} pattern"


def sentiment(text: str | None) -> float | None:
    """-1 (bad) to 1 (good), in whole millionths; null for no text, 0.0 for a neutral text.

    Pattern's English lexicon with negations and intensifiers; other languages come out near 0. Only the first 10,000
    characters are read.

    >>> sentiment("Terrible quality")
    -1.0
    >>> sentiment("not good"), sentiment("very good"), sentiment("a mug"), sentiment("  ")
    (-0.35, 0.91, 0.0, None)
    """
    if text is None or not text.strip():
        return None
    # Adding 0.0 turns -0.0 into 0.0: the two are equal, but their bytes are not.
    return round(min(1.0, max(-1.0, float(_analyzer().analyze(text[:CHARACTERS_MAX]).polarity))), DECIMALS) + 0.0


def _analyzer() -> Any:
    """Loaded at the first text: the library takes two seconds to import.

    Only one thread loads it. The library fills its lexicon at the first text, and a second thread would meet it half
    filled: a wrong score, or an error.
    """
    with _LOADING:
        return _loaded()


@cache
def _loaded() -> Any:
    from textblob.en.sentiments import PatternAnalyzer  # type: ignore[import-untyped]

    analyzer = PatternAnalyzer()
    analyzer.analyze("good")
    return analyzer
