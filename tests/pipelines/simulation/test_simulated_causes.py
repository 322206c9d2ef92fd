"""What the simulated shop causes: differences within customers, or between alike ones, with intervals.

Everything is read from the clean rows and the truth, in days since the start; ``who`` is a customer's position.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from pipelines.simulation.behaviour.nudges import Nudges
from pipelines.simulation.behaviour.purchases import NO_TROUBLE, draw_purchases
from pipelines.simulation.lives import Chunk, live
from pipelines.simulation.people.population import draw_population
from pipelines.simulation.shop.segments import SEGMENTS
from pipelines.simulation.shop.towns import TOWNS
from pipelines.simulation.shop.world import PROMOTION_DAYS, World, build_world, demand_days

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CUSTOMERS, DAYS, SEED = 10_000, 730, 11
Z = 3.0
"""Half-widths of the intervals in standard errors: one of 400 would miss by chance, and the seed is fixed."""


@dataclass(frozen=True)
class Acts:
    """Things that customers did, to be counted by customer and time."""

    who: Ints
    at: Floats

    @property
    def keys(self) -> Floats:
        return np.sort(self.who * 10_000.0 + self.at)

    def between(self, who: Ints, begin: Floats, end: Floats) -> Ints:
        """How many each of ``who`` did in [begin, end)."""
        keys = self.keys
        return np.searchsorted(keys, who * 10_000.0 + end) - np.searchsorted(keys, who * 10_000.0 + begin)


@dataclass(frozen=True)
class Shop:
    """A simulated shop; (customers,) arrays hold days, infinite where the thing never happened."""

    world: World
    rows: dict[str, pl.DataFrame]
    truth: pl.DataFrame
    joined: Floats
    cooling: Floats
    dropout: Floats

    def acts(self, table: str, where: pl.Expr | bool = True) -> Acts:
        rows = self.rows[table].filter(where)
        return Acts(rows["who"].to_numpy(), rows["_at"].to_numpy())

    @property
    def orders(self) -> Acts:
        first_lines = self.rows["orders"].filter(pl.col("order_no").str.starts_with("S")).unique("order_no")
        return Acts(first_lines["who"].to_numpy(), first_lines["_at"].to_numpy())


@pytest.fixture(scope="module")
def shop() -> Shop:
    world = build_world(np.datetime64("2024-01-01"), DAYS, SEED)
    made = live(np.random.default_rng(SEED), world, 0, CUSTOMERS)
    named = [table for table, rows in made.rows.items() if "customer_no" in rows.columns]
    who = pl.col("customer_no").str.slice(1).cast(pl.Int64) - 1
    return Shop(
        world,
        {table: made.rows[table].with_columns(who=who) for table in named},
        made.truth,
        **{name: truth_days(made, f"{name}_at") for name in ("joined", "cooling", "dropout")},
    )


def truth_days(made: Chunk, name: str) -> Floats:
    since = (pl.col(name) - pl.datetime(2024, 1, 1)).dt.total_seconds() / 86_400
    return made.truth.select(since.fill_null(float("inf"))).to_series().to_numpy()


def interval(values: Floats) -> tuple[float, float]:
    """Of the mean of independent values, such as one a customer."""
    half = Z * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() - half, values.mean() + half


def by_customer(who: Ints, values: Floats) -> Floats:
    """The mean of each customer's values, of those who have any."""
    n = np.bincount(who, minlength=CUSTOMERS)
    return np.bincount(who, values, minlength=CUSTOMERS)[n > 0] / n[n > 0]


def gap(one: Floats, other: Floats) -> tuple[float, float]:
    """Interval of the difference of two independent means."""
    half = Z * np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    return one.mean() - other.mean() - half, one.mean() - other.mean() + half


def matched(who: Ints, yes: NDArray[np.bool_], values: Floats) -> Floats:
    """For each customer who has both: the mean of values where ``yes``, less that of the others."""
    both = np.intersect1d(who[yes], who[~yes])
    keep = np.isin(who, both)
    return by_customer(who[keep & yes], values[keep & yes]) - by_customer(who[keep & ~yes], values[keep & ~yes])


