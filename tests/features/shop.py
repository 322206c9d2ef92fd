"""A small shop with every quirk features must survive, drawn from a seed: in all tables, or in its orders alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import polars as pl

START = datetime(2020, 1, 1)


@cache
def small_shop() -> dict[str, pl.DataFrame]:
    """Orders of 60 customers over 800 days, with returns, discounts, late knowledge and products without category."""
    draw = np.random.default_rng(7)
    orders = pl.DataFrame([line for order in range(700) for line in _order(draw, order)], infer_schema_length=None)
    products = pl.DataFrame({"product_id": [f"p{i}" for i in range(30)]}).with_columns(
        category=pl.Series([None if i % 7 == 0 else f"k{i % 5}" for i in range(30)])
    )
    return {"orders": orders, "products": products}


def _order(draw: np.random.Generator, number: int) -> list[dict[str, object]]:
    # The square makes some customers regulars and leaves others with one order.
    customer = f"c{int(60 * draw.random() ** 2):02d}"
    at = START + timedelta(microseconds=int(draw.integers(800 * 86_400_000_000)))
    if number % 5 == 0:
        at = at.replace(hour=18, minute=0, second=0, microsecond=0)
    return [
        {
            "order_id": f"o{number:04d}",
            "customer_id": customer,
            "at": at,
            "product_id": None if draw.random() < 0.1 else f"p{draw.integers(32)}",
            "quantity": float(draw.integers(1, 9)) if number % 9 else round(draw.random() + 0.001, 3),
            "unit_price": round(float(draw.gamma(2, 5)), 2) if number % 11 else 0.0,
            "discount": None if draw.random() < 0.7 else 0.01,
            "kind": "return" if number % 8 == 3 else "sale",
            "known_at": at + timedelta(days=3) if number % 10 == 1 else None,
        }
        for _ in range(int(draw.integers(1, 6)))
    ]


@cache
def whole_shop() -> dict[str, pl.DataFrame]:
    """The shop with every canonical table; customers c00..c59 bought, c60..c69 never did, some never did anything."""
    draw, shop = np.random.default_rng(11), small_shop()
    return shop | {
        "orders": shop["orders"].with_columns(
            channel=pl.Series(draw.choice(["web", "store", None], shop["orders"].height)),
            replaced_at=pl.Series(_some(draw, shop["orders"]["at"], 0.03), dtype=pl.Datetime("us")),
        ),
        "customers": _customers(draw),
        "identities": pl.DataFrame(
            {
                # c52 is known to be c53, and much later both to be c03.
                "alias_id": ["c50", "c51", "c61", "c52", "c52", "c53"],
                "customer_id": ["c00", "c01", "c02", "c53", "c03", "c03"],
                "known_at": [None, *(START + timedelta(days=days) for days in (700, 790, 300, 720, 720))],
            }
        ),
        "events": _log(draw, 4000, _event),
        "touches": _log(draw, 3000, _touch),
        "feedback": _log(draw, 400, _feedback),
        "subscriptions": _subscriptions(draw),
    }


@cache
def grown_shop() -> dict[str, pl.DataFrame]:
    """The whole shop with every optional column, the tables that came later, and two declared attributes."""
    draw, shop = np.random.default_rng(13), whole_shop()

    def some(table: str, *values: object) -> pl.Series:
        """One of ``values`` for each row of the table, of mixed spelling and null."""
        chosen = draw.integers(len(values), size=shop[table].height)
        return pl.Series([values[n] for n in chosen])

    searched = pl.col("kind") == "search"
    return shop | {
        "customers": shop["customers"].with_columns(
            referred_by=some("customers", "c00", "c03", "c50", "c07", None, None),
            motivation=some("customers", "price", "quality", None),
            lifestyle=some("customers", "young couple", "retired", None),
            values=some("customers", "sustainability; family", None),
            district=some("customers", "Old Town", None),
            level_hobby=some("customers", "chess", "golf", None),
            ordered_kids=some("customers", 0, 1, 2, None),
        ),
        "products": shop["products"].with_columns(
            unit_cost=some("products", 2.5, 4.01, None),
            tags=some("products", "summer;beach", "gift", None),
            season=some("products", "summer", "winter", None),
        ),
        "events": shop["events"].with_columns(
            query=pl.when(searched).then(some("events", "red mug", "mug", "Lamp", None)),
            results_n=pl.when(searched).then(some("events", 0, 3, 12, None)),
            page=some("events", "guide/care", "guide/gifts", "about", None),
        ),
        "touches": shop["touches"].with_columns(
            topic=some("touches", "garden", "news", "sale", None),
            variant=some("touches", "a", "b", None),
            decision_id=some("touches", "d1", "d2", None),
            cost=some("touches", 0.0, 0.02, 1.5, None),
        ),
        "campaigns": pl.DataFrame({"campaign_id": ["k0", "k1"], "offer": ["10%", None], "cost": [100.0, None]}),
        "loyalty": _log(draw, 600, _movement),
        "market": pl.DataFrame({"period": ["2021"], "spend": [1e6], "cell_region": ["North"]}),
    }


def _movement(draw: np.random.Generator) -> dict[str, object]:
    kind = str(draw.choice(["earn", "earn", "spend", "tier"]))
    points = None if kind == "tier" or draw.random() < 0.05 else float(draw.integers(1, 200)) / 4
    tier = str(draw.choice(["basic", "silver", "gold"])) if kind == "tier" or draw.random() < 0.1 else None
    return {"kind": kind, "points": points, "tier": tier}


def _some(draw: np.random.Generator, at: pl.Series, share: float) -> list[datetime | None]:
    """A moment within thirty days after each of ``at``, for a share of them."""
    after = [moment + timedelta(minutes=int(draw.integers(1, 43_200))) for moment in at]
    return [moment if draw.random() < share else None for moment in after]


def _log(
    draw: np.random.Generator, rows_n: int, row: Callable[[np.random.Generator], dict[str, object]]
) -> pl.DataFrame:
    """Rows of customers c05..c69 at any time, a tenth of them on the full hour, some known late, some replaced."""
    at = [START + timedelta(microseconds=int(draw.integers(800 * 86_400_000_000))) for _ in range(rows_n)]
    at = [m.replace(minute=0, second=0, microsecond=0) if draw.random() < 0.1 else m for m in at]
    who = [f"c{int(5 + 65 * draw.random() ** 2):02d}" for _ in range(rows_n)]
    frame = pl.DataFrame([row(draw) for _ in range(rows_n)], infer_schema_length=None)
    moments = pl.Series(at, dtype=pl.Datetime("us"))
    return frame.with_columns(
        customer_id=pl.Series(who),
        at=moments,
        known_at=pl.Series(_some(draw, moments, 0.05), dtype=pl.Datetime("us")),
        replaced_at=pl.Series(_some(draw, moments, 0.03), dtype=pl.Datetime("us")),
    )


def _event(draw: np.random.Generator) -> dict[str, object]:
    kinds = ("page_view", "product_view", "search", "add_to_cart", "remove_from_cart", "checkout", "feature_use")
    kind = str(draw.choice([*kinds, "login", "help"]))
    goods = kind in ("product_view", "add_to_cart", "remove_from_cart")
    page = str(draw.choice(["page:price", "page:returns", "page:delivery", "page:home"]))
    feature = page if kind == "page_view" else f"f{draw.integers(6)}" if kind == "feature_use" else None
    return {
        "kind": kind,
        "session_id": None if draw.random() < 0.05 else f"s{draw.integers(900)}",
        "product_id": f"p{draw.integers(32)}" if goods and draw.random() < 0.9 else None,
        "feature": feature if draw.random() < 0.95 else None,
        "duration_s": None if draw.random() < 0.1 else float(draw.integers(0, 600)),
        "channel": str(draw.choice(["web", "app"])) if draw.random() < 0.95 else None,
    }


def _touch(draw: np.random.Generator) -> dict[str, object]:
    channel = str(draw.choice(["email", "sms", "push", "social", "event", "ads"], p=[0.5, 0.1, 0.15, 0.1, 0.05, 0.1]))
    reactions = {
        "email": ["sent", "sent", "open", "click", "unsubscribe", "bounce"],
        "social": ["like", "share", "comment", "click"],
        "event": ["sent", "attend"],
    }
    kind = str(draw.choice(reactions.get(channel, ["sent", "sent", "open", "click"])))
    return {
        "campaign_id": None if draw.random() < 0.1 else f"k{draw.integers(40)}",
        "channel": channel,
        "kind": kind,
    }


def _feedback(draw: np.random.Generator) -> dict[str, object]:
    kind = str(draw.choice(["nps", "csat", "review", "ticket"]))
    score = {"nps": float(draw.integers(0, 11)), "ticket": None}.get(kind, float(draw.integers(1, 6)))
    has_text = draw.random() < 0.7
    topics = ["price", "quality", "delivery", "service", "product"]
    return {
        "kind": kind,
        "score": score if draw.random() < 0.95 else None,
        "topic": str(draw.choice(topics)) if draw.random() < 0.9 else None,
        "text": "Some words." if has_text else None,
        "sentiment": round(float(draw.uniform(-1, 1)), 6) if has_text else None,
    }


def _customers(draw: np.random.Generator) -> pl.DataFrame:
    """One to three versions of each profile; of the first, a third was known from the start."""
    rows = [_profile(draw, f"c{n:02d}", version) for n in range(70) for version in range(1 + n % 3) if n % 13]
    return pl.DataFrame(rows, infer_schema_length=None)


def _profile(draw: np.random.Generator, customer: str, version: int) -> dict[str, object]:
    def one(*values: str | None) -> str | None:
        return values[int(draw.integers(len(values)))]

    business = int(customer[1:]) % 4 == 0
    known = START + timedelta(days=int(draw.integers(50)) + 300 * version)
    return {
        "customer_id": customer,
        "signed_up_at": None if draw.random() < 0.1 else START + timedelta(days=int(draw.integers(400))),
        "birth_year": None if draw.random() < 0.2 else int(draw.integers(1940, 2003)),
        "gender": one("female", "male", "other", None),
        "income_band": one("Under 15K", "15-24K", "50-74K", "high", None),
        "family_status": one("single", "married", None),
        "education": one("school", "degree", None),
        "country": one("United Kingdom", "France", "Germany", "Atlantis", None),
        "region": one(" scotland", "Bayern", None),
        "city": one("Leeds", "Paris", None),
        "urbanity": one("city", "suburb", "country", None),
        "language": one("en", "fr", None),
        "interests": one("music; sports", "cooking", "sports;sports ;  art", "", None),
        "acquisition_channel": one("search", "referral", "store", None),
        "company_id": f"b{int(customer[1:]) % 12}" if business and draw.random() < 0.9 else None,
        "company_size": one("1-9", "10-49", "250+", None) if business else None,
        "sector": one("retail", "hotels", None) if business else None,
        "turnover_band": one("<1M", "1-10M", None) if business else None,
        "contact_function": one("buyer", "owner", None) if business else None,
        "status": one("lead", "customer", "closed", None),
        "consent": [True, False, None][int(draw.integers(3))],
        "attr_shoe_size": str(draw.integers(36, 47)),
        "known_at": None if version == 0 and draw.random() < 0.3 else known,
    }


def _subscriptions(draw: np.random.Generator) -> pl.DataFrame:
    """Contracts of c10..c39: running, ended, ending after the last day, corrected later."""
    rows = []
    for n in range(10, 40):
        started = START + timedelta(days=int(draw.integers(500)))
        ended = started + timedelta(days=int(draw.integers(30, 500))) if n % 2 else None
        known = ended if ended and n % 4 == 1 else None
        contract = {"customer_id": f"c{n}", "plan": str(draw.choice(["basic", "plus"])), "started_at": started}
        row = contract | {"price": 5.0 + n % 3, "renews_at": started + timedelta(days=365)}
        if known:
            rows.append(row | {"ended_at": None, "known_at": None, "replaced_at": known})
        rows.append(row | {"ended_at": ended, "known_at": known, "replaced_at": None})
    return pl.DataFrame(rows, infer_schema_length=None)
