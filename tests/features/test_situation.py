"""The situation family against the calendar of each country, order by order."""

from datetime import date, datetime, timedelta
from pathlib import Path

import holidays
import polars as pl
import pytest

from features.countries import codes
from features.families import families, inputs_of
from features.families._countries import holiday_days, parts, proximity
from tests.features.alike import assert_alike
from tests.features.plain import MOMENTS, Frames, Row, by_customer, check, days_since, features_of, known_rows, profiles

AS_OF = datetime(2022, 1, 17, 10, 30)
DAY = timedelta(days=1)
CODES = {"United Kingdom": "GB", "France": "FR", "Germany": "DE"}
YEARS = range(2019, 2025)
CALENDARS = {name: sorted(holidays.country_holidays(code, years=YEARS)) for name, code in CODES.items()}
# What most parts of a country keep is kept in the country: Easter Monday and August's bank holiday, Reformation Day.
CALENDARS["United Kingdom"] = sorted(holidays.country_holidays("GB", subdiv="ENG", years=YEARS))
CALENDARS["Germany"] = sorted({*CALENDARS["Germany"], *(date(year, 10, 31) for year in YEARS)})
OF_PARTS = {
    ("United Kingdom", " scotland"): sorted(holidays.country_holidays("GB", subdiv="SCT", years=YEARS)),
    ("Germany", "Bayern"): sorted(holidays.country_holidays("DE", subdiv="BY", years=YEARS)),
}


def order_moments(lines: list[Row]) -> list[datetime]:
    first: dict[object, datetime] = {}
    for line in lines:
        if line["kind"] == "sale":
            first[line["order_id"]] = min(line["at"], first.get(line["order_id"], line["at"]))
    return sorted(first.values())


def is_eve(moment: datetime, calendar: list[date]) -> bool:
    return any(1 <= (holiday - moment.date()).days <= 7 for holiday in calendar)


def in_gift_season(moment: datetime) -> bool:
    return date(moment.year, 11, 15) <= moment.date() <= date(moment.year, 12, 24)


def situation_oracle(orders: list[datetime], touches: list[Row], profile: Row, as_of: datetime) -> dict[str, object]:
    country, region = profile.get("country"), profile.get("region")
    calendar = OF_PARTS.get((country, region), CALENDARS.get(country, []))
    away = [(holiday - as_of.date()).days for holiday in calendar]
    sent = [touch["at"] for touch in touches if touch["kind"] == "sent"]

    def is_led(moment: datetime) -> bool:
        return any(moment - 7 * DAY <= message <= moment for message in sent)

    year = [moment for moment in orders if moment >= as_of - 365 * DAY]
    begun: dict[str, datetime] = {}
    for touch in sorted(touches, key=lambda touch: touch["at"]):
        if touch["campaign_id"]:
            begun.setdefault(touch["campaign_id"], touch["at"])
    running = {t["campaign_id"] for t in touches if t["campaign_id"] and t["at"] >= as_of - 30 * DAY}
    eves = [is_eve(moment, calendar) for moment in year]
    occasion = None
    if year:
        near = {
            "holiday": is_eve(year[-1], calendar),
            "gift season": in_gift_season(year[-1]),
            "campaign": is_led(year[-1]),
        }
        occasion = next((name for name, fits in near.items() if fits), "none")
    return {
        "situation_holiday_next_days": min((n for n in away if n >= 0), default=None),
        "situation_holiday_last_days": min((-n for n in away if n < 0), default=None),
        "situation_holidays_30d_n": sum(0 <= n <= 30 for n in away) if calendar else None,
        "situation_holiday_order_share": sum(eves) / len(eves) if calendar and eves else None,
        "situation_gift_order_share": sum(map(in_gift_season, orders)) / len(orders),
        "situation_campaign_order_share": sum(map(is_led, year)) / len(year) if year else None,
        "situation_last_order_occasion": occasion,
        "situation_campaign_age_days": days_since(max(begun.values()), as_of) if begun else None,
        "situation_campaigns_30d_n": len(running),
    }


@pytest.mark.parametrize("as_of", [*MOMENTS, datetime(2020, 12, 27)])
def test_the_situation_is_what_the_calendars_say(world: Frames, as_of: datetime) -> None:
    lines, touches = (by_customer(known_rows(world, name, as_of)) for name in ("orders", "touches"))
    newest = profiles(world, as_of)
    assert set(OF_PARTS) <= {(row["country"], row["region"]) for row in newest.values()}
    found = features_of("situation", world, as_of)
    assert set(found["situation_last_order_occasion"].dropna()) >= {"holiday", "campaign", "none"}

    def oracle(who: str) -> dict[str, object]:
        return situation_oracle(order_moments(lines[who]), touches.get(who, []), newest.get(who, {}), as_of)

    check(found, "situation", oracle)


