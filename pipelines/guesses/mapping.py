"""Matching raw columns with canonical columns, and raw files with canonical tables."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.guesses.content import Content
from pipelines.guesses.levels import NO, YES, kind_of
from pipelines.guesses.look import RawColumn, RawTable
from pipelines.guesses.words import FILES, NAMES, likeness, words_of

BY_NAME = "its name"
BY_VALUES = "its values only"
UNIQUE = 0.95
"""Share of different ids from which a file has one row for each."""

NAMED = frozenset({
    "name", "nom", "prenom", "firstname", "lastname", "first", "last", "phone", "telephone", "tel", "address",
    "adresse", "street", "rue", "zip", "postal", "city", "ville", "country", "pays", "age", "segment", "group",
    "groupe", "count", "total", "type",
})  # fmt: skip
NO_MONEY_OF_GOODS = frozenset({
    "tax", "taxes", "tva", "vat", "shipping", "livraison", "port", "frais", "fee", "fees", "discount", "remise",
    "reduction", "refund", "refunded", "rembourse", "cost", "cout", "tip", "weight", "poids", "compare", "items",
    "qty",
})  # fmt: skip
PERIOD = re.compile(r"\d{4}(-(Q[1-4]|\d{2}))?")
VETOES: Mapping[str, frozenset[str]] = {
    "customer_id": NAMED,
    "order_id": NAMED | {"date", "status", "statut", "amount", "montant", "channel", "time", "line", "ligne"},
    "product_id": NAMED - {"name", "nom"} | {"price", "prix", "category", "categorie", "quantity", "qte", "brand"},
    "total": NO_MONEY_OF_GOODS,
    "unit_price": NO_MONEY_OF_GOODS | {"total"},
    "price": NO_MONEY_OF_GOODS,
    "discount": frozenset({"code", "percent", "rate", "taux", "reason", "motif"}),
    "quantity": frozenset({"stock", "refunded", "returned", "retournee"}),
}
"""Words that say that a name is about something else, unless the whole name is a known one."""


@dataclass(frozen=True)
class Match:
    """The raw column that is taken for a canonical one, why, and how surely (1 to 100)."""

    column: RawColumn
    by: str
    likeness: int


Matches = Mapping[str, Match]

ONLY_SO_CALLED = frozenset({"campaigns", "loyalty", "market"})
"""Tables whose columns are so common that the file's name has to say it."""


def _times(content: Content) -> bool:
    return bool(content.times)


def _number(content: Content) -> bool:
    return content.numbers is not None


def _id(content: Content) -> bool:
    return content.epoch is not None or not content.times or content.numbers == "plain"


def _levels(content: Content) -> bool:
    return bool(content.levels) and content.numbers is None


def _yes_or_no(content: Content) -> bool:
    return bool(content.levels) and {level.lower() for level in content.levels} <= {*YES, *NO}


def _address(content: Content) -> bool:
    return content.numbers is None and not content.times


def _period(content: Content) -> bool:
    return bool(content.levels) and all(PERIOD.fullmatch(level) for level in content.levels)


FITS: Mapping[str, Callable[[Content], bool]] = {
    **dict.fromkeys(
        (
            "at",
            "signed_up_at",
            "started_at",
            "renews_at",
            "ended_at",
            "known_at",
            "birth_date",
            "starts_at",
            "ends_at",
        ),
        _times,
    ),
    **dict.fromkeys(
        (
            "quantity",
            "unit_price",
            "total",
            "discount",
            "price",
            "unit_cost",
            "duration_s",
            "score",
            "cost",
            "points",
            "customers_n",
            "spend",
            "margin",
        ),
        _number,
    ),
    **dict.fromkeys(("order_id", "customer_id", "product_id", "campaign_id", "session_id"), _id),
    **dict.fromkeys(("kind", "status", "currency", "gender", "tier"), _levels),
    **dict.fromkeys(("consent", "consent_email", "consent_sms", "consent_phone", "consent_post"), _yes_or_no),
    "email": _address,
    "period": _period,
    "clock": lambda content: content.clock,
    "birth_year": lambda content: content.whole,
}
"""What the values of a column must look like, whatever its name is."""


def match(table: str, raw: RawTable) -> dict[str, Match]:
    """The best raw column for each canonical one, surest names first; a raw column is taken once."""
    possible = [
        (score, canonical, column)
        for canonical, phrases in NAMES[table].items()
        for column in raw.columns
        if column.content.filled and FITS.get(canonical, _anything)(column.content)
        if (score := _score(canonical, phrases, column.name)) > 0
    ]
    found: dict[str, Match] = {}
    for score, canonical, column in sorted(possible, key=lambda each: -each[0]):
        if canonical not in found and column.name not in {taken.column.name for taken in found.values()}:
            found[canonical] = Match(column, BY_NAME, score)
    return found | _by_values(table, raw, found)


def _anything(content: Content) -> bool:  # noqa: ARG001 - the signature of a predicate
    return True


