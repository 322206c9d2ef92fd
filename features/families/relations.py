"""The company behind a business customer: its contacts, what they buy in total, and who of them buys.

The only family that looks at other customers' rows. A contact belongs to the company that their newest known profile
names, with all they ever bought. In a study of companies the columns about a single contact are null.
"""

import narwhals as nw

from features.exact import TICKS, count_if, entropy, entropy_term, per, ratio, rows_n, sum_if, whole
from features.past import Past
from features.windows import Frame

NEEDS = ("customers", "orders")

_OF_COMPANY = {
    "relations_contacts_n": "Contacts of the company; null without a company.",
    "relations_buyers_n": "Contacts who have bought; null without a company.",
    "relations_active_share": "Share of contacts with a sale in the last 90 days; null without a company.",
    "relations_orders_n": "Sale orders of all contacts; null without a company.",
    "relations_orders_90d_n": "Sale orders of all contacts in the 90 days before as_of; null without a company.",
    "relations_spend": "Money of all contacts' sales after discounts, currency; null without a company.",
    "relations_spend_entropy": "Shannon entropy of that money over contacts, nats; null if less than 1 was paid.",
    "relations_recency_days": "Days from the last sale of any contact to as_of; null without a company.",
    "relations_tenure_days": "Days from the first sale of any contact to as_of; null without a company.",
    "relations_newest_buyer_days": "Days since the contact who came last first bought; null without a company.",
}
_OF_CONTACT = {
    "relations_own_spend_share": "The contact's share of the company's spend; null without a company or spend.",
    "relations_colleagues_recency_days": "Days from the last sale of another contact to as_of; null if none.",
    "relations_colleagues_orders_90d_n": "Orders of other contacts in the last 90 days; null without a company.",
}
COLUMNS: dict[str, str] = _OF_COMPANY | _OF_CONTACT


def attributes(column: str) -> tuple[str, ...]:  # noqa: ARG001 - the same for all
    """Which company somebody belongs to."""
    return ("company_id",)


def compute(past: Past, as_of: float) -> Frame:
    """One row a contact of a company, or a company: customer_id and COLUMNS."""
    if past.by_company:
        people = past.people.select("contact_id", company="customer_id")
    else:
        people = past.people.select("company_id", contact_id="customer_id").rename({"company_id": "company"})
        people = people.filter(~nw.col("company").is_null())
    contacts = people.join(_bought(past, as_of), on="contact_id", how="left")
    contacts = contacts.with_columns(last_of_all=nw.col("recency").min().over("company"))
    companies = contacts.group_by("company").agg(*_rolled_up())
    if past.by_company:
        nothing = nw.lit(None).cast(nw.Float64)
        columns = _company_columns() | dict.fromkeys(_OF_CONTACT, nothing)
        return companies.select(nw.col("company").alias("customer_id"), **columns)
    joined = contacts.join(companies, on="company")
    return joined.select(nw.col("contact_id").alias("customer_id"), **_company_columns(), **_contact_columns())


def _bought(past: Past, as_of: float) -> Frame:
    """What each contact bought: orders_n, recent_n, spent (ticks), recency and since (days)."""
    orders = past.orders.with_columns(contact_id=nw.col("customer_id"))
    if past.by_company:
        orders = past.sales.group_by("contact_id", "order_id").agg(
            nw.col("at_days").min(), nw.col("at_days").max().alias("last_at_days"), nw.col("amount_ticks").sum()
        )
    age = as_of - nw.col("at_days")
    return orders.group_by("contact_id").agg(
        rows_n().alias("orders_n"),
        count_if(age <= 90).alias("recent_n"),
        nw.col("amount_ticks").sum().alias("spent"),
        (as_of - nw.col("last_at_days")).min().alias("recency"),
        age.max().alias("since"),
    )


def _rolled_up() -> list[nw.Expr]:
    recency, last = nw.col("recency"), nw.col("last_of_all")
    # Whole units of currency: n ln n of ticks would not be exact for a large company.
    paid = whole(per(nw.col("spent"), TICKS))
    some = paid >= 1
    return [
        rows_n().alias("contacts_n"),
        count_if(nw.col("orders_n") > 0).alias("buyers_n"),
        count_if(nw.col("recent_n") > 0).alias("active_n"),
        nw.col("orders_n").sum().alias("all_orders_n"),
        nw.col("recent_n").sum().alias("all_recent_n"),
        nw.col("spent").sum().alias("all_spent"),
        sum_if(some, paid).alias("paid_sum"),
        nw.when(some).then(entropy_term(paid)).sum().alias("paid_terms"),
        recency.min().alias("last"),
        count_if(recency == last).alias("last_n"),
        nw.when(recency > last).then(recency).min().alias("second_last"),
        nw.col("since").max().alias("tenure"),
        nw.col("since").min().alias("newest"),
    ]


def _company_columns() -> dict[str, nw.Expr]:
    paid = nw.when(nw.col("paid_sum") > 0).then(nw.col("paid_sum"))
    return {
        "relations_contacts_n": nw.col("contacts_n"),
        "relations_buyers_n": nw.col("buyers_n"),
        "relations_active_share": nw.col("active_n") / nw.col("contacts_n"),
        "relations_orders_n": nw.col("all_orders_n"),
        "relations_orders_90d_n": nw.col("all_recent_n"),
        "relations_spend": per(nw.col("all_spent"), TICKS),
        "relations_spend_entropy": entropy(nw.col("paid_terms"), paid),
        "relations_recency_days": nw.col("last"),
        "relations_tenure_days": nw.col("tenure"),
        "relations_newest_buyer_days": nw.col("newest"),
    }


def _contact_columns() -> dict[str, nw.Expr]:
    is_last = (nw.col("recency") == nw.col("last")) & (nw.col("last_n") == 1)
    return {
        "relations_own_spend_share": ratio(nw.col("spent"), nw.col("all_spent")),
        "relations_colleagues_recency_days": nw.when(is_last).then(nw.col("second_last")).otherwise(nw.col("last")),
        "relations_colleagues_orders_90d_n": nw.col("all_recent_n") - nw.col("recent_n"),
    }