def test_engines_agree_on_the_situation(world: Frames, tmp_path: Path) -> None:
    assert_alike("situation", world, tmp_path, AS_OF)


def test_without_customers_and_touches_their_columns_are_null(world: Frames) -> None:
    bare = features_of("situation", {"orders": world["orders"]}, AS_OF)
    own = ["situation_gift_order_share", "situation_last_order_occasion"]
    names = list(families()["situation"].COLUMNS)
    assert bare[[name for name in names if name not in own]].isna().all(axis=None)
    assert bare["situation_gift_order_share"].notna().all()
    assert set(bare["situation_last_order_occasion"].dropna()) == {"gift season", "none"}


def situated(at: str, country: str | None = "France", **profile: str | None) -> dict[str, object]:
    """Features, as of that noon, of a customer in ``country`` who ordered the day before."""
    as_of = datetime.fromisoformat(f"{at} 12:00")
    orders = pl.DataFrame({"order_id": ["o"], "customer_id": ["a"], "at": [as_of - DAY], "quantity": [1.0]})
    frames = {
        "orders": orders.with_columns(unit_price=1.0, kind=pl.lit("sale")),
        "customers": pl.DataFrame([{"customer_id": "a", "country": country} | profile]),
    }
    return features_of("situation", frames, as_of).loc["a"].to_dict()


def test_a_holiday_is_known_by_date() -> None:
    bastille = situated("2022-07-14")
    assert bastille["situation_holiday_next_days"] == 0
    assert bastille["situation_holiday_last_days"] == 38  # Whit Monday, 6 June
    assert bastille["situation_last_order_occasion"] == "holiday"
    after = situated("2022-07-15")
    assert (after["situation_holiday_last_days"], after["situation_holiday_next_days"]) == (1, 31)  # Assumption
    assert after["situation_last_order_occasion"] == "none"  # ordered on the day itself
    assert situated("2022-07-07")["situation_holiday_order_share"] == 0
    assert situated("2022-07-08")["situation_holiday_order_share"] == 1


@pytest.mark.parametrize("country", ["UNITED KINGDOM", " united kingdom", "GB", "gbr", "UK", "Great Britain"])
def test_a_country_is_known_by_many_names(country: str) -> None:
    assert situated("2022-12-20", country)["situation_holiday_next_days"] == 5


@pytest.mark.parametrize(
    ("profile", "next_days"),
    [
        ({"country": "United Kingdom"}, 24),
        ({"country": "United Kingdom", "region": "Scotland"}, 3),
        ({"country": "GB", "region": " GB-SCT "}, 3),
        ({"country": "UK", "region": "City of Edinburgh"}, 3),
        ({"country": "Scotland"}, 3),
        ({"country": "Scotland", "region": "Highlands and Islands"}, 3),
        ({"country": "United Kingdom", "region": "South East", "district": "Glasgow City"}, 3),
        ({"country": "United Kingdom", "region": "Scotland", "district": "Cornwall"}, 3),
        ({"country": "United Kingdom", "region": "Bavaria"}, 24),
        ({"country": "Germany"}, 63),  # German Unity Day
        ({"country": "Germany", "region": "Bavaria"}, 63),
        ({"country": "Germany", "region": "Scotland"}, 63),
        ({"country": "Canada"}, 31),  # Labour Day
        ({"country": "Canada", "region": "Colombie-Britannique"}, 3),  # British Columbia Day
        ({"country": None, "region": "Scotland"}, None),
        ({"country": "Atlantis", "region": "Scotland"}, None),
    ],
)
def test_holidays_are_those_of_the_region(profile: dict[str, str | None], next_days: int | None) -> None:
    found = situated("2025-08-01", **profile)["situation_holiday_next_days"]
    assert found == next_days or (next_days is None and found != found)


@pytest.mark.parametrize(
    ("region", "next_days"), [(None, 110), ("Bavaria", 4), ("BY", 4), ("Freistaat Bayern", 110), ("Sachsen", 110)]
)
def test_corpus_christi_is_kept_in_bavaria(region: str | None, next_days: int) -> None:
    """On 19 June 2025; less than half of Germany keeps it."""
    assert situated("2025-06-15", "Deutschland", region=region)["situation_holiday_next_days"] == next_days


