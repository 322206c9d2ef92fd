"""Who they are: demography, place, interests, company and account, by the newest known profile.

``attr_*`` columns of ``customers`` are taken along in the canonical table and are no features: code cannot know what
they mean, and they may name a person. Those that the source declares are in the families ``level`` and ``ordered``. The
one exception is ``attr_climate``, the climate of the customer's region, which a source may join by region: one of
CLIMATES becomes ``profile_climate``, anything else is null. Interests are free text and are counted, and sorted into
THEMES by English words; the text itself stays in the table.
"""

import narwhals as nw

from features.past import Past
from features.tables import CUSTOMERS
from features.tables import PROTECTED as PROTECTED_COLUMNS
from features.windows import Frame, to_datetime

NEEDS = ("customers",)

CLIMATES = ("tropical", "arid", "temperate", "continental", "polar")
"""The main groups of Koeppen's classification."""

THEMES = {
    "culture": ("art", "book", "cinema", "film", "museum", "music", "reading", "theatre", "theater"),
    "food": ("baking", "cooking", "food", "restaurant", "wine"),
    "home": ("craft", "decor", "diy", "garden", "home", "interior"),
    "sports": ("cycling", "fitness", "football", "gym", "running", "sport", "yoga"),
    "technology": ("computer", "gadget", "gaming", "photo", "tech"),
    "travel": ("camping", "hiking", "holiday", "outdoor", "travel"),
}
"""An interest is of a theme if a word of it begins with one of these."""

_AS_IT_STANDS = {
    "gender": "Gender, as the source writes it",
    "family_status": "Household type or marital status",
    "education": "Highest education",
    "income_band": "Household income, the source's label",
    "country": "Country of residence",
    "region": "Region or state",
    "urbanity": "City, suburb or country",
    "language": "Language of correspondence",
    "acquisition_channel": "How the customer was acquired",
    "company_size": "Employees of the company, the source's label",
    "sector": "Line of business of the company",
    "turnover_band": "Yearly turnover of the company, the source's label",
    "contact_function": "Role of the contact in the company",
    "status": "State of the account, a lead or a customer for example",
}

COLUMNS: dict[str, str] = {
    "profile_age_years": "Year of as_of minus year of birth; null if unknown or not within 0 to 120.",
    **{f"profile_{name}": f"{meaning}; null if unknown." for name, meaning in _AS_IT_STANDS.items()},
    "profile_climate": f"Climate of the region, from attr_climate: {', '.join(CLIMATES)}; null if none of these.",
    "profile_income_from": "Where the income band begins, in thousands if it has K or M; null without a number.",
    "profile_company_size_from": "Where the company's size band begins, employees; null without a number.",
    "profile_turnover_from": "Where the turnover band begins, in thousands if it has K or M; null without a number.",
    "profile_interests_n": "Interests listed; 0 if the list is empty, null if it is unknown.",
    **{
        f"profile_likes_{theme}": f"1 if an interest has a word that begins with {', '.join(words)}, else 0; "
        "null if interests are unknown."
        for theme, words in THEMES.items()
    },
    "profile_is_business": "1 if anything is known of a company, else 0; null without a profile.",
    "profile_consent": "1 if marketing may reach the customer, 0 if not; null if unknown.",
    "profile_tenure_days": "Days from signing up to as_of; null if unknown.",
    "profile_changed_days": "Days since the newest version of the profile was known; null if known from the start.",
    "profile_known_n": "How many columns that any customers table has are known; null without a profile.",
}

TEXT = (*(f"profile_{name}" for name in _AS_IT_STANDS), "profile_climate")
# Age comes from birth_year, which is protected too.
PROTECTED = ("profile_age_years", *(f"profile_{name}" for name in _AS_IT_STANDS if name in PROTECTED_COLUMNS))

# By signed_up_at_days, which is null while it lies ahead; signed_up_at itself is not.
_ATTRIBUTES = (
    *(name for name in CUSTOMERS.column_names if name not in (*CUSTOMERS.key, *CUSTOMERS.optional, "signed_up_at")),
    "signed_up_at_days",
)
_FIRM = ("company_id", "company_size", "sector", "turnover_band", "contact_function")
_MADE_OF: dict[str, tuple[str, ...]] = {
    "age_years": ("birth_year",),
    "climate": ("attr_climate",),
    "income_from": ("income_band",),
    "company_size_from": ("company_size",),
    "turnover_from": ("turnover_band",),
    "is_business": _FIRM,
    "known_n": tuple(name for name in _ATTRIBUTES if name != "signed_up_at_days"),
}
_BANDS = ("income_band", "company_size", "turnover_band")
_BLANK = " \t\r\n"


