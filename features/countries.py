"""Countries and their parts by the names people write: ISO 3166's in many languages, as ``pycountry`` lists them."""

import gettext
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

import pycountry

LANGUAGES = ("cs", "da", "de", "es", "fi", "fr", "hu", "it", "nb", "nl", "pl", "pt", "ro", "sv", "tr")
"""Languages that names are known in, beside English."""

PARTS_OF_COUNTRIES = {
    "england": "GB-ENG",
    "northern ireland": "GB-NIR",
    "scotland": "GB-SCT",
    "wales": "GB-WLS",
}
"""Parts that people write as a country, by their code in ISO 3166-2."""

# Names that people write and no standard has.
_SPOKEN = {
    "america": "US",
    "eire": "IE",
    "great britain": "GB",
    "holland": "NL",
    "korea": "KR",
    "macedonia": "MK",
    "republic of ireland": "IE",
    "rsa": "ZA",
    "the netherlands": "NL",
    "turkey": "TR",
    "uae": "AE",
    "uk": "GB",
}


@cache
def codes() -> dict[str, str]:
    """ISO 3166-1 alpha-2 codes by name (official, usual, translated) and by code, in lower case."""
    from holidays.registry import COUNTRIES  # a tenth of a second, and only shops that know countries need it

    known: dict[str, str] = {}
    for name, (_, alpha2, alpha3, *_) in COUNTRIES.items():  # names without signs, as in "ivory coast"
        known |= {name.replace("_", " "): alpha2, alpha2.lower(): alpha2, alpha3.lower(): alpha2}
    for country in pycountry.countries:
        known |= dict.fromkeys(_names(country), country.alpha_2)
    return known | _SPOKEN | {name: code.partition("-")[0] for name, code in PARTS_OF_COUNTRIES.items()}


@cache
def subdivisions() -> dict[str, str | None]:
    """States, provinces, counties and the like by their code in ISO 3166-2, each with the code of the one it is in.

    >>> subdivisions()["GB-EDH"], subdivisions()["GB-SCT"]
    ('GB-SCT', None)
    """
    return {each.code: each.parent_code for each in pycountry.subdivisions}


def names_of_subdivision(code: str) -> set[str]:
    """In lower case: official and translated names, with and without accents, and the code, with and without country.

    >>> sorted(names_of_subdivision("DE-BY") & {"bayern", "bavaria", "by", "de-by"})
    ['bavaria', 'bayern', 'by', 'de-by']
    """
    name, languages = _official_names()[code], _translations("iso3166-2", ("en", *LANGUAGES))
    translated = {name, *(language.gettext(name) for language in languages)}
    # "Catalunya [Cataluña]", "Nafarroa / Navarra"; "Edinburgh, City of" is the City of Edinburgh
    single = {each for name in translated for each in re.split(r"[][/(),]", name) if each.strip()}
    turned = {re.sub("^(.+), (.+ of)$", r"\2 \1", name) for name in translated}
    return spellings({*translated, *single, *turned, code, code.partition("-")[2]})


@cache
def _official_names() -> dict[str, str]:
    return {each.code: each.name for each in pycountry.subdivisions}


def spellings(names: Iterable[str]) -> set[str]:
    """The names in lower case, with and without accents.

    >>> sorted(spellings(["Québec"]))
    ['quebec', 'québec']
    """
    lower = {name.strip().lower() for name in names}
    return lower | {"".join(c for c in unicodedata.normalize("NFD", name) if c.isascii()) for name in lower}


def _names(country: pycountry.db.Country) -> set[str]:
    written = {country.name, *(getattr(country, kind, country.name) for kind in ("common_name", "official_name"))}
    translated = {language.gettext(name) for language in _translations("iso3166-1", LANGUAGES) for name in written}
    return {name.lower() for name in written | translated | {country.alpha_2, country.alpha_3}}


@cache
def _translations(standard: str, languages: tuple[str, ...]) -> list[gettext.NullTranslations]:
    """Where the package has none of ``standard``, names stay as they are."""
    return [gettext.translation(standard, pycountry.LOCALES_DIR, [name], fallback=True) for name in languages]