# Campaigns


def test_a_click_brings_orders_in_the_week_after(shop: Shop) -> None:
    """Against newsletters that the same customer did not click, while nothing else has changed."""
    touches = shop.rows["touches"].filter(pl.col("channel") == "email")
    sent = touches.filter(pl.col("reaction") == "sent").select("who", "campaign", "_at")
    clicked = touches.filter(pl.col("reaction") == "click").select("who", "campaign", yes=True)
    mails = sent.join(clicked, on=["who", "campaign"], how="left", maintain_order="left").fill_null(False)
    who, at = mails["who"].to_numpy(), mails["_at"].to_numpy()
    stays = (at > shop.joined[who]) & (at + 8 < np.minimum(shop.cooling[who], DAYS))
    who, at, yes = who[stays], at[stays], mails["yes"].to_numpy()[stays]
    low, high = interval(matched(who, yes, shop.orders.between(who, np.floor(at) + 1, np.floor(at) + 8).astype(float)))
    assert 0.10 < low < high < 0.25


def test_customers_answer_best_on_the_channel_they_prefer(shop: Shop) -> None:
    touches = shop.rows["touches"]
    preferred = shop.truth["preferred_channel"].to_list()
    liked = pl.col("channel") == pl.col("who").replace_strict(dict(enumerate(preferred)), return_dtype=pl.String)
    sent = touches.filter(pl.col("reaction") == "sent").select("who", "campaign", "channel", yes=liked)
    answered = touches.filter(pl.col("reaction").is_in(["click", "attend"])).select("who", "campaign", "channel", a=1.0)
    answers = sent.join(answered, on=["who", "campaign", "channel"], how="left", maintain_order="left").with_columns(
        pl.col("a").fill_null(0.0)
    )
    low, _ = interval(matched(answers["who"].to_numpy(), answers["yes"].to_numpy(), answers["a"].to_numpy()))
    assert low > 0.02
    in_email = answers.filter(pl.col("channel") == "email")
    split = {key[0]: part["a"].to_numpy() for key, part in in_email.group_by("yes")}
    assert gap(split[True], split[False])[0] > 0.02


def test_more_mail_is_opened_less(shop: Shop) -> None:
    """Within customers: newsletters that are the fourth in four weeks, against those that are the second."""
    mail = pl.col("channel") == "email"
    sent, opened = (shop.rows["touches"].filter(mail & (pl.col("reaction") == kind)) for kind in ("sent", "open"))
    mails = sent.join(
        opened.select("who", "campaign", o=1.0), on=["who", "campaign"], how="left", maintain_order="left"
    ).with_columns(pl.col("o").fill_null(0.0))
    who, at, opens = mails["who"].to_numpy(), mails["_at"].to_numpy(), mails["o"].to_numpy()
    pressure = Acts(who, at).between(who, at - 27, at + 0.1)
    chosen = np.isin(pressure, (2, 4)) & (at < shop.cooling[who])
    low, high = interval(matched(who[chosen], pressure[chosen] == 4, opens[chosen]))
    assert -0.25 < low < high < -0.05


def test_weeks_of_discounts_move_those_who_mind_prices(shop: Shop) -> None:
    """Orders in such weeks less those in the weeks before and after them, by price sensitivity."""
    sensitivity = shop.truth["price_sensitivity"].to_numpy()
    lower, upper = np.quantile(sensitivity, (1 / 3, 2 / 3))
    who = np.tile(np.arange(CUSTOMERS), len(shop.world.promotions))
    begin = np.repeat(shop.world.promotions, CUSTOMERS)
    stays = (begin - 7 > shop.joined[who]) & (begin + 14 < np.minimum(shop.cooling[who], DAYS)) & (begin >= 7)
    who, begin = who[stays], begin[stays]
    within = shop.orders.between(who, begin, begin + PROMOTION_DAYS)
    beside = shop.orders.between(who, begin - 7, begin) + shop.orders.between(who, begin + 7, begin + 14)
    lift = by_customer(who, within - beside / 2)
    mind = sensitivity[np.unique(who)]
    assert gap(lift[mind > upper], lift[mind < lower])[0] > 0.05
    assert interval(lift[mind > upper])[0] > 0.10
    discounted = shop.rows["orders"].filter(pl.col("discount") > 0)
    assert discounted.height > 1000


