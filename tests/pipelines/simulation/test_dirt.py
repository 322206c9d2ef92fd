"""Every kind of dirt the simulator makes is found by ingest and counted exactly, as a finding, a reject or a repair."""

import json

import pytest

from pipelines.ingest.canonical import ingest
from pipelines.simulation.exports.dirt import DIRT
from pipelines.simulation.simulate import simulate
from pipelines.sources import load_source
from pipelines.workspace import Workspace

KINDS = [(table, dirt.kind) for table, kinds in DIRT.items() for dirt in kinds]
# Where each kind is counted: ("finding", code), ("reject", reason), ("repair", name).
COMMON = {
    "exact_duplicate": ("repair", "exact_duplicate_dropped"),
    "missing_customer": ("reject", "missing_customer_id"),
    "unknown_kind": ("reject", "unknown_kind"),
    "future_date": ("reject", "in_the_future"),
    "unreadable_date": ("reject", "unreadable_at"),
    "stray_spaces": ("finding", "any.stray_spaces"),
    "damaged_encoding": ("finding", "any.encoding_damage"),
}
COUNTED = {
    "orders": {
        "missing_customer": ("reject", "missing_customer_id"),
        "blank_customer": ("reject", "missing_customer_id"),
        "negative_quantity_sale": ("reject", "quantity_not_positive"),
        "zero_quantity": ("reject", "quantity_not_positive"),
        "unreadable_quantity": ("reject", "unreadable_quantity"),
        "zero_price": ("reject", "price_not_positive"),
        "negative_price": ("reject", "price_not_positive"),
        "unreadable_price": ("reject", "unreadable_unit_price"),
        "negative_discount": ("finding", "orders.negative_discount"),
        "discount_above_amount": ("finding", "orders.discount_above_amount"),
        "missing_date": ("reject", "missing_at"),
        "before_1970": ("finding", "any.before_1970"),
        "postage_line": ("reject", "not_a_product"),
        "manual_line": ("reject", "not_a_product"),
        "bank_charges_line": ("reject", "not_a_product"),
        "missing_product": ("finding", "orders.missing_product"),
        "unknown_product": ("finding", "any.unknown_product"),
        "price_outlier": ("finding", "orders.outlying_price"),
        "price_in_pence": ("finding", "orders.price_at_100_times"),
        "known_before_ordered": ("finding", "any.known_before_it_happened"),
    },
    "customers": {
        "second_address": ("finding", "any.duplicate_keys"),
        "implausible_birth_year": ("finding", "customers.implausible_birth_year"),
        "unreadable_birth_year": ("finding", "any.value_lost_in_sql"),
        "country_spelling": ("finding", "customers.country_spellings"),
        "missing_country": ("finding", "customers.missing_country"),
        "unreadable_registration": ("reject", "unreadable_signed_up_at"),
        "unreadable_consent": ("reject", "unreadable_consent"),
    },
    "identities": {
        "alias_of_two_customers": ("finding", "identities.alias_of_two"),
        "orphan_alias": ("finding", "identities.alias_of_unknown"),
    },
    "products": {
        "missing_category": ("finding", "products.without_category"),
        "cost_above_price": ("finding", "products.price_below_cost"),
        "negative_cost": ("finding", "products.negative_price"),
        "price_with_currency_sign": ("reject", "unreadable_price"),
    },
    "events": {
        "device_clock_reset": ("finding", "any.before_1970"),
        "negative_duration": ("finding", "events.negative_duration"),
        "checkout_an_hour_after_its_order": ("finding", "events.checkout_after_its_order"),
    },
    "touches": {
        "unknown_channel": ("finding", "touches.unknown_channel"),
        "open_of_nothing_sent": ("finding", "touches.response_without_sent"),
        "sent_after_unsubscribe": ("finding", "touches.sent_after_unsubscribe"),
        "touch_before_sign_up": ("finding", "any.before_sign_up"),
    },
    "feedback": {
        "score_out_of_range": ("finding", "feedback.score_out_of_range"),
        "unreadable_score": ("reject", "unreadable_score"),
        "unknown_topic": ("finding", "feedback.unknown_topic"),
    },
    "subscriptions": {
        "unreadable_start": ("reject", "unreadable_started_at"),
        "missing_plan": ("reject", "missing_plan"),
        "negative_fee": ("finding", "subscriptions.negative_price"),
        "ended_before_start": ("finding", "subscriptions.ends_before_start"),
        "contract_booked_twice": ("finding", "subscriptions.overlap"),
    },
    "contacts": {
        "no_address": ("finding", "contacts.consent_without_address"),
        "unreadable_consent": ("reject", "unreadable_consent_sms"),
    },
    "loyalty": {"unreadable_points": ("reject", "unreadable_points")},
    "campaigns": {"negative_budget": ("repair", "impossible_cost_emptied")},
    "market": {"unreadable_turnover": ("reject", "unreadable_spend")},
}


def where_counted(table, kind):
    return COUNTED[table].get(kind) or COMMON[kind]


@pytest.fixture(scope="module")
def another(tmp_path_factory):
    """Another shop in one chunk, and what ingest made of it."""
    folder = tmp_path_factory.mktemp("dirty")
    simulate(folder / "shop", customers=1500, seed=11, days=600, chunk=1500)
    return folder / "shop", ingest(Workspace(folder / "home"), load_source("simulated"), folder / "shop" / "raw")


@pytest.fixture(params=["one shop", "another"])
def dirty(request, shop, ingested, another):
    """How much dirt was planted in a shop, and what ingest made of it."""
    folder, result = (shop, ingested) if request.param == "one shop" else another
    return json.loads((folder / "truth" / "dirt.json").read_text()), result


def counted(result, table, way, name):
    if way == "finding":
        return sum(finding.count for finding in result.findings if (finding.table, finding.code) == (table, name))
    return (result.rejects if way == "reject" else result.repairs)[table].get(name, 0)


@pytest.mark.parametrize(("table", "kind"), KINDS, ids=lambda part: part)
def test_dirt_is_counted_exactly(dirty, table, kind):
    planted, result = dirty
    where = where_counted(table, kind)
    alike = [other.kind for other in DIRT[table] if where_counted(table, other.kind) == where]
    assert counted(result, table, *where) == sum(planted[table][other] for other in alike) > 0
