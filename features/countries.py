"""Countries by the names people write: ISO 3166's in many languages, as ``pycountry`` lists them."""

import gettext
from functools import cache

import pycountry

LANGUAGES = ("cs", "da", "de", "es", "fi", "fr", "hu", "it", "nb", "nl", "pl", "pt", "ro", "sv", "tr")
"""Languages that names are known in, beside English."""

# Names that people write and no standard has.
_SPOKEN = {
    "america": "US",
    "eire": "IE",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "korea": "KR",
    "macedonia": "MK",
    "northern ireland": "GB",
    "republic of ireland": "IE",
    "rsa": "ZA",
    "scotland": "GB",
    "the netherlands": "NL",
    "turkey": "TR",
    "uae": "AE",
    "uk": "GB",
    "wales": "GB",
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
    return known | _SPOKEN


def _names(country: pycountry.db.Country) -> set[str]:
    written = {country.name, *(getattr(country, kind, country.name) for kind in ("common_name", "official_name"))}
    translated = {language.gettext(name) for language in _translations() for name in written}
    return {name.lower() for name in written | translated | {country.alpha_2, country.alpha_3}}


@cache
def _translations() -> list[gettext.NullTranslations]:
    return [gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[name]) for name in LANGUAGES]