def test_nudges_bring_orders_only_while_people_stay() -> None:
    """The same world with and without a daily nudge: everyone buys daily until leaving begins, nobody once gone."""
    world = build_world(np.datetime64("2024-01-01"), 200, SEED)
    population = draw_population(np.random.default_rng(1), world, 0, 500)
    who = np.repeat(np.arange(500), 199)
    purchases = draw_purchases(
        np.random.default_rng(2), world, population, Nudges(who, np.tile(np.arange(1, 200) + 0.5, 500))
    )
    orders = Acts(purchases.customer, purchases.at)
    everyone = np.flatnonzero(population.buys)
    end = np.minimum(purchases.lives.cools_at, 200.0)[everyone]
    begun = np.ceil(population.joined[everyone] - 0.5)
    assert (orders.between(everyone, population.joined[everyone], end) >= np.floor(end - 0.5 - begun)).all()
    nudged = Acts(purchases.customer[purchases.at % 1 == 0.5], purchases.at[purchases.at % 1 == 0.5])
    assert nudged.between(everyone, end, np.full(len(end), 9e3)).sum() == 0


# Leaving


def test_use_and_opens_fall_weeks_before_the_end_and_orders_do_not_tell(shop: Shop) -> None:
    """The four weeks before the last day, against the four that ended eight weeks earlier, for those who left."""
    gone = np.flatnonzero((shop.dropout < DAYS) & (shop.joined + 112 < shop.dropout) & (shop.cooling < shop.dropout))
    end = shop.dropout[gone]

    def fall(acts: Acts) -> float:
        late, early = acts.between(gone, end - 28, end), acts.between(gone, end - 84, end - 56)
        _, high = interval((late - 0.75 * early).astype(float))
        assert high < 0, "still above three quarters of what it was"
        return float(late.sum() / early.sum())

    assert fall(shop.acts("events", pl.col("event") == "feature_use")) < 0.65
    assert fall(shop.acts("touches", pl.col("reaction") == "open")) < 0.7
    # The rate of orders is what it was until the end: the calm before shows elsewhere first.
    late, early = shop.orders.between(gone, end - 28, end), shop.orders.between(gone, end - 84, end - 56)
    assert interval((late - 0.6 * early).astype(float))[0] > 0


def test_trouble_makes_people_leave_and_more_so_those_who_care() -> None:
    """Share of customers who begin to leave within 60 days of an order, by what went wrong with it."""
    world = build_world(np.datetime64("2024-01-01"), DAYS, SEED)
    population = draw_population(np.random.default_rng(1), world, 0, 20_000)
    purchases = draw_purchases(np.random.default_rng(2), world, population)
    who, at = purchases.customer, purchases.at
    repeats = (at > population.joined[who]) & (at + 60 < DAYS) & (at < purchases.lives.cools_at[who])
    leaves = (purchases.lives.cools_at[who] < at + 60)[repeats].astype(float)
    trouble = purchases.trouble[repeats]
    bad = trouble != NO_TROUBLE
    assert gap(leaves[bad], leaves[~bad])[0] > 0.02
    care = population.care[who[repeats], np.maximum(trouble, 0)]
    assert gap(leaves[bad & (care > 1.2)], leaves[bad & (care < 0.6)])[0] > 0.02


def test_scores_and_words_follow_satisfaction_and_foretell_leaving(shop: Shop) -> None:
    answers = shop.rows["feedback"].filter(pl.col("score").is_not_null())
    who, at = answers["who"].to_numpy(), answers["_at"].to_numpy()
    score, nps = answers["score"].cast(pl.Float64).to_numpy(), (answers["survey"] == "nps").to_numpy()
    low, high = score <= np.where(nps, 6, 3), score >= np.where(nps, 9, 5)
    stays = (at + 90 < DAYS) & (at < shop.cooling[who])
    leaves = (shop.cooling[who] < at + 90)[stays].astype(float)
    assert gap(leaves[low[stays]], leaves[high[stays]])[0] > 0.01
    reviews = shop.rows["feedback"].filter(pl.col("survey") == "review")
    assert reviews["comment"].n_unique() > 50
    poor = reviews.filter(pl.col("comment").str.contains("disappoint|errible|awful|worst|annoy|regret|seless"))
    assert poor["score"].cast(pl.Int64).mean() < reviews["score"].cast(pl.Int64).mean() - 1


