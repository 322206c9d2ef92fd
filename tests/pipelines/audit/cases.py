"""A case for every audit rule: a shop in which it finds its dirt, and one just short of it in which it is quiet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.pipelines.audit.clean_shop import CLEAN, Shop


@dataclass(frozen=True)
class Case:
    """A shop in which the rule counts ``count`` on ``table``, and one, just short of it, in which it is quiet."""

    table: str
    count: int
    fires: Shop
    quiet: Shop
    before: Shop | None = None


def adding(table, count, dirty, near=()):
    """Rows added to one table of the clean shop: dirty ones, and ones that look alike and are fine."""
    return Case(table, count, Shop({table: dirty}), Shop({table: list(near)}))


def replacing(table, count, dirty, near):
    """Rows in place of one table of the clean shop."""
    return Case(table, count, Shop(only={table: dirty}), Shop(only={table: near}))


def drifting(table, count, before, now, near):
    """A shop that follows another, and one that follows it without a finding."""
    return Case(table, count, now, near, before)


def at(day, minute=0, hour=9):
    """A moment, ``day`` days after 2024-01-01."""
    return str(datetime(2024, 1, 1, hour) + timedelta(days=day, minutes=minute))


def orders(moments, **changes):
    """One order each moment, by as many customers."""
    return [{"order_id": f"X{n}", "customer_id": f"c{n}", "at": moment} | changes for n, moment in enumerate(moments)]


def a_month_in(rows_n, usual_n):
    """``usual_n`` orders on each of 63 days, ``rows_n`` on one in the middle."""
    return orders([at(day, 7 * n) for day in range(63) for n in range(rows_n if day == 30 else usual_n)])


def hours(shift, rows_n):
    """Three months of 300 orders between 9 and 17, the last of ``rows_n`` and shifted by whole hours."""
    rows = [(month, 300 if month < 2 else rows_n, shift * (month == 2)) for month in range(3)]
    return orders([at(31 * month, n, 9 + moved + n % 8) for month, n_rows, moved in rows for n in range(n_rows)])


def priced(product_id, prices):
    """One line a price, half an hour apart."""
    moments = [at(32, 30 * n) for n in range(len(prices))]
    return [
        row | {"unit_price": price} for row, price in zip(orders(moments, product_id=product_id), prices, strict=True)
    ]


def coming_back(in_may):
    """40 new buyers a month, 20 of whom come back after ten days; ``in_may`` in May."""
    first = [(month, n) for month in range(1, 10) for n in range(40)]
    again = [(month, n) for month, n in first if n < (in_may if month == 5 else 20)]
    rows = [(month, n, 5) for month, n in first] + [(month, n, 15) for month, n in again]
    return [
        {"order_id": f"X{month}-{n}-{day}", "customer_id": f"c{month}-{n}", "at": f"2024-{month:02d}-{day:02d} 10:{n}"}
        for month, n, day in rows
    ]


def returning(in_may):
    """60 lines a month, six of them returned; ``in_may`` in May."""
    return [
        {"order_id": f"X{month}-{n}", "at": f"2024-{month:02d}-10 10:{n:02d}",
         "kind": "return" if n < (in_may if month == 5 else 6) else "sale"}
        for month in range(1, 10) for n in range(60)
    ]  # fmt: skip


def levels(products_n):
    """Products with twenty lines at 10 and four at 11.70."""
    return [row | {"order_id": f"{product}-{row['order_id']}"} for product in range(products_n)
            for row in priced(f"p{product}", [10] * 20 + [11.7] * 4)]  # fmt: skip


def sessions(*moments, **changes):
    return [{"session_id": "s5", "at": moment} | changes for moment in moments]


def rows_with(blank_n, rows_n=100, **changes):
    """Orders of which ``blank_n`` have no channel."""
    return Shop(only={"orders": [row | changes | ({"channel": None} if n < blank_n else {})
                                 for n, row in enumerate(orders([at(1, n) for n in range(rows_n)]))]})  # fmt: skip


MIDNIGHTS = [f"2024-01-{n + 1:02d}" for n in range(25)]
TILL = [
    row | {"customer_id": "ann" if n < 21 else f"c{n}"} for n, row in enumerate(orders([at(32, n) for n in range(42)]))
]
FEW = [row | {"customer_id": f"c{n % 19}"} for n, row in enumerate(TILL)]
AT_ONCE = [at(1)] * 25 + [at(2, n) for n in range(100)]
NO_DISCOUNT = Shop(without=("orders.discount",))
DAMAGED = ("OrlÃ©ans", "M?nchen", "l\ufffdon", "Lâ€™Aquila", "ZÃ¼rich")
CASES = {
    "any.active_at_night": replacing(
        "orders", 50, orders([at(n % 9, n, 2 if n < 50 else 12) for n in range(120)]),
        orders([at(n % 9, n, 2 if n < 40 else 12) for n in range(120)]),
    ),
    "any.before_1970": adding("orders", 1, [{"at": "1899-12-30"}], [{"at": "1970-01-03"}]),
    "any.before_sign_up": adding("touches", 1, [{"at": "2023-12-30"}], [{"at": "2023-12-31 12:00"}]),
    "any.column_appeared": drifting("orders", 1, NO_DISCOUNT, Shop(), NO_DISCOUNT),
    "any.column_became_empty": drifting(
        "orders", 1, Shop(), Shop(only={"orders": [row | {"channel": None} for row in CLEAN["orders"]]}), Shop()
    ),
    "any.column_vanished": drifting("orders", 1, Shop(), Shop(without=("orders.discount",)), Shop()),
    "any.content_changed": drifting(
        "orders", 1, Shop(), Shop(only={"orders": [row | {"product_id": 7} for row in CLEAN["orders"]]}), Shop()
    ),
    "any.customer_ids_alike": adding(
        "orders", 3,
        [{"customer_id": written} for written in ("12345", "12345.0", "012345", "Ann", "a b", "ab")],
        [{"customer_id": written} for written in ("12345", "12345.5", "123450", "annie", "0x7", "x7")],
    ),
    "any.duplicate_keys": adding(
        "customers", 1, [{"customer_id": "ann", "birth_year": 1981}], [{"customer_id": "ann", "known_at": "2024-05-01"}]
    ),
    "any.empty_table": replacing("touches", 1, [], CLEAN["touches"]),
    "any.encoding_damage": adding(
        "customers", 5,
        [{"customer_id": f"d{n}", "city": city} for n, city in enumerate(DAMAGED)],
        [{"customer_id": "d1", "city": "Orléans"}, {"customer_id": "d2", "city": "São Paulo? No, SÃO"}],
    ),
    "any.exact_duplicates": adding("orders", 2, [{}, {}, {}], [{}, {"order_id": "A8"}]),
    "any.fewer_rows": drifting("orders", 12, rows_with(0, 30), rows_with(0, 18), rows_with(0, 20)),
    "any.guessed_encoding": Case("orders", 2, Shop(guessed={"orders": ["a.csv", "b.csv"]}), Shop()),
    "any.hours_shifted": replacing("orders", 300, hours(5, 300), hours(5, 299)),
    "any.in_the_future": adding("events", 1, [{"at": "2999-01-01"}], [{"at": "2025-12-31 23:59"}]),
    "any.known_before_it_happened": adding(
        "touches", 1, [{"known_at": "2024-01-20 07:59"}], [{"known_at": "2024-01-20 08:00"}]
    ),
    "any.midnight_times": replacing(
        "orders", 10, orders([*MIDNIGHTS[:10], *(at(n) for n in range(20)), at(1, 5), at(1, 6)]),
        orders([*MIDNIGHTS[:9], *(at(n) for n in range(20)), at(1, 5), at(1, 6)]),
    ),
    "any.missing_customer": adding("touches", 1, [{"customer_id": " "}], [{}]),
    "any.missing_required": adding("orders", 2, [{"order_id": None}, {"at": None}], [{"customer_id": None}]),
    "any.nulls_jumped": drifting("orders", 1, rows_with(0), rows_with(30), rows_with(20)),
    "any.placeholder_customer": adding(
        "orders", 2, [{"customer_id": "Guest"}, {"customer_id": "nan"}], [{"customer_id": "guesthouse"}]
    ),
    "any.product_ids_differ_in_case": adding("orders", 1, [{"product_id": "Mug"}], [{"product_id": "mugs"}]),
    "any.replaced_before_it_happened": adding(
        "orders", 2,
        [{"replaced_at": "2024-02-01"}, {"known_at": "2024-02-05", "replaced_at": "2024-02-04", "order_id": "A8"}],
        [{"replaced_at": "2024-02-03"}],
    ),
    "any.same_second": replacing("orders", 25, orders(AT_ONCE), orders(AT_ONCE[1:])),
    "any.stray_spaces": adding("orders", 2, [{"product_id": " mug"}, {"customer_id": "bob "}], [{"channel": " web"}]),
    "any.sudden_flood": replacing("orders", 1, a_month_in(60, 10), a_month_in(28, 10)),
    "any.sudden_gap": replacing("orders", 1, a_month_in(3, 45), a_month_in(12, 45)),
    "any.table_vanished": drifting("orders", 1, Shop(), Shop(without=("touches",)), Shop()),
    "any.unknown_customer": adding("feedback", 1, [{"customer_id": "dora"}], [{"customer_id": "ann-app"}]),
    "any.unknown_kind": adding("events", 1, [{"kind": "wave"}], [{"kind": "Login"}]),
    "any.unknown_product": adding("orders", 1, [{"product_id": "pan"}], [{"product_id": "post"}]),
    "any.unreadable": adding("orders", 2, [{"at": "yesterday"}, {"quantity": "two"}], [{"at": "2024-02-02"}]),
    "any.value_lost_in_sql": adding(
        "customers", 1, [{"birth_year": None, "source_birth_year": "19??"}],
        [{"birth_year": None, "source_birth_year": " "}],
    ),
    "customers.born_after_signing_up": adding("customers", 1, [{"birth_year": 2015}], [{"birth_year": 2014}]),
    "customers.company_of_two_sectors": adding(
        "customers", 1,
        [{"company_id": "K", "sector": "retail"}, {"customer_id": "dora", "company_id": "K", "sector": "media"}],
        [{"company_id": "K", "sector": "retail"}, {"customer_id": "dora", "company_id": "K"}],
    ),
    "customers.country_spellings": adding(
        "customers", 2, [{"country": "FRANCE"}, {"customer_id": "dora", "country": "fra"}], [{"country": "Atlantis"}]
    ),
    "customers.implausible_birth_year": adding("customers", 1, [{"birth_year": 1800}], [{"birth_year": 1901}]),
    "customers.missing_country": adding("customers", 1, [{"country": None}], [{"city": None}]),
    "customers.signed_up_in_the_future": adding(
        "customers", 1, [{"signed_up_at": "2026-01-01"}], [{"signed_up_at": "2025-12-31"}]
    ),
    "events.checkout_after_its_order": adding(
        "events", 1, [{"at": "2024-01-05 10:59", "kind": "checkout"}], [{"at": "2024-01-05 11:05", "kind": "checkout"}]
    ),
    "events.checkout_without_order": adding(
        "events", 1, [{"at": "2024-01-10 11:59", "kind": "checkout"}], [{"at": "2024-01-06 09:59", "kind": "checkout"}]
    ),
    "events.duration_over_a_day": adding("events", 1, [{"duration_s": 86401}], [{"duration_s": 86400}]),
    "events.negative_duration": adding("events", 1, [{"duration_s": -1}], [{"duration_s": 0}]),
    "events.removed_without_adding": adding(
        "events", 2,
        [{"kind": "remove_from_cart", "product_id": "pot"}, {"kind": "remove_from_cart", "at": "2024-01-05 09:54"}],
        [{"kind": "remove_from_cart"}],
    ),
    "events.session_of_two_customers": adding(
        "events", 1, [*sessions(at(5)), *sessions(at(5, 1), customer_id="bob")], sessions(at(5), at(5, 1))
    ),
    "events.session_over_days": adding("events", 1, sessions(at(5), at(6, 1)), sessions(at(5), at(6))),
    "events.use_without_feature": adding("events", 1, [{"kind": "feature_use"}], [{"kind": "help"}]),
    "events.without_product": adding("events", 1, [{"product_id": None}], [{"product_id": None, "kind": "search"}]),
    "feedback.answered_twice": adding("feedback", 1, [{}, {"score": 2}], [{}, {"score": 2, "topic": "service"}]),
    "feedback.before_any_order": adding(
        "feedback", 1, [{"at": "2024-01-05 09:59"}], [{"at": "2024-01-05 09:59", "kind": "ticket"}]
    ),
    "feedback.missing_score": adding("feedback", 1, [{"score": None}], [{"score": None, "kind": "ticket"}]),
    "feedback.score_out_of_range": adding(
        "feedback", 2, [{"kind": "nps", "score": 11}, {"score": 0}], [{"kind": "nps", "score": 10}]
    ),
    "feedback.sentiment_out_of_range": adding("feedback", 1, [{"sentiment": 5}], [{"sentiment": -1}]),
    "feedback.unknown_topic": adding("feedback", 1, [{"topic": "misc"}], [{"topic": None}]),
    "identities.alias_of_itself": adding("identities", 1, [{"alias_id": "bob"}], [{}]),
    "identities.alias_of_two": adding("identities", 1, [{}, {"customer_id": "ann"}], [{}, {"alias_id": "b2"}]),
    "identities.alias_of_unknown": adding("identities", 1, [{"customer_id": "dora"}], [{}, {"customer_id": "dora"}]),
    "identities.alias_with_profile": adding("identities", 1, [{"alias_id": "ann"}], [{}]),
    "orders.customer_on_another_line": adding(
        "orders", 1, [{}, {"customer_id": None}], [{}, {"customer_id": None, "order_id": "A8"}]
    ),
    "orders.customer_without_profile": adding("orders", 1, [{"customer_id": "dora"}], [{"customer_id": "ann-app"}]),
    "orders.dates_without_times": replacing("orders", 25, orders(MIDNIGHTS), orders([at(n, n) for n in range(25)])),
    "orders.discount_above_amount": adding("orders", 1, [{"discount": 5}], [{"discount": 4.5}]),
    "orders.dominant_customer": adding("orders", 23, TILL, FEW),
    "orders.gap_in_history": adding("orders", 1, [{"at": "2024-02-29"}], [{"at": "2024-02-28"}]),
    "orders.missing_product": adding("orders", 1, [{"product_id": None}], [{}]),
    "orders.mixed_currencies": adding(
        "orders", 1, [{"source_currency": "EUR"}], [{"source_currency": "gbp "}, {"source_currency": None}]
    ),
    "orders.negative_discount": adding("orders", 1, [{"discount": -1}], [{"discount": 0}]),
    "orders.nobody_comes_back": replacing(
        "orders", 50, orders([at(2 * n) for n in range(50)]),
        [*orders([at(2 * n) for n in range(50)]), *orders([at(99)], order_id="again")],
    ),
    "orders.not_a_product": adding("orders", 1, [{"product_id": "post"}], [{"product_id": "poster"}]),
    "orders.one_row_a_unit": replacing(
        "orders", 3, [{}, {}, {}, {"order_id": "A8"}, {"order_id": "A8"}],
        [{}, {}, {"quantity": 2, "product_id": "pot"}, {"quantity": 2, "product_id": "pot"}, {"order_id": "A8"}],
    ),
    "orders.order_of_two_customers": adding("orders", 1, [{}, {"customer_id": "ann"}], [{}, {"order_id": "A8"}]),
    "orders.order_over_days": adding("orders", 1, [{}, {"at": "2024-02-04"}], [{}, {"at": "2024-02-03 09:59"}]),
    "orders.outlying_amount": replacing(
        "orders", 2, [*priced("pot", [2] * 20), {"quantity": 900, "unit_price": 3}, {"unit_price": 2001}],
        [*priced("pot", [2] * 20), {"quantity": 1000, "unit_price": 2}],
    ),
    "orders.outlying_price": adding(
        "orders", 1, priced("pot", [20] * 5 + [500]), priced("pot", [20] * 5 + [400, 2000])
    ),
    "orders.outlying_quantity": adding(
        "orders", 1, [*priced("pot", [20] * 5), {"product_id": "pot", "quantity": 1001}],
        [*priced("pot", [20] * 5), {"product_id": "pot", "quantity": 1000}],
    ),
    "orders.price_with_three_decimals": replacing(
        "orders", 20, priced("pot", ["1.007"] * 20), priced("pot", ["1.007"] * 19 + ["1.07"])
    ),
    "orders.price_at_100_times": adding(
        "orders", 2, priced("pot", [20] * 5 + [2000, 0.2]), priced("pot", [20] * 5 + [1400, 2800])
    ),
    "orders.price_not_positive": adding("orders", 2, [{"unit_price": 0}, {"unit_price": -5}], [{"unit_price": 0.01}]),
    "orders.quantity_not_positive_sale": adding(
        "orders", 2, [{"quantity": 0}, {"quantity": -1}], [{"quantity": -1, "kind": "return"}]
    ),
    "orders.repeat_rate_jump": replacing("orders", 1, coming_back(0), coming_back(17)),
    "orders.return_before_sale": adding(
        "orders", 1, [{"customer_id": "ann", "kind": "return", "at": "2024-01-05 09:59"}],
        [{"customer_id": "ann", "kind": "return", "at": "2024-01-05 10:00"}],
    ),
    "orders.return_rate_jump": replacing("orders", 1, returning(30), returning(11)),
    "orders.return_without_sale": adding(
        "orders", 1, [{"kind": "return", "product_id": "pot", "customer_id": "ann"}],
        [{"kind": "return", "customer_id": "ann"}],
    ),
    "orders.returned_more_than_bought": adding(
        "orders", 1, [{"customer_id": "ann", "kind": "return", "quantity": 4}],
        [{"customer_id": "ann", "kind": "return", "quantity": 3}],
    ),
    "orders.returns": adding("orders", 1, [{"kind": "return", "quantity": -1}], [{}]),
    "orders.second_price_level": replacing("orders", 24, levels(6), levels(4)),
    "products.negative_price": adding("products", 1, [{"price": -1}], [{"price": 0}]),
    "products.never_sold": adding("products", 1, [{}], [{"product_id": "post"}]),
    "products.missing_price": adding("products", 1, [{"price": None}], [{"unit_cost": None}]),
    "products.price_below_cost": adding("products", 1, [{"price": 3}], [{"price": 4}]),
    "products.price_unlike_sold": Case(
        "products", 1,
        Shop({"products": [{"price": 51}], "orders": priced("pan", [10] * 3)}),
        Shop({"products": [{"price": 50}], "orders": priced("pan", [10] * 3)}),
    ),
    "products.same_name": adding("products", 1, [{}, {"product_id": "p2"}], [{}, {"product_id": "p2", "price": 10}]),
    "products.without_category": adding("products", 1, [{"category": None}], [{"brand": None}]),
    "subscriptions.ends_before_start": adding(
        "subscriptions", 1, [{"ended_at": "2024-01-02"}], [{"ended_at": "2024-01-03"}]
    ),
    "subscriptions.negative_price": adding("subscriptions", 1, [{"price": -1}], [{"price": 0}]),
    "subscriptions.outlying_price": adding(
        "subscriptions", 1, [{"customer_id": "bob", "price": 51}, *({"customer_id": f"c{n}"} for n in range(5))],
        [{"customer_id": "bob", "price": 50}, *({"customer_id": f"c{n}"} for n in range(5))],
    ),
    "subscriptions.overlap": adding(
        "subscriptions", 1, [{"started_at": "2024-01-19"}],
        [{"started_at": "2024-01-20"}, {"started_at": "2024-01-20", "plan": "milk"}],
    ),
    "subscriptions.renews_after_end": adding(
        "subscriptions", 1, [{"ended_at": "2024-02-01", "renews_at": "2024-02-02"}],
        [{"ended_at": "2024-02-01", "renews_at": "2024-02-01"}],
    ),
    "subscriptions.renews_before_start": adding(
        "subscriptions", 1, [{"renews_at": "2024-01-02"}], [{"renews_at": "2024-01-03"}]
    ),
    "subscriptions.starts_far_ahead": adding(
        "subscriptions", 1, [{"started_at": "2027-01-02"}], [{"started_at": "2027-01-01"}]
    ),
    "touches.click_without_open": adding(
        "touches", 1, [{"campaign_id": "N1", "kind": "click"}], [{"campaign_id": "N3", "kind": "click"}]
    ),
    "touches.open_before_sent": adding(
        "touches", 1, [{"customer_id": "bob", "campaign_id": "N1", "kind": "open", "at": "2024-01-19 07:59"}],
        [{"customer_id": "bob", "campaign_id": "N1", "kind": "open"}],
    ),
    "touches.response_without_sent": adding(
        "touches", 1, [{"campaign_id": "N3", "kind": "open"}], [{"campaign_id": "N3", "kind": "open", "channel": "sms"}]
    ),
    "touches.sent_after_unsubscribe": adding(
        "touches", 1, [{"kind": "unsubscribe"}, {"at": "2024-01-21 08:01"}],
        [{"kind": "unsubscribe"}, {"at": "2024-01-21 08:00"}],
    ),
    "touches.sent_twice": adding("touches", 1, [{}, {"at": "2024-01-20 09:00"}], [{}, {"channel": "sms"}]),
    "touches.sent_without_consent": Case(
        "touches", 1,
        Shop({"customers": [{"consent": "no"}], "touches": [{"customer_id": "cleo"}]}),
        Shop({"customers": [{"consent": "no"}, {"known_at": "2024-01-10"}], "touches": [{"customer_id": "cleo"}]}),
    ),
    "touches.unknown_channel": adding("touches", 1, [{"channel": "fax"}], [{"channel": "ads"}]),
    "touches.without_campaign": adding("touches", 1, [{"campaign_id": None}], [{}]),
    # Dirt that lies in one table and shows in another.
    "any.ends_early": Case(
        "touches", 32, Shop({"orders": [{"at": "2024-02-20 10:00"}]}), Shop({"orders": [{"at": "2024-02-04 10:00"}]})
    ),
    "customers.signed_up_after_first_order": Case(
        "customers", 1,
        Shop({"customers": [{"signed_up_at": "2024-02-03 10:01"}], "orders": [{"customer_id": "cleo"}]}),
        Shop({"customers": [{"signed_up_at": "2024-02-03 10:00"}], "orders": [{"customer_id": "cleo"}]}),
    ),
    "identities.alias_is_customer": Case(
        "identities", 1,
        Shop({"identities": [{"alias_id": "bob", "customer_id": "cleo"}, {"alias_id": "b2"}]}),
        Shop({"identities": [{"alias_id": "b1"}, {"alias_id": "b2"}]}),
    ),
    "identities.alias_never_seen": Case(
        "identities", 1,
        Shop({"identities": [{}], "events": [{}]}),
        Shop({"identities": [{}], "events": [{"customer_id": "bob-app"}]}),
    ),
    "orders.after_account_closed": Case(
        "orders", 1,
        Shop({"customers": [{"status": "Closed", "known_at": "2024-02-01"}], "orders": [{"customer_id": "cleo"}]}),
        Shop({
            "customers": [{"status": "Closed", "known_at": "2024-02-01"}, {"known_at": "2024-02-09"}],
            "orders": [{"customer_id": "cleo"}],
        }),
    ),
    "orders.after_contract_end": Case(
        "orders", 1,
        Shop({"subscriptions": [{"customer_id": "cleo", "ended_at": "2024-01-31"}],
              "orders": [{"customer_id": "cleo", "at": "2024-03-02"}]}),
        Shop({"subscriptions": [{"customer_id": "cleo", "ended_at": "2024-01-31"}],
              "orders": [{"customer_id": "cleo", "at": "2024-03-01"}]}),
    ),
    "orders.web_order_without_checkout": Case(
        "orders", 1,
        Shop({"events": [{"kind": "checkout", "at": "2024-03-01"}], "orders": [{"channel": "web"}]}),
        Shop({"events": [{"kind": "checkout", "at": "2024-03-01"},
                         {"kind": "checkout", "customer_id": "bob", "at": "2024-02-02 09:58"}],
              "orders": [{"channel": "Web"}]}),
    ),
    "contacts.bad_email": adding("contacts", 1, [{"email": "ann at example"}], [{"email": "a.b+c@x.example.com"}]),
    "contacts.bad_phone": adding("contacts", 2, [{"phone": "123456"}, {"phone": "1.2E+15"}], [{"phone": "1234567"}]),
    "contacts.consent_without_address": adding(
        "contacts", 1, [{"email": None}], [{"email": None, "consent_email": "no"}]
    ),
    "contacts.of_several": adding(
        "contacts", 2, [{"customer_id": "cleo", "email": "Bob@example.com"}], [{"known_at": "2024-02-01"}]
    ),
    "campaigns.ends_before_start": adding(
        "campaigns", 1, [{"ends_at": "2024-01-19"}], [{"ends_at": "2024-01-20"}, {"ends_at": None}]
    ),
    "campaigns.negative_cost": adding("campaigns", 1, [{"cost": -1}], [{"cost": 0}]),
    "campaigns.never_sent": Case(
        "campaigns", 1, Shop({"campaigns": [{}]}), Shop({"campaigns": [{}], "touches": [{}]})
    ),
    "campaigns.sent_outside": Case(
        "campaigns", 1,
        Shop({"campaigns": [{}], "touches": [{"at": "2024-02-02 00:00"}]}),
        Shop({"campaigns": [{}], "touches": [{"at": "2024-02-01 23:59"}, {"at": "2024-03-01", "kind": "open"}]}),
    ),
    "touches.unknown_campaign": adding("touches", 1, [{}], [{"campaign_id": "N1"}, {"campaign_id": None}]),
    "touches.negative_cost": adding("touches", 1, [{"cost": -0.01}], [{"cost": 0}]),
    "loyalty.points_not_positive": adding("loyalty", 1, [{"points": 0}], [{"points": 0.5}]),
    "loyalty.without_points": adding("loyalty", 1, [{"points": None}], [{"kind": "tier", "points": None}]),
    "loyalty.tier_without_name": adding("loyalty", 1, [{"kind": "tier"}], [{"kind": "tier", "tier": "gold"}, {}]),
    "loyalty.overdrawn": adding(
        "loyalty", 1, [{"kind": "spend", "points": 6.5}], [{"kind": "spend", "points": 6}]
    ),
    "market.negative_customers": adding("market", 1, [{"customers_n": -1}], [{"customers_n": 0}]),
    "market.margin_above_spend": adding("market", 1, [{"margin": 5001}], [{"margin": 5000}]),
    "market.without_source": adding("market", 1, [{"source": None}], [{}]),
    "market.cell_twice": adding("market", 1, [{"spend": 9}], [{"period": "2023"}, {"competitor": "Other"}]),
    "customers.referred_by_self": adding(
        "customers", 1, [{"referred_by": "cleo"}], [{"referred_by": "ann"}, {"referred_by": None}]
    ),
    "customers.referred_by_unknown": adding(
        "customers", 1, [{"referred_by": "FRIEND10"}], [{"referred_by": "ann-app"}, {"referred_by": "cleo"}]
    ),
    "events.negative_results": adding("events", 1, [{"results_n": -1}], [{"results_n": 0}]),
    "events.query_without_search": adding(
        "events", 1, [{"query": "red mug"}], [{"kind": "search", "product_id": None, "query": "red mug"}]
    ),
    "products.unknown_season": adding("products", 1, [{"season": "SS24"}], [{"season": "summer"}, {"season": None}]),
}  # fmt: skip
