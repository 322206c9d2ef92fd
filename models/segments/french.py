"""Segment names in French: the same words that made the English name, put together as a French speaker would."""

import re
from collections.abc import Mapping

FIXED: Mapping[str, str] = {
    "No clear segment": "Sans segment net",
    "Champions": "Champions",
    "Loyal customers": "Clients fidèles",
    "Can't lose them": "À ne pas perdre",
    "Potential loyalists": "Futurs fidèles",
    "Need attention": "À relancer",
    "Hibernating": "En sommeil",
    "New customers": "Nouveaux clients",
    "About to sleep": "Sur le point de s'endormir",
    "Lost": "Perdus",
}
"""Names that clusterers give themselves, and that of customers in no segment."""
NUMBERED: Mapping[str, str] = {
    "Nobody yet, group": "Personne encore, groupe",
    "Spend group": "Groupe de dépense",
}
OFTEN: Mapping[str, str] = {
    "one-time": "d'un seul achat",
    "frequent": "fréquents",
    "repeat": "réguliers",
    "occasional": "occasionnels",
}
MUCH: Mapping[str, str] = {"big-order": "à gros paniers", "small-order": "à petits paniers"}
LATELY: Mapping[str, str] = {"lapsed": "perdus de vue", "fading": "qui s'éloignent", "active": "actifs"}
DETAILS: Mapping[str, str] = {
    "who send much back": "qui renvoient beaucoup",
    "who buy at a discount": "amateurs de promotions",
    "of the weekend": "du week-end",
    "of the evening": "du soir",
    "larger orders": "commandes plus grosses",
    "smaller orders": "commandes plus petites",
    "more often": "plus souvent",
    "less often": "moins souvent",
    "longer ago": "plus anciens",
    "more recent": "plus récents",
    "long-standing": "de longue date",
    "newer": "arrivés plus tard",
    "more returns": "plus de retours",
    "fewer returns": "moins de retours",
    "more discounts": "plus de remises",
    "fewer discounts": "moins de remises",
    "wider choice of categories": "plus de catégories",
    "fewer categories": "moins de catégories",
    "wider choice": "choix plus large",
    "narrower choice": "choix plus étroit",
    "dearer products": "produits plus chers",
    "cheaper products": "produits moins chers",
    "longer pauses": "pauses plus longues",
    "shorter pauses": "pauses plus courtes",
    "more on weekends": "plutôt le week-end",
    "more on weekdays": "plutôt en semaine",
    "more in the evening": "plutôt le soir",
    "more by day": "plutôt en journée",
    "higher spend": "dépense plus élevée",
    "lower spend": "dépense plus faible",
    "group": "groupe",
    "and": "et",
}
"""Traits, contrasts and what joins them."""
CORE = re.compile(
    rf"^(?P<lately>new|{'|'.join(LATELY)})?\s*(?P<much>{'|'.join(MUCH)})?\s*(?P<often>{'|'.join(OFTEN)})?\s*"
    r"(?P<who>big spenders|buyers)(?P<details>.*)$",
    re.IGNORECASE,
)
WORDS = re.compile("|".join(rf"\b{re.escape(each)}\b" for each in sorted(DETAILS, key=len, reverse=True)))


def french(name: str) -> str:
    """The name in French; one that this product did not make stays as it is.

    >>> french("Lapsed big-order one-time buyers"), french("New repeat buyers of the evening, larger orders")
    ("Acheteurs d'un seul achat à gros paniers, perdus de vue", 'Nouveaux acheteurs réguliers du soir, commandes plus \
grosses')
    >>> french("Frequent big spenders, more often and dearer products"), french("Nobody yet, group 3")
    ('Gros acheteurs fréquents, plus souvent et produits plus chers', 'Personne encore, groupe 3')
    """
    if name in FIXED:
        return FIXED[name]
    words, _, number = name.rpartition(" ")
    if words in NUMBERED:
        return f"{NUMBERED[words]} {number}"
    found = CORE.match(name)
    return name if found is None else _composed(found)


def _composed(found: "re.Match[str]") -> str:
    lately, much, often = ((found[part] or "").lower() for part in ("lately", "much", "often"))
    who = "gros acheteurs" if found["who"].lower() == "big spenders" else "acheteurs"
    words = ["nouveaux" if lately == "new" else "", who, OFTEN.get(often, ""), MUCH.get(much, "")]
    core = " ".join(word for word in words if word)
    core += f", {LATELY[lately]}" if lately in LATELY else ""
    return core[:1].upper() + core[1:] + WORDS.sub(lambda word: DETAILS[word[0]], found["details"])