def test_deliveries_go_wrong_in_the_country(shop: Shop) -> None:
    remote = [town.town for town in TOWNS if town.delivery_trouble > 1.5]
    towns = shop.rows["customers"].sort("_at").unique("who", keep="first").sort("who")
    late = shop.acts("feedback", (pl.col("survey") == "ticket") & (pl.col("topic") == "delivery"))
    tickets = np.bincount(late.who, minlength=CUSTOMERS) / np.maximum(np.bincount(shop.orders.who), 1)
    far = towns["town"].is_in(remote).to_numpy()
    assert gap(tickets[far], tickets[~far])[0] > 0


def test_heavy_users_and_those_brought_by_friends_stay_longer(shop: Shop) -> None:
    def stayed(chosen: NDArray[np.bool_]) -> Floats:
        """Whether customers who could be watched for half a year were still there at its end."""
        watched = chosen & (shop.joined + 180 < DAYS)
        return (shop.cooling[watched] > shop.joined[watched] + 180).astype(float)

    usage = shop.truth["usage_rate"].to_numpy()
    assert gap(stayed(usage > np.quantile(usage, 0.67)), stayed(usage < np.quantile(usage, 0.33)))[0] > 0.05
    first = shop.rows["customers"].sort("_at").unique("who", keep="first").sort("who")
    reached = first["reached_by"].to_numpy()
    assert gap(stayed(reached == "friend"), stayed(reached == "advert"))[0] > 0.02


def test_advanced_use_grows_with_tenure(shop: Shop) -> None:
    used = shop.rows["events"].filter(pl.col("event") == "feature_use")
    advanced = used["feature"].is_in(["auto reorder", "price alerts", "gift planner", "photo search"]).to_numpy()
    tenure = used["_at"].to_numpy() - shop.joined[used["who"].to_numpy()]
    who = used["who"].to_numpy()
    chosen = (tenure < 30) | (tenure > 120)
    assert interval(matched(who[chosen], tenure[chosen] > 120, advanced[chosen].astype(float)))[0] > 0.1


# Memberships


def test_members_buy_faster_and_slow_down_when_they_let_it_lapse() -> None:
    """Orders over what the customer's own rate lets expect, before and after the decision not to renew."""
    world = build_world(np.datetime64("2024-01-01"), DAYS, SEED)
    population = draw_population(np.random.default_rng(1), world, 0, 30_000)
    purchases = draw_purchases(np.random.default_rng(2), world, population)
    lives, orders = purchases.lives, Acts(purchases.customer, purchases.at)

    def pace(who: Ints, begin: Floats, end: Floats) -> Floats:
        segment = population.segment[who]
        exposed = demand_days(world, segment, end) - demand_days(world, segment, begin)
        return orders.between(who, begin, end) - 1.2 * population.purchase_rate[who] * exposed

    over = np.minimum(lives.lapses_at, np.minimum(lives.dropout_at, DAYS))
    member = np.flatnonzero(np.isfinite(lives.plus_from) & (over > lives.plus_from + 30))
    assert interval(pace(member, lives.plus_from[member], over[member]))[0] > 0
    end = np.minimum(lives.dropout_at, DAYS)
    lapsed = np.flatnonzero(np.isfinite(lives.lapses_at) & (end > lives.lapses_at + 60))
    assert interval(pace(lapsed, lives.lapses_at[lapsed] + 30, end[lapsed]))[1] < 0


