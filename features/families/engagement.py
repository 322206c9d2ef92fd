"""Response to campaigns: what was sent, opened and clicked, how recently, how strongly, and signs of fatigue."""

import narwhals as nw

from features.exact import MICRO, count_if, per, ratio, whole
from features.past import Past
from features.windows import Frame

NEEDS = ("touches",)

WINDOWS_DAYS = (30, 90, 365)
NEVER_OPENER_SENT = 5
POINTS = {"open": 1.0, "like": 1.0, "click": 2.0, "comment": 2.0, "share": 3.0, "attend": 3.0}
"""Points of a reaction in the score, by the effort it takes."""
FADE_DAYS = 30
_SOCIAL = ("like", "share", "comment")
_WORDS = {"sent": "Messages sent", "open": "Opens", "click": "Clicks"}

COLUMNS: dict[str, str] = {
    **{
        f"engagement_{kind}_{w}d_n": f"{word} in the last {w} days; 0 if none."
        for kind, word in _WORDS.items()
        for w in WINDOWS_DAYS
    },
    "engagement_open_rate": "Opens over messages sent in the last 365 days, at most 1; null if none was sent.",
    "engagement_click_rate": "Clicks over messages sent in the last 365 days, at most 1; null if none was sent.",
    "engagement_click_to_open": "Clicks over opens in the last 365 days, at most 1; null if none was opened.",
    "engagement_email_open_rate": "Opens over messages sent by e-mail in the last 365 days, at most 1; null if none.",
    "engagement_email_click_to_open": "Clicks over opens of e-mails in the last 365 days, at most 1; null if none.",
    "engagement_last_sent_days": "Days from the last message sent to as_of; null if none.",
    "engagement_last_open_days": "Days from the last open to as_of; null if none.",
    "engagement_last_click_days": "Days from the last click to as_of; null if none.",
    "engagement_unopened_n": "Messages sent since the last open, all if nothing was ever opened; 0 if none.",
    "engagement_never_opener": f"1 if {NEVER_OPENER_SENT} or more were ever sent and none was opened, else 0.",
    "engagement_unsubscribes_n": "Times unsubscribed; 0 if never.",
    "engagement_unsubscribed_days": "Days from the last unsubscription to as_of; null if never.",
    "engagement_bounces_n": "Messages that bounced; 0 if none.",
    "engagement_social_365d_n": "Likes, shares and comments in the last 365 days; 0 if none.",
    "engagement_attended_365d_n": "Events attended in the last 365 days; 0 if none.",
    "engagement_score": "Sum over reactions of points * 30 / (30 + days ago); open and like 1 point, click and comment "
    "2, share and attend 3; 0 if none.",
    "engagement_pressure": "(messages sent in the last 90 days + 1) / (in the 90 days before + 1), 1 is steady; null "
    "if no touch ever.",
    "engagement_open_rate_change": "Open rate of the last 90 days minus that of the 90 before, -1 to 1; null if "
    "nothing was sent in either.",
    "engagement_fatigue": "1 if more was sent in the last 90 days than in the 90 before and the open rate fell, else "
    "0; null as engagement_open_rate_change.",
}
ZERO_IF_NONE = (
    *(name for name in COLUMNS if name.endswith("_n")),
    "engagement_never_opener",
    "engagement_score",
)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a touch: customer_id and COLUMNS."""
    at = nw.col("at_days")
    touches = past.tables["touches"].with_columns(
        age=as_of - at, opened_at=nw.when(nw.col("kind") == "open").then(at).max().over("customer_id")
    )
    sums = touches.group_by("customer_id").agg(*_counts(), *_emails(), *_last(), *_reactions())
    return _ratios(sums).select("customer_id", *COLUMNS)


def _counts() -> list[nw.Expr]:
    age, kind = nw.col("age"), nw.col("kind")
    before = (age > 90) & (age <= 180)
    return [
        *(count_if((kind == k) & (age <= w)).alias(f"engagement_{k}_{w}d_n") for k in _WORDS for w in WINDOWS_DAYS),
        count_if((kind == "sent") & before).alias("sent_before_n"),
        count_if((kind == "open") & before).alias("open_before_n"),
    ]


def _emails() -> list[nw.Expr]:
    mail = (nw.col("channel") == "email") & (nw.col("age") <= 365)
    return [count_if(mail & (nw.col("kind") == kind)).alias(f"mail_{kind}_n") for kind in _WORDS]


def _last() -> list[nw.Expr]:
    age, kind = nw.col("age"), nw.col("kind")
    last = {"last_sent": "sent", "last_open": "open", "last_click": "click", "unsubscribed": "unsubscribe"}
    opened_at = nw.col("opened_at")
    return [
        *(nw.when(kind == k).then(age).min().alias(f"engagement_{name}_days") for name, k in last.items()),
        count_if((kind == "sent") & (opened_at.is_null() | (nw.col("at_days") > opened_at))).alias(
            "engagement_unopened_n"
        ),
    ]


def _reactions() -> list[nw.Expr]:
    age, kind = nw.col("age"), nw.col("kind")
    points = nw.lit(0.0)
    for reaction, gain in POINTS.items():
        points = nw.when(kind == reaction).then(gain).otherwise(points)
    return [
        count_if(kind == "sent").alias("sent_n"),
        count_if(kind == "unsubscribe").alias("engagement_unsubscribes_n"),
        count_if(kind == "bounce").alias("engagement_bounces_n"),
        count_if(kind.is_in(_SOCIAL) & (age <= 365)).alias("engagement_social_365d_n"),
        count_if((kind == "attend") & (age <= 365)).alias("engagement_attended_365d_n"),
        whole(points * (MICRO * FADE_DAYS) / (age + FADE_DAYS)).sum().alias("score_micro"),
    ]


def _ratios(sums: Frame) -> Frame:
    sent_n, before_n = nw.col("engagement_sent_90d_n"), nw.col("sent_before_n")
    never = (nw.col("sent_n") >= NEVER_OPENER_SENT) & nw.col("engagement_last_open_days").is_null()
    change = _capped(nw.col("engagement_open_90d_n"), sent_n) - _capped(nw.col("open_before_n"), before_n)
    fatigue = nw.when((sent_n > before_n) & (change < 0)).then(1.0).otherwise(0.0)
    return sums.with_columns(
        engagement_open_rate=_capped(nw.col("engagement_open_365d_n"), nw.col("engagement_sent_365d_n")),
        engagement_click_rate=_capped(nw.col("engagement_click_365d_n"), nw.col("engagement_sent_365d_n")),
        engagement_click_to_open=_capped(nw.col("engagement_click_365d_n"), nw.col("engagement_open_365d_n")),
        engagement_email_open_rate=_capped(nw.col("mail_open_n"), nw.col("mail_sent_n")),
        engagement_email_click_to_open=_capped(nw.col("mail_click_n"), nw.col("mail_open_n")),
        engagement_never_opener=nw.when(never).then(1.0).otherwise(0.0),
        engagement_score=per(nw.col("score_micro"), MICRO),
        engagement_pressure=(sent_n + 1) / (before_n + 1),
        engagement_open_rate_change=change,
        engagement_fatigue=nw.when(~change.is_null()).then(fatigue),
    )


def _capped(part: nw.Expr, base: nw.Expr) -> nw.Expr:
    """A share, at most 1 even if messages are opened twice or their sending is not on record."""
    return ratio(nw.when(part < base).then(part).otherwise(base), base)
