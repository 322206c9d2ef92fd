"""The profile family against a plain reading of each customer's newest known profile."""

import re
from datetime import datetime

import pandas as pd
import polars as pl
import pytest

from features.families import families, is_protected
from tests.features.plain import MOMENTS, Frames, Row, check, days_since, features_of, known_rows, profiles

AS_OF = datetime(2022, 1, 17, 10, 30)
LEVELS = (
    *("gender", "family_status", "education", "income_band", "country", "region", "urbanity", "language"),
    *("acquisition_channel", "company_size", "sector", "turnover_band", "contact_function", "status"),
)
BANDS = {"Under 15K": 0, "15-24K": 15, "50-74K": 50, "<1M": 0, "1-10M": 1000, "1-9": 1, "10-49": 10, "250+": 250}
# Of the words that the world's interests have.
WORDS = {
    "culture": ("music", "art"),
    "food": ("cooking",),
    "home": (),
    "sports": ("sports",),
    "technology": (),
    "travel": (),
}


def likes(interests: list[str] | None, *words: str) -> float | None:
    return None if interests is None else float(any(interest in words for interest in interests))


def profile_oracle(row: Row | None, as_of: datetime) -> dict[str, object]:
    if row is None:
        return dict.fromkeys(families()["profile"].COLUMNS)
    interests = None if row["interests"] is None else [part for part in re.split(r"\s*;\s*", row["interests"]) if part]
    signed_up = row["signed_up_at"] if row["signed_up_at"] and row["signed_up_at"] < as_of else None
    known = [v for k, v in row.items() if k not in ("customer_id", "known_at", "signed_up_at") and k[:4] != "attr"]
    firm = [row[k] for k in ("company_id", "company_size", "sector", "turnover_band", "contact_function")]
    return {
        "profile_age_years": row["birth_year"] and as_of.year - row["birth_year"],
        **{f"profile_{name}": row[name] for name in LEVELS},
        "profile_climate": None,
        "profile_income_from": BANDS.get(row["income_band"]),
        "profile_company_size_from": BANDS.get(row["company_size"]),
        "profile_turnover_from": BANDS.get(row["turnover_band"]),
        "profile_interests_n": None if interests is None else len(interests),
        **{f"profile_likes_{theme}": likes(interests, *words) for theme, words in WORDS.items()},
        "profile_is_business": float(any(v is not None for v in firm)),
        "profile_consent": None if row["consent"] is None else float(row["consent"]),
        "profile_tenure_days": signed_up and days_since(signed_up, as_of),
        "profile_changed_days": row["known_at"] and days_since(row["known_at"], as_of),
        "profile_known_n": sum(v is not None for v in known) + (signed_up is not None),
    }


@pytest.mark.parametrize("as_of", MOMENTS)
def test_a_profile_is_what_was_known_last(world: Frames, as_of: datetime) -> None:
    newest = profiles(world, as_of)
    assert len(known_rows(world, "customers", as_of)) > len(newest)
    found = features_of("profile", world, as_of)
    assert not set(found.index) <= set(newest)
    check(found, "profile", lambda customer: profile_oracle(newest.get(customer), as_of))


@pytest.mark.parametrize("as_of", MOMENTS)
def test_a_company_is_what_its_newest_profile_says_of_the_firm(world: Frames, as_of: datetime) -> None:
    contacts = [row for row in profiles(world, as_of).values() if row["company_id"]]
    firm = ("company_id", "company_size", "sector", "turnover_band")

    def oracle(company: str) -> dict[str, object]:
        own = [row for row in contacts if row["company_id"] == company]
        newest = min(own, key=lambda row: (as_of - (row["known_at"] or datetime.min), row["customer_id"]))
        blank = dict.fromkeys(newest) | {name: newest[name] for name in (*firm, "known_at")}
        return profile_oracle(blank, as_of)

    found = features_of("profile", world, as_of, "company")
    assert len(found) == 3
    check(found, "profile", oracle)


def test_of_equally_new_profiles_the_first_contact_speaks_for_the_company() -> None:
    sale = {"order_id": "o", "customer_id": "b", "at": datetime(2022, 1, 1), "quantity": 1.0, "unit_price": 1.0}
    sectors = {"customer_id": ["b", "c", "a"], "company_id": "firm", "sector": ["retail", "hotels", "farming"]}
    frames = {"orders": pl.DataFrame([sale | {"kind": "sale"}]), "customers": pl.DataFrame(sectors)}
    found = features_of("profile", frames, AS_OF, "company")
    assert found["profile_sector"].to_dict() == {"firm": "farming"}


def profile_of(**attributes: object) -> Row:
    orders = {"order_id": ["o"], "customer_id": ["a"], "at": [datetime(2022, 1, 1)], "quantity": [1.0]}
    orders = pl.DataFrame(orders | {"unit_price": [1.0], "kind": ["sale"]})
    customers = pl.DataFrame([{"customer_id": "a"} | attributes])
    return features_of("profile", {"orders": orders, "customers": customers}, AS_OF).loc["a"].to_dict()


@pytest.mark.parametrize(
    ("label", "begins"),
    [
        ("15-24K", 15),
        ("Under 15K", 0),
        ("250K+", 250),
        ("15,000-24,999", 15000),
        ("500K-1M", 500),
        ("1-10M", 1000),
        ("$ 2 m and more", 2000),
        ("< 10", 0),
        ("high", None),
        ("9" * 40, None),
        ("", None),
        ("50\nK", 50),
    ],
)
def test_a_band_is_ordered_by_the_number_it_begins_with(label: str, begins: float | None) -> None:
    found = profile_of(income_band=label)["profile_income_from"]
    assert found == begins or (begins is None and found != found)


@pytest.mark.parametrize(
    ("named", "n"), [("a", 1), (" a ;\tb b;", 2), (";;", 0), ("", 0), ("é;;ü;x", 3), ("\n;a\n", 1)]
)
def test_interests_are_counted_without_empty_ones(named: str, n: float) -> None:
    assert profile_of(interests=named)["profile_interests_n"] == n


@pytest.mark.parametrize(
    ("named", "themes"),
    [
        ("watching SPORTS; Gardening", {"sports", "home"}),
        ("transport;party", set()),  # a word begins with it, or it is not meant
        ("self-art", {"culture"}),
        ("stamps", set()),
    ],
)
def test_interests_are_sorted_into_themes_by_how_words_begin(named: str, themes: set[str]) -> None:
    found = profile_of(interests=named)
    assert {name[len("profile_likes_") :] for name, value in found.items() if "_likes_" in name and value} == themes


@pytest.mark.parametrize(("year", "age"), [(1990, 32), (2022, 0), (2023, None), (1902, 120), (1850, None)])
def test_an_impossible_age_is_null(year: int, age: float | None) -> None:
    found = profile_of(birth_year=year)["profile_age_years"]
    assert found == age or (age is None and found != found)


def test_no_text_of_an_attribute_or_an_interest_becomes_a_feature() -> None:
    found = profile_of(attr_climate="polar", attr_shoe_size="shoes", interests="secret;sports")
    assert found["profile_climate"] == "polar"
    assert not {"shoes", "secret", "secret;sports"} & set(map(str, found.values()))
    assert set(profile_of(region="North")) == set(found)
    for other in ("secret", 3.5, None):
        assert pd.isna(profile_of(attr_climate=other)["profile_climate"])


def test_age_gender_and_family_are_protected() -> None:
    marked = {name for name in families()["profile"].COLUMNS if is_protected(name)}
    assert marked == {"profile_age_years", "profile_gender", "profile_family_status"}