def test_a_contract_that_ends_foretells_leaving(shop: Shop) -> None:
    """Begins to leave within 90 days: members whose contract just ended, against those who just renewed."""
    contracts = shop.rows["subscriptions"].filter(pl.col("_at") > pl.col("_started"))
    who, at = contracts["who"].to_numpy(), contracts["_at"].to_numpy()
    ended = contracts["_ended"].is_not_null().to_numpy()
    stays = (shop.dropout[who] > at) & (at + 90 < DAYS)
    gone = (shop.dropout[who] < at + 90)[stays].astype(float)
    low, _ = gap(gone[ended[stays]], by_customer(who[stays & ~ended], gone[~ended[stays]]))
    assert low > 0.05


def test_a_contract_is_a_chain_of_versions(shop: Shop) -> None:
    versions = shop.rows["subscriptions"].sort("contract_no", "_at")
    chains = versions.group_by("contract_no", maintain_order=True).agg(
        pl.col("_started").n_unique().alias("starts"),
        (pl.col("_at") == pl.col("_started")).first().alias("begins"),
        pl.col("_ended").is_not_null().sum().alias("ends"),
        (pl.col("_ended").is_not_null().last() == pl.col("_ended").is_not_null().any()).alias("ends_last"),
        ((pl.col("_renews").shift() - pl.col("_at")).abs().max().fill_null(0.0) < 1e-9).alias("seamless"),
    )
    assert chains.select((pl.col("starts") == 1).all(), (pl.col("ends") <= 1).all()).row(0) == (True, True)
    assert chains.select(pl.col("begins", "ends_last", "seamless").all()).row(0) == (True, True, True)
    assert set(versions["plan"]) == {"plus", "plus annual", "trade"}


# Companies


def test_contacts_of_a_company_buy_alike_and_leave_together(shop: Shop) -> None:
    register = shop.rows["customers"].sort("_at").unique("who", keep="first").sort("who")
    company = register["company_no"]
    groups = [part["who"].to_numpy() for _, part in register.filter(company.is_not_null()).group_by("company_no")]
    sizes = [len(group) for group in groups]
    assert max(sizes) <= 8
    assert np.mean(sizes) > 2
    pairs = np.array([group[:2] for group in sorted(groups, key=lambda g: int(g[0])) if len(group) > 1])
    rate = np.log(shop.truth["purchase_rate"].to_numpy())
    alike, apart = rate[pairs], rate[np.column_stack([pairs[:, 0], np.roll(pairs[:, 1], 1)])]
    assert gap(np.abs(apart[:, 0] - apart[:, 1]), np.abs(alike[:, 0] - alike[:, 1]))[0] > 0

    assert interval(np.array([_company_with(shop, group, groups) for group in groups if len(group) > 1]))[0] > 0.05


def _company_with(shop: Shop, group: Ints, groups: list[Ints]) -> float:
    """Share of colleagues who begin to leave within 60 days of the first who does, less that of other companies'."""
    first = group[np.argmin(shop.cooling[group])]
    left = shop.cooling[first]

    def follow(others: Ints) -> float:
        there = others[(shop.cooling[others] >= left) & (shop.joined[others] < left)]
        return float((shop.cooling[there] < left + 60).mean()) if np.isfinite(left) and len(there) else 0.0

    strangers = np.concatenate([other for other in groups if other is not group])
    colleagues = group[group != first]
    anybody = ((shop.cooling[colleagues] >= left) & (shop.joined[colleagues] < left)).any()
    return follow(colleagues) - follow(strangers) if anybody else 0.0


# Journeys


def test_visits_lead_orders_and_the_delivery_page_tells_who_is_about_to_buy(shop: Shop) -> None:
    visits = shop.acts("events", (pl.col("event") == "page_view") & pl.col("visit").str.starts_with("V"))
    orders = shop.orders
    chosen = (orders.at > shop.joined[orders.who] + 30) & (orders.at < shop.cooling[orders.who])
    who, at = orders.who[chosen], orders.at[chosen]
    led = visits.between(who, at - 7, at) - visits.between(who, at - 28, at - 21)
    assert interval(by_customer(who, led.astype(float)))[0] > 0.1
    views = shop.rows["events"].filter((pl.col("event") == "page_view") & pl.col("visit").str.starts_with("V"))
    curious = views.filter(pl.col("page") == "delivery")["visit"]
    told = views.filter(pl.col("page").is_null()).with_columns(yes=pl.col("visit").is_in(curious.implode()))
    viewer, seen = told["who"].to_numpy(), told["_at"].to_numpy()
    buys = (orders.between(viewer, seen, seen + 14) > 0).astype(float)
    assert interval(matched(viewer, told["yes"].to_numpy(), buys))[0] > 0.05


