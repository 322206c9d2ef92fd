"""Sentiment of a customer's text, English or French, by lexicons that are part of libraries: nothing is downloaded."""

import unicodedata
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from threading import Lock
from typing import Any

CHARACTERS_MAX = 10_000
# Whole millionths add up exactly, in any order.
DECIMALS = 6
NEIGHBOURS = (
    "ca", "cs", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "id", "it", "lt", "lv", "nl", "no", "pl", "pt",
    "ro", "sk", "sl", "sv", "tr", "vi",
)  # fmt: skip
"""Languages that a text is told apart among; in most of them nothing is scored."""
CERTAIN = 0.9
"""From this probability on a language is believed. Two words are rarely certain; most of them are English."""
UNLIKELY = 0.04
"""Below this probability that it is a supported one, the language is another: "a mug" has .05, "muy bueno" .03."""
RULE = 2
"""Counts how a language has been told; texts are scored anew when it changes."""
METHOD = f"rule {RULE}, " + " ".join(f"{name} {version(name)}" for name in ("textblob", "textblob-fr", "py3langid"))

Lexicon = Callable[[str], Any]
"""Gives a score: first the polarity, -1 to 1; its ``assessments`` has an entry for each word that the lexicon knows."""
_LOADING = Lock()


def sentiment(text: str | None) -> float | None:
    """-1 (bad) to 1 (good), in whole millionths; 0.0 if neutral, null without a word or in a language not supported.

    Pattern's lexicons for English and French, with negations and intensifiers. Where the language is not certain, the
    French one is asked if the English one knows no word. Only the first 10,000 characters are read.

    >>> sentiment("Terrible quality"), sentiment("Très déçu par la qualité")
    (-1.0, -0.3)
    >>> sentiment("not good"), sentiment("very good"), sentiment("a mug"), sentiment("pas bon")
    (-0.35, 0.91, 0.0, -0.35)
    >>> sentiment("  "), sentiment("Die Lieferung kam leider viel zu spät"), sentiment("とても良い")
    (None, None, None)
    """
    text = (text or "")[:CHARACTERS_MAX].strip()
    letters = [character for character in text if character.isalpha()]
    lexicons = _lexicons(text) if text and _are_latin(letters) else []
    scores = [lexicon(text) for lexicon in lexicons]
    polarity = next((float(score[0]) for score in scores if score.assessments), 0.0 if scores and letters else None)
    if polarity is None:
        return None
    # Adding 0.0 turns -0.0 into 0.0: the two are equal, but their bytes are not.
    return round(min(1.0, max(-1.0, polarity)), DECIMALS) + 0.0


def _are_latin(letters: list[str]) -> bool:
    """Whether half of them or more are."""
    latin_n = sum(each.isascii() or unicodedata.name(each, "").startswith("LATIN") for each in letters)
    return 2 * latin_n >= len(letters)


def _lexicons(text: str) -> list[Lexicon]:
    """The lexicons to ask, in order: none if the text is certainly in another language, both if in none for certain."""
    lexicons, identifier = _loaded_once()
    chances = dict(identifier.rank(text))
    supported = sum(chances[name] for name in lexicons)
    if supported < UNLIKELY or any(chances[name] >= CERTAIN for name in NEIGHBOURS if name not in lexicons):
        return []
    certain = [name for name in lexicons if chances[name] >= CERTAIN * supported]
    return [lexicons[name] for name in certain or lexicons]


def _loaded_once() -> tuple[dict[str, Lexicon], Any]:
    """Loaded at the first text: the libraries take seconds to import.

    Only one thread loads them. A lexicon is filled at the first text, and a second thread would meet it half filled: a
    wrong score, or an error.
    """
    with _LOADING:
        return _loaded()


@cache
def _loaded() -> tuple[dict[str, Lexicon], Any]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]
    from textblob.en import sentiment as english  # type: ignore[import-untyped]
    from textblob_fr.fr import sentiment as french  # type: ignore[import-untyped]

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(NEIGHBOURS))
    lexicons: dict[str, Lexicon] = {"en": english, "fr": french}
    for lexicon in lexicons.values():
        lexicon("good")
    return lexicons, identifier
