"""The engagement family against plain SQL over the raw touches."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from features.families import families
from tests.features.alike import assert_alike
from tests.features.plain import MOMENTS, Frames, check, features_of

AS_OF = datetime(2022, 1, 17, 10, 30)

KNOWN = """
WITH cut AS (SELECT TIMESTAMP '{as_of}' AS now_),
links AS (SELECT DISTINCT ON (alias_id) alias_id, customer_id AS main_id FROM identities, cut
    WHERE known_at IS NULL OR known_at < now_ ORDER BY alias_id, known_at DESC NULLS LAST),
seen AS (
    SELECT coalesce(main_id, t.customer_id) AS who, t."at" AS moment, channel, kind, now_,
           now_ - t."at" <= INTERVAL 30 DAY AS in30, now_ - t."at" <= INTERVAL 90 DAY AS in90,
           now_ - t."at" BETWEEN INTERVAL '90 days 1 microsecond' AND INTERVAL 180 DAY AS before90,
           now_ - t."at" <= INTERVAL 365 DAY AS in365, epoch_us(now_ - t."at") / 86400000000 AS days_ago
    FROM touches t CROSS JOIN cut LEFT JOIN links ON t.customer_id = alias_id
    WHERE t."at" < now_ AND (known_at IS NULL OR known_at < now_) AND (replaced_at IS NULL OR replaced_at >= now_)),
opened AS (SELECT who, max(moment) FILTER (kind = 'open') AS last_open FROM seen GROUP BY who)
"""


def rate(part: str, base: str, where: str) -> str:
    n = [f"count(*) FILTER (kind = '{kind}' AND {where})" for kind in (part, base)]
    return f"least({n[0]}, {n[1]}) / nullif({n[1]}, 0)"


def engagement_sql(as_of: datetime) -> str:
    kinds, windows = ("sent", "open", "click"), (30, 90, 365)
    counts = [f"count(*) FILTER (kind = '{k}' AND in{w}) AS engagement_{k}_{w}d_n" for k in kinds for w in windows]
    ago = {"last_sent": "sent", "last_open": "open", "last_click": "click", "unsubscribed": "unsubscribe"}
    counts += [f"min(days_ago) FILTER (kind = '{k}') AS engagement_{name}_days" for name, k in ago.items()]
    return (
        KNOWN.format(as_of=as_of)
        + f"""
SELECT who, {", ".join(counts)},
    {rate("open", "sent", "in365")} AS engagement_open_rate,
    {rate("click", "sent", "in365")} AS engagement_click_rate,
    {rate("click", "open", "in365")} AS engagement_click_to_open,
    {rate("open", "sent", "in365 AND channel = 'email'")} AS engagement_email_open_rate,
    {rate("click", "open", "in365 AND channel = 'email'")} AS engagement_email_click_to_open,
    count(*) FILTER (kind = 'sent' AND moment > coalesce(last_open, '1900-01-01')) AS engagement_unopened_n,
    (count(*) FILTER (kind = 'sent') >= 5 AND count(*) FILTER (kind = 'open') = 0)::INT AS engagement_never_opener,
    count(*) FILTER (kind = 'unsubscribe') AS engagement_unsubscribes_n,
    count(*) FILTER (kind = 'bounce') AS engagement_bounces_n,
    count(*) FILTER (kind IN ('like', 'share', 'comment') AND in365) AS engagement_social_365d_n,
    count(*) FILTER (kind = 'attend' AND in365) AS engagement_attended_365d_n,
    sum(CASE kind WHEN 'open' THEN 1 WHEN 'like' THEN 1 WHEN 'click' THEN 2 WHEN 'comment' THEN 2
        WHEN 'share' THEN 3 WHEN 'attend' THEN 3 ELSE 0 END * 30 / (30 + days_ago)) AS engagement_score,
    (count(*) FILTER (kind = 'sent' AND in90) + 1) / (count(*) FILTER (kind = 'sent' AND before90) + 1)
        AS engagement_pressure,
    {rate("open", "sent", "in90")} - {rate("open", "sent", "before90")} AS engagement_open_rate_change,
    CASE WHEN engagement_open_rate_change IS NOT NULL THEN
        (engagement_open_rate_change < 0 AND engagement_pressure > 1)::INT END AS engagement_fatigue
