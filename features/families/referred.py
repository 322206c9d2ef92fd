"""Whether another customer recommended the shop to them."""

import narwhals as nw

from features.past import Past
from features.windows import Frame

NEEDS = ("customers", "customers.referred_by")

COLUMNS: dict[str, str] = {
    "referred_by_customer": "1 if another customer recommended the shop, else 0; null without a profile.",
}


def attributes(column: str) -> tuple[str, ...]:  # noqa: ARG001 - it has one
    """Who recommended the shop."""
    return ("referred_by",)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a profile: customer_id and COLUMNS."""
    del as_of  # The newest profile says it.
    known = nw.when(nw.col("referred_by").is_null()).then(0.0).otherwise(1.0)
    return past.customers.select("customer_id", referred_by_customer=known)