def test_some_carts_are_abandoned_and_some_recovered(shop: Shop) -> None:
    events = shop.rows["events"].filter(pl.col("visit").str.starts_with("V"))
    bought = events.filter(pl.col("_ordered"))["visit"].unique()
    left = events.filter((pl.col("event") == "add_to_cart") & ~pl.col("visit").is_in(bought.implode()))
    orders = shop.rows["orders"].select("who", "sku", ordered=pl.col("_at"))
    later = left.join(orders, on=["who", "sku"]).filter((pl.col("ordered") - pl.col("_at")).is_between(0, 14))
    recovered = later["visit"].n_unique() / left["visit"].n_unique()
    assert 0.1 < recovered < 0.6
    begun = events.filter((pl.col("event") == "checkout") & ~pl.col("_ordered"))
    assert begun["visit"].is_in(left["visit"].implode()).all()
    assert 0.2 < begun.height / left["visit"].n_unique() < 0.4


# Who they are


def test_interests_are_what_they_buy(shop: Shop) -> None:
    first = shop.rows["customers"].sort("_at").unique("who", keep="first").sort("who")
    lines = shop.rows["orders"].join(shop.world.products.select("sku", "category"), on="sku")
    liked = pl.concat([first.select("who", category=first["interests"].str.split(";").list.get(0))])
    share = lines.join(liked.with_columns(hit=1.0), on=["who", "category"], how="left").with_columns(
        pl.col("hit").fill_null(0.0)
    )
    assert interval(by_customer(share["who"].to_numpy(), share["hit"].to_numpy()))[0] > 0.3


def test_profiles_change_and_the_last_version_keeps_what_did_not(shop: Shop) -> None:
    versions = shop.rows["customers"].sort("who", "_at")
    assert versions.select("who", "_at").is_unique().all()
    per_customer = versions.group_by("who").agg(pl.all().n_unique(), n=pl.len())
    changed = per_customer.filter(pl.col("n") > 1)
    assert changed.height > 0.2 * CUSTOMERS
    for name in ("birth_year", "interests", "reached_by", "company_no", "_registered"):
        assert (changed[name] == 1).all(), name
    for name in ("town", "newsletter", "status"):
        assert (changed[name] == 2).any(), name
    moved = changed.filter(pl.col("town") > 1)
    assert 0.05 < moved.height / CUSTOMERS < 0.25


def test_guests_are_linked_after_what_they_did_as_guests(shop: Shop) -> None:
    guests = shop.rows["identities"].select("who", linked="_at")
    assert 0.01 < guests.height / CUSTOMERS < 0.03
    done = pl.concat([shop.rows[table].select("who", "customer_no", "_at") for table in ("orders", "events")])
    by_guests = done.filter(pl.col("customer_no").str.starts_with("G")).join(guests, on="who", how="left")
    assert set(by_guests["who"]) == set(guests["who"])
    assert (by_guests["_at"] < by_guests["linked"]).all()
    known = done.join(by_guests.group_by("who").agg(last=pl.col("_at").max()), on="who")
    own = known.filter(pl.col("customer_no").str.starts_with("C"))
    assert (own["_at"] > own["last"]).all()


def test_about_one_line_in_a_hundred_is_booked_late(shop: Shop) -> None:
    sold = shop.rows["orders"].filter(pl.col("order_no").str.starts_with("S"))
    late = sold.filter(pl.col("_booked").is_not_null())
    assert 0.006 < late.height / sold.height < 0.02
    delay = late["_booked"] - late["_at"]
    assert 1 < delay.min() < delay.max() < 10
    assert late["_booked"].max() < DAYS
    assert set(late["channel"]) == {"store"}


def test_every_segment_is_still_there(shop: Shop) -> None:
    assert set(shop.truth["segment"]) == {segment.name for segment in SEGMENTS}