FROM seen JOIN opened USING (who) GROUP BY who"""
    )


@pytest.mark.parametrize("as_of", MOMENTS)
def test_engagement_is_what_sql_says(world: Frames, as_of: datetime) -> None:
    connection = duckdb.connect()
    for name in ("touches", "identities"):
        connection.register(name, world[name].to_arrow())
    rows = connection.sql(engagement_sql(as_of)).pl().rows_by_key("who", named=True, unique=True)
    zero = families()["engagement"].ZERO_IF_NONE
    nobody = {name: 0 if name in zero else None for name in families()["engagement"].COLUMNS}
    found = features_of("engagement", world, as_of)
    assert found["engagement_fatigue"].max() == 1
    check(found, "engagement", lambda customer: rows.get(customer, nobody))


def test_engines_agree_on_engagement(world: Frames, tmp_path: Path) -> None:
    assert_alike("engagement", world, tmp_path, AS_OF)


def touched(*touches: tuple[float, str], channel: str = "email") -> dict[str, float]:
    """Features of a customer whose touches are (days before AS_OF, kind)."""
    rows = [
        {"customer_id": "a", "at": AS_OF - timedelta(days=age), "kind": kind, "channel": channel}
        for age, kind in touches
    ]
    order = {"order_id": "o", "customer_id": "a", "at": AS_OF - timedelta(days=1), "quantity": 1.0, "unit_price": 1.0}
    orders = pl.DataFrame([order | {"kind": "sale"}])
    return features_of("engagement", {"orders": orders, "touches": pl.DataFrame(rows)}, AS_OF).loc["a"].to_dict()


@pytest.mark.parametrize(("sent_n", "never_opener"), [(4, 0), (5, 1)])
def test_a_never_opener_was_given_five_chances(sent_n: int, never_opener: int) -> None:
    found = touched(*[(10.0 * n, "sent") for n in range(1, sent_n + 1)])
    assert found["engagement_never_opener"] == never_opener
    assert found["engagement_unopened_n"] == sent_n
    assert found["engagement_open_rate"] == 0
    assert found["engagement_last_open_days"] != found["engagement_last_open_days"]


def test_an_open_needs_no_matching_message() -> None:
    found = touched((3, "open"))
    assert found["engagement_open_30d_n"] == 1
    assert found["engagement_open_rate"] != found["engagement_open_rate"]  # null: nothing is known to have been sent


def test_opening_again_does_not_lift_a_rate_above_one() -> None:
    found = touched((9, "sent"), (8, "open"), (7, "open"), (6, "click"))
    assert found["engagement_open_rate"] == 1
    assert found["engagement_click_to_open"] == 0.5


def test_a_streak_ends_with_the_message_opened_at_that_moment() -> None:
    assert touched((9, "sent"), (8, "sent"), (8, "open"), (7, "sent"))["engagement_unopened_n"] == 1


def test_fatigue_is_fewer_opens_of_more_messages() -> None:
    before = [(100, "sent"), (100, "open")]
    assert touched(*before, (40, "sent"), (30, "sent"), (29, "open"))["engagement_fatigue"] == 1
    assert touched(*before, (40, "sent"))["engagement_fatigue"] == 0  # not more were sent
    assert touched(*before, (40, "sent"), (39, "open"), (30, "sent"), (29, "open"))["engagement_fatigue"] == 0
    only_now = touched((40, "sent"), (30, "sent"))["engagement_fatigue"]
    assert only_now != only_now


def test_push_is_not_mail() -> None:
    found = touched((9, "sent"), (8, "open"), channel="push")
    assert found["engagement_open_rate"] == 1
    assert found["engagement_email_open_rate"] != found["engagement_email_open_rate"]


def test_a_reaction_a_month_ago_counts_half() -> None:
    assert touched((30, "click"), (30, "sent"), (30, "bounce"))["engagement_score"] == 1
