"""``report.html`` of a segmentation: the verdict, a card a segment and the plots, in one file that needs no other."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from experiments.plots.page import document, picture
from models.charts import percent
from models.segments.catalogue import Segment
from models.segments.clusterers import NOISE
from models.segments.french import french
from models.segments.hierarchy import Group, parents
from models.segments.segmenter import Segmenter
from models.words import value_words

ECONOMICS = {
    "spend_share": ("of all revenue", "share"),
    "spend_per_customer": ("spent a customer, ever", "money"),
    "spend_365d_per_customer": ("spent a customer, last year", "money"),
    "order_value": ("an order", "money"),
    "orders_365d_per_customer": ("orders a customer, last year", "number"),
    "new_share": ("new, first order in 90 days", "share"),
    "silent_share": ("silent, no order in 180 days", "share"),
    "pace": ("last 90 days' pace, of last year's", "share"),
    "margin_365d_per_customer": ("margin a customer, last year", "money"),
}
LISTS = {
    "categories": "Favourite categories",
    "channels": "Channels",
    "hours": "Hours and days",
    "places": "Places and languages",
    "topics": "Topics",
    "sensitivities": "Sensitive to",
    "engagement": "Engagement",
    "more_often": "More often than others",
}
"""Lists of a card, and how they are headed."""
PICTURES = {
    "segment_profile.png": "Medians of each segment, and how far its mean is from that of all customers",
    "segment_map.png": "Customers on a plane, coloured by segment",
    "segment_revenue.png": "Each segment's share of customers and of revenue",
    "structure.png": "Silhouette of the real customers beside customers without groups",
}


def segments_page(title: str, day: str, model: Segmenter, currency: str, folder: Path) -> str:
    """The page; plots are taken from ``folder`` and stand in it as data."""
    segments = [each for each in model.catalogue if each.label != NOISE]
    cards = {str(card["id"]): card for card in model.cards}
    body = [
        f"<h1>{escape(title)}</h1><p class='quiet'>Customers as of {escape(day)}.</p>",
        _verdict(model),
        *_by_group(model, segments, cards, currency),
        _similarity(segments, cards),
        _migration(segments, cards),
        _ledger(model),
        *(picture(folder / name, words) for name, words in PICTURES.items() if (folder / name).is_file()),
    ]
    return document(title, body)


def _verdict(model: Segmenter) -> str:
    found = model.soundness
    if found is None:
        return ""
    kind = "" if found.verdict == "sound" else " unsound"
    word = found.verdict[:1].upper() + found.verdict[1:]
    return f"<p class='verdict{kind}'><strong>{escape(word)}.</strong> {escape(found.reason)}.</p>"


def _by_group(
    model: Segmenter, segments: Sequence[Segment], cards: Mapping[str, Mapping[str, Any]], currency: str
) -> list[str]:
    """The coarse groups in a sentence each, then all cards, those of a group side by side."""
    names = {each.id: each.name for each in segments}
    above = parents(model.groups)
    order = {group.id: place for place, group in enumerate(model.groups)}
    ranked = sorted(segments, key=lambda each: order[above[each.id].id] if each.id in above else len(order))
    body = "".join(_card(each, cards.get(each.id, {}), names, currency, above.get(each.id)) for each in ranked)
    groups = f" in {len(model.groups)} groups" if model.groups else ""
    listed = "".join(f"<li id='{escape(group.id)}'>{_group_words(group)}</li>" for group in model.groups)
    return [
        f"<h2>{len(segments)} segments{groups}</h2>",
        f"<ul>{listed}</ul>" if listed else "",
        f"<div class='cards'>{body}</div>",
    ]


def _group_words(group: Group) -> str:
    revenue = "" if group.revenue_share is None else f" and {percent(group.revenue_share)} of revenue"
    inside = ", ".join(group.segments)
    return (
        f"<strong>{escape(group.name)}</strong> <span class='quiet'>({escape(group.id)}: {escape(inside)})</span>, "
        f"{percent(group.share)} of customers{revenue}. {escape(group.description)}"
    )


def _card(
    segment: Segment, card: Mapping[str, Any], names: Mapping[str, str], currency: str, above: Group | None
) -> str:
    group = f" · group {above.id}" if above else ""
    parts = [
        f"<article class='card' id='{escape(segment.id)}'><h3>{escape(segment.name)}</h3>",
        f"<p class='quiet' lang='fr'>{escape(french(segment.name))}</p>",
        f"<p class='quiet'>{escape(segment.id)} · {segment.size:,} customers · {percent(segment.share)}{group}</p>",
        f"<p>{escape(segment.description)}</p>",
        _economics(card.get("economics"), currency),
        _next_period(card.get("next_period"), currency),
        _year(card.get("value_365d"), currency),
        _listed("What sets it apart", [each["words"] for each in card.get("sets_apart", [])]),
        *(_listed(head, [each["words"] for each in card.get(name, [])]) for name, head in LISTS.items()),
        _moves(card.get("moves"), names),
        _rule(card.get("rule")),
    ]
    near = names.get(str((card.get("similarity") or {}).get("nearest")))
    parts.append(f"<p class='quiet'>Nearest: {escape(near)}</p>" if near else "")
    return "".join([*parts, "</article>"])


def _economics(found: Mapping[str, float | None] | None, currency: str) -> str:
    if found is None:
        return "<p class='quiet'>Too few customers for figures.</p>"
    rows = [
        f"<dt>{escape(words)}</dt><dd>{_value(found[name], kind, currency)}</dd>"
        for name, (words, kind) in ECONOMICS.items()
        if found.get(name) is not None
    ]
    return f"<dl>{''.join(rows)}</dl>"


def _value(value: float | None, kind: str, currency: str) -> str:
    if value is None:
        return "–"
    if kind == "share":
        return percent(value)
    return escape(f"{value_words('', value)} {currency if kind == 'money' else ''}".strip())


def _next_period(found: Mapping[str, Any] | None, currency: str) -> str:
    if found is None:
        return ""
    spend, bought = found["spend"], found["bought_share"]
    money = [_value(spend[name], "money", "") for name in ("mean", "low", "high")]
    shares = [percent(bought[name]) for name in ("mean", "low", "high")]
    return (
        f"<p>Customers who were here {found['days']:.0f} days ago have spent {money[0]} {escape(currency)} each since "
        f"({money[1]} to {money[2]}), and {shares[0]} bought again ({shares[1]} to {shares[2]}).</p>"
    )


def _year(found: Mapping[str, float] | None, currency: str) -> str:
    if found is None:
        return ""
    mean, low, high = (_value(found[name], "money", "") for name in ("mean", "low", "high"))
    return (
        f"<p>If customers go on spending and changing segment as in the last period, one of them spends {mean} "
        f"{escape(currency)} in a year ({low} to {high}).</p>"
    )


def _moves(found: Mapping[str, Any] | None, names: Mapping[str, str]) -> str:
    if found is None:
        return ""
    came, left = (sum(found[side].values()) for side in ("came", "left"))
    main = {
        side: max((id_ for id_ in found[side] if id_ != "others"), key=lambda each: found[side][each], default="")
        for side in ("came", "left")
    }
    words = f"In {found['days']:.0f} days {came:,} came{_chiefly('from', main['came'], names)} and {left:,} "
    words += f"left{_chiefly('for', main['left'], names)}; {found['stayed']:,} stayed."
    return f"<p>{escape(words)}</p>"


def _chiefly(word: str, id_: str, names: Mapping[str, str]) -> str:
    return f", most {word} {id_} {names.get(id_, '')}".rstrip() if id_ else ""


def _listed(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<strong>{escape(title)}</strong><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _rule(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    how = (
        f"{percent(found['precision'])} of who meets this is in the segment, {percent(found['recall'])} of it meets it"
    )
    return _listed("To recognise them", found["conditions"]) + f"<p class='quiet'>{how}.</p>"


def _similarity(segments: Iterable[Segment], cards: Mapping[str, Mapping[str, Any]]) -> str:
    """Distances within each segment, on the diagonal, and between them."""
    known = [each for each in segments if cards.get(each.id, {}).get("similarity")]
    if len(known) < 2:
        return ""
    head = "".join(f"<th>{escape(each.id)}</th>" for each in known)
    rows = "".join(_distances(each, cards[each.id]["similarity"], known) for each in known)
    return (
        "<h2>Alike inside, different outside</h2><p class='quiet'>Mean distance between two customers, in standard "
        "deviations a feature: inside a segment in bold, else between two segments.</p>"
        f"<div class='scroll'><table><tr><th></th>{head}</tr>{rows}</table></div>"
    )


def _distances(segment: Segment, found: Mapping[str, Any], known: Sequence[Segment]) -> str:
    cells = "".join(
        f"<td><strong>{found['within']:.2f}</strong></td>"
        if each.id == segment.id
        else f"<td>{found['between'][each.id]:.2f}</td>"
        for each in known
    )
    return f"<tr><th>{escape(segment.id)} {escape(segment.name)}</th>{cells}</tr>"


def _migration(segments: Iterable[Segment], cards: Mapping[str, Mapping[str, Any]]) -> str:
    """Who moved in the last period, from the segments in rows to those in columns."""
    moved = {each.id: cards[each.id]["moves"] for each in segments if cards.get(each.id, {}).get("moves")}
    if len(moved) < 2:
        return ""
    days = next(iter(moved.values()))["days"]
    head = "".join(f"<th>{escape(id_)}</th>" for id_ in moved)
    rows = "".join(
        f"<tr><th>{escape(each.id)} {escape(each.name)}</th>{_row_of_moves(each.id, moved)}</tr>"
        for each in segments
        if each.id in moved
    )
    return (
        f"<h2>Who moved in {days:.0f} days</h2><p class='quiet'>Customers by their segment then, in rows, and now, in "
        f"columns, by these segments at both dates, so that only behaviour moves them; numbers of a few are not "
        f"shown.</p><div class='scroll'><table><tr><th></th>{head}</tr>{rows}</table></div>"
    )


def _row_of_moves(id_: str, moved: Mapping[str, Mapping[str, Any]]) -> str:
    counts = [found["stayed"] if other == id_ else found["came"].get(id_) for other, found in moved.items()]
    cells = ["–" if n is None else f"{n:,}" for n in counts]
    return "".join(
        f"<td><strong>{cell}</strong></td>" if other == id_ else f"<td>{cell}</td>"
        for other, cell in zip(moved, cells, strict=True)
    )


def _ledger(model: Segmenter) -> str:
    """What became of segments since the first ones."""
    first = model.ledger[0].day if model.ledger else ""
    lines = [
        f"{event.day}: {event.id} {event.name} {event.kind}" + (f" ({', '.join(event.others)})" if event.others else "")
        for event in model.ledger
        if not (event.kind == "born" and event.day == first)
    ]
    return f"<h2>What became of segments</h2>{_listed('', lines)}" if lines else ""
