"""``report.html`` of a segmentation: the verdict, a card a segment and the plots, in one file that needs no other."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from models.charts import percent
from models.segments.catalogue import Segment
from models.segments.clusterers import NOISE
from models.segments.french import french
from models.segments.hierarchy import Group, parents
from models.segments.segmenter import Segmenter
from models.words import value_words

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #24292e; margin: 0 auto; max-width: 70rem; padding: 1rem; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 0; } p { margin: .4rem 0; }
.verdict { border-left: .4rem solid #4c9f70; background: #f3f8f5; padding: .6rem 1rem; }
.verdict.unsound { border-color: #d1603d; background: #fbf3f0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
.card { border: 1px solid #d9dcdf; border-radius: .5rem; padding: .8rem 1rem; overflow-wrap: anywhere; }
.card dl { display: grid; grid-template-columns: 1fr auto; gap: .1rem .8rem; margin: .5rem 0; }
.card dt { color: #57606a; } .card dd { margin: 0; text-align: right; }
.card ul { margin: .2rem 0; padding-left: 1.1rem; } .quiet { color: #57606a; font-size: .9rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; }
td, th { border: 1px solid #d9dcdf; padding: .25rem .5rem; text-align: right; }
td:first-child, th:first-child { text-align: left; } img { max-width: 100%; height: auto; }
"""

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
        _ledger(model),
        *(_picture(folder / name, words) for name, words in PICTURES.items() if (folder / name).is_file()),
    ]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


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


def _ledger(model: Segmenter) -> str:
    """What became of segments since the first ones."""
    first = model.ledger[0].day if model.ledger else ""
    lines = [
        f"{event.day}: {event.id} {event.name} {event.kind}" + (f" ({', '.join(event.others)})" if event.others else "")
        for event in model.ledger
        if not (event.kind == "born" and event.day == first)
    ]
    return f"<h2>What became of segments</h2>{_listed('', lines)}" if lines else ""


def _picture(path: Path, words: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f"<h2>{escape(words)}</h2><img alt='{escape(words)}' src='data:image/png;base64,{data}'>"