def _score(canonical: str, phrases: str, name: str) -> int:
    score = likeness(name, phrases)
    vetoed = VETOES.get(canonical, frozenset()).intersection(words_of(name))
    return 0 if vetoed and score <= 50 else score


def _by_values(table: str, raw: RawTable, found: Matches) -> dict[str, Match]:
    """Where no name fits: the only time, the only amount of an order, the only id that comes again, the only kinds."""
    taken = {each.column.name for each in found.values()}
    free = [column for column in raw.columns if column.name not in taken and column.content.filled]
    times = [column for column in free if column.content.times and not column.content.epoch]
    only: dict[str, list[RawColumn]] = {}
    if table == "orders":
        amounts = [c for c in free if c.content.numbers and not c.content.whole and not c.content.times]
        ids = [c for c in free if c not in times and c not in amounts and 0.02 < c.content.distinct < UNIQUE]
        only = {"at": times, "customer_id": ids} | ({} if "total" in found else {"unit_price": amounts})
    elif table in {"events", "touches"}:
        kinds = [c for c in free if any(kind_of(table, level) for level in c.content.levels)]
        only = {"at": times, "kind": kinds}
    return {
        name: Match(columns[0], BY_VALUES, 1)
        for name, columns in only.items()
        if name not in found and len(columns) == 1
    }


@dataclass(frozen=True)
class Filled:
    """A canonical table and the raw table it is guessed to come from; ``header`` has what its lines lack."""

    table: str
    raw: RawTable
    matches: Matches
    header: tuple[RawTable, Matches] | None = None


def fills(table: str, matches: Matches) -> bool:
    """Whether the matches are enough to fill the canonical table."""
    has = set(matches)
    if table == "orders":
        return {"customer_id", "at"} <= has and bool({"unit_price", "total"} & has)
    needs = {
        "customers": {"customer_id"},
        "products": {"product_id"},
        "events": {"customer_id", "at", "kind"},
        "touches": {"customer_id", "at", "kind"},
        "feedback": {"customer_id", "at"},
        "subscriptions": {"customer_id", "plan", "started_at"},
        "campaigns": {"campaign_id"},
        "loyalty": {"customer_id", "at", "points"},
        "market": {"period"},
    }[table]
    if not needs <= has:
        return False
    if table == "loyalty" and "kind" not in has:
        return matches["points"].column.content.negative
    if table in {"events", "touches", "loyalty"}:
        return any(kind_of(table, level) for level in matches["kind"].column.content.levels)
    if table == "customers":
        return len(has) > 1 and matches["customer_id"].column.content.distinct >= UNIQUE
    if table == "products":
        return len(has) > 1 and matches["product_id"].column.content.distinct >= UNIQUE
    if table == "campaigns":
        return bool({"name", "starts_at"} & has) and matches["campaign_id"].column.content.distinct >= UNIQUE
    if table == "market":
        return bool({"customers_n", "spend", "margin"} & has)
    return table != "feedback" or bool({"score", "text"} & has)


def guess(tables: tuple[RawTable, ...]) -> list[Filled]:
    """The canonical tables that the raw ones can fill, each of both at most once; the surest first."""
    joined = _lines_and_header(tables)
    found = {"orders": joined} if joined else {}
    used = {joined.raw.alias, joined.header[0].alias} if joined and joined.header else set()
    rated = [
        (_rating(table, raw, matches), Filled(table, raw, matches))
        for raw in tables
        for table in FILES
        if fills(table, matches := match(table, raw)) and (table not in ONLY_SO_CALLED or _is_called(table, raw))
    ]
    for _, each in sorted(rated, key=lambda pair: -pair[0]):
        if each.table not in found and each.raw.alias not in used:
            found[each.table] = each
            used.add(each.raw.alias)
    return [found[table] for table in FILES if table in found]


def _rating(table: str, raw: RawTable, matches: Matches) -> float:
    """Sum of the likenesses, and what the file's name says."""
    return sum(each.likeness for each in matches.values()) + 200 * _is_called(table, raw)


def _is_called(table: str, raw: RawTable) -> bool:
    """Whether a word in the file's name says that it fills the table."""
    return bool(set(FILES[table].split()).intersection(words_of(raw.pattern)))


def _lines_and_header(tables: tuple[RawTable, ...]) -> Filled | None:
    """Orders in two files: lines with product and price, and a header with customer and date, joined by the order."""
    matched = [(raw, match("orders", raw)) for raw in tables]
    lines = [
        (raw, matches)
        for raw, matches in matched
        if {"order_id", "product_id"} <= set(matches) and {"unit_price", "total"} & set(matches)
        if not {"customer_id", "at"} <= {name for name, each in matches.items() if each.by == BY_NAME}
        if words_of(matches["order_id"].column.name) != ("id",)  # a line's own
    ]
    for raw, matches in lines:
        for header, about in matched:
            has = {"order_id", "customer_id", "at"} <= set(about)
            if header is not raw and has and about["order_id"].column.content.distinct >= UNIQUE:
                return Filled("orders", raw, matches, (header, about))
    return None