def attributes(column: str) -> tuple[str, ...]:
    """What it is made of; days since signing up or since a change, which have a time of their own, of
    nothing."""
    name = column.removeprefix("profile_")
    if name in _AS_IT_STANDS or name == "consent":
        return (name,)
    if name.startswith(("likes_", "interests_")):
        return ("interests",)
    return _MADE_OF.get(name, ())


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a profile: customer_id and COLUMNS."""
    profiles = _prepared(past.customers)
    age = to_datetime(as_of).year - nw.col("birth_year").cast(nw.Float64)
    columns = {
        "profile_age_years": nw.when((age >= 0) & (age <= 120)).then(age),
        **{f"profile_{name}": nw.col(name) for name in _AS_IT_STANDS},
        "profile_climate": _climate(profiles),
        "profile_income_from": _band_from("income_band"),
        "profile_company_size_from": _band_from("company_size"),
        "profile_turnover_from": _band_from("turnover_band"),
        "profile_interests_n": _labels_n(nw.col("tidy")),
        **{
            f"profile_likes_{theme}": nw.col("interests").str.contains(_begins(words)).cast(nw.Float64)
            for theme, words in THEMES.items()
        },
        "profile_is_business": (_known_n(_FIRM) > 0).cast(nw.Float64),
        "profile_consent": nw.col("consent").cast(nw.Float64),
        "profile_tenure_days": as_of - nw.col("signed_up_at_days"),
        "profile_changed_days": as_of - nw.col("known_at_days"),
        "profile_known_n": _known_n(_ATTRIBUTES),
    }
    return profiles.select("customer_id", *(value.alias(name) for name, value in columns.items()))


def _prepared(profiles: Frame) -> Frame:
    """Profiles with cleaned texts that several expressions use, so that each is computed once."""
    plain = {f"{name}_plain": nw.col(name).str.replace_all(",", "", literal=True) for name in _BANDS}
    digits = {f"{name}_digits": _first_digits(nw.col(f"{name}_plain")) for name in _BANDS}
    return profiles.with_columns(tidy=_tidy(nw.col("interests")), **plain).with_columns(**digits)


def _known_n(names: tuple[str, ...]) -> nw.Expr:
    return nw.sum_horizontal(*(nw.when(nw.col(name).is_null()).then(0.0).otherwise(1.0) for name in names))


def _climate(profiles: Frame) -> nw.Expr:
    if profiles.collect_schema().get("attr_climate") != nw.String:
        return nw.lit(None).cast(nw.String)
    return nw.when(nw.col("attr_climate").is_in(CLIMATES)).then(nw.col("attr_climate"))


def _begins(words: tuple[str, ...]) -> str:
    """A regular expression for a word that begins with one of ``words``, in any case of ASCII letters."""
    # Neither (?i) nor \b: engines differ in which characters beyond ASCII are letters.
    any_case = ("".join(f"[{letter}{letter.upper()}]" for letter in word) for word in words)
    return f"(^|[^a-zA-Z])({'|'.join(any_case)})"


def _tidy(labels: nw.Expr) -> nw.Expr:
    """Labels between single semicolons, without blanks around them and without empty ones."""
    inner = labels.str.replace_all(f"[;{_BLANK}]*;[;{_BLANK}]*", ";")
    return inner.str.replace_all(f"^[;{_BLANK}]+|[;{_BLANK}]+$", "")


def _labels_n(tidy: nw.Expr) -> nw.Expr:
    semicolons_n = tidy.str.len_chars() - tidy.str.replace_all(";", "", literal=True).str.len_chars()
    return nw.when(tidy != "").then(semicolons_n + 1).otherwise(tidy.str.len_chars()).cast(nw.Float64)


def _first_digits(plain: nw.Expr) -> nw.Expr:
    return plain.str.replace_all("^[^0-9]+", "").str.replace_all("(?s)[^0-9].*", "")


def _band_from(name: str) -> nw.Expr:
    """The number an ordered label begins with: 15 of "15-24K", 0 of "Under 15K", 1000 of "$1M+".

    The regular expressions mean the same to Polars, DuckDB and Spark; only texts that are all digits are cast.
    """
    plain, digits = nw.col(f"{name}_plain"), nw.col(f"{name}_digits")
    castable = (digits != "") & (digits.str.len_chars() <= 15)
    number = nw.when(castable).then(digits).cast(nw.Float64)
    # "500K-1M" begins in thousands, "1-10M" in millions: the letter after the first number decides, else the band's.
    millions = plain.str.contains("[0-9] *[mM]") & ~plain.str.contains("^[^0-9]*[0-9]+ *[kK]")
    open_below = plain.str.contains("^[^0-9]*(<|[Uu]nder|[Bb]elow|[Ll]ess|[Uu]p to)")
    return nw.when(open_below).then(number * 0).otherwise(nw.when(millions).then(number * 1000).otherwise(number))