def test_engines_agree_on_holidays_of_regions(world: Frames, tmp_path: Path) -> None:
    """Of a shop whose customers say their district."""
    moved = world["customers"].with_columns(
        region=pl.lit(None, pl.String), district=pl.when(pl.col("region") == "Bayern").then(pl.lit("Bayern"))
    )
    assert_alike("situation", world | {"customers": moved}, tmp_path, AS_OF)
    found, before = (features_of("situation", frames, AS_OF) for frames in (world | {"customers": moved}, world))
    newest = profiles(world, AS_OF)
    bavarian = [newest.get(who, {}).get("region") == "Bayern" for who in before.index]
    names = [name for name in families()["situation"].COLUMNS if "holiday" in name]
    assert found.loc[bavarian, names].equals(before.loc[bavarian, names])
    assert not found[names].equals(before[names])


def test_a_history_is_read_with_what_says_where_a_customer_lives() -> None:
    assert {"customers", "customers.district"} <= inputs_of(["situation_holiday_next_days"])
    assert "customers.district" in inputs_of(["situation_last_order_occasion=holiday"])
    assert "customers.district" not in inputs_of(["situation_gift_order_share"])


def test_each_calendar_of_a_country_is_found_by_every_name_of_its_part() -> None:
    """Whatever the year; and no name of a part stands for two calendars."""
    rows = parts().rows()
    assert len({row[:2] for row in rows}) == len(rows) > 4000
    assert not {"city of", "arctic region"} & {row[1] for row in rows}, "names of two parts of one country"
    near = {row[0]: row[1] for row in proximity(20_000).rows()}
    assert {row[2] for row in rows} <= set(near)


def test_an_unknown_country_is_null() -> None:
    found = situated("2022-12-20", "Atlantis")
    assert found["situation_holiday_next_days"] != found["situation_holiday_next_days"]
    assert found["situation_last_order_occasion"] == "gift season"


@pytest.mark.parametrize(("ordered", "gift"), [("11-14", 0), ("11-15", 1), ("12-24", 1), ("12-25", 0)])
@pytest.mark.parametrize("year", [1999, 2000, 2023, 2024])
def test_the_gift_season_has_the_same_dates_every_year(year: int, ordered: str, gift: int) -> None:
    at = datetime.fromisoformat(f"{year}-{ordered}")
    assert situated(str((at + DAY).date()))["situation_gift_order_share"] == gift


@pytest.mark.parametrize(("hours", "led"), [(0, 1), (1, 1), (7 * 24, 1), (7 * 24 + 1, 0), (-1, 0)])
def test_a_message_leads_orders_for_a_week(hours: int, led: int) -> None:
    # A customer a day, wherever the blocks of seven days begin.
    days = pl.DataFrame({"customer_id": list("abcdefgh"), "at": [datetime(2022, 3, day, 12) for day in range(1, 9)]})
    orders = days.with_columns(order_id="customer_id", quantity=1.0, unit_price=1.0, kind=pl.lit("sale"))
    touches = days.with_columns(pl.col("at") - timedelta(hours=hours), channel=pl.lit("sms"), kind=pl.lit("sent"))
    found = features_of("situation", {"orders": orders, "touches": touches}, datetime(2022, 3, 9))
    assert found["situation_campaign_order_share"].tolist() == [led] * 8


def test_every_country_of_the_package_has_a_name() -> None:
    named = codes()
    assert set(CODES.values()) <= set(named.values())
    assert {named[name] for name in ("eire", "usa", "rsa", "hong kong", "czech republic")} == {
        "IE",
        "US",
        "ZA",
        "HK",
        "CZ",
    }
    assert {named[name] for name in ("royaume-uni", "vereinigtes königreich", "reino unido")} == {"GB"}


def test_a_holiday_of_most_parts_of_a_country_is_one_of_the_country() -> None:
    england = holidays.country_holidays("GB", subdiv="ENG", years=2025)
    assert date(2025, 8, 25) in england
    assert set(holiday_days("GB", 2025)) == {(day - date(1970, 1, 1)).days for day in england}
    berlin_alone = (date(2025, 3, 8) - date(1970, 1, 1)).days
    assert berlin_alone not in holiday_days("DE", 2025)
    assert holiday_days("no country", 2025) == ()


@pytest.mark.parametrize("code", ["AU", "CH", "DE", "ES", "FR", "GB"])
def test_holidays_of_a_country_are_those_that_most_parts_have(code: str) -> None:
    parts = holidays.list_supported_countries(include_aliases=False)[code]
    for year in (2023, 2024, 2025):
        calendars = [set(holidays.country_holidays(code, subdiv=part, years=year)) for part in parts]
        most = {day for day in set.union(*calendars) if sum(day in days for days in calendars) > len(parts) / 2}
        expected = most | set(holidays.country_holidays(code, years=year))
        assert holiday_days(code, year) == tuple(sorted((day - date(1970, 1, 1)).days for day in expected))
