"""Words for kinds of events, reactions and order lines, in English and French, and the canonical kind of each."""

from collections.abc import Iterable, Mapping

from pipelines.guesses.words import words_of

KINDS: Mapping[str, Mapping[str, str]] = {
    "orders": {
        "return": "return, returned, refund, refunded, credit, credit note, retour, avoir, remboursement, rembourse",
        "sale": "sale, order, purchase, vente, achat, commande, facture, invoice",
    },
    "events": {
        "page_view": "page view, pageview, view, visit, page, page vue, session start, visite",
        "product_view": "product view, product viewed, view item, view product, detail, item view, product detail, "
        "vue produit",
        "add_to_cart": "add to cart, product added, addtocart, cart, add, ajout panier, panier",
        "remove_from_cart": "remove from cart, product removed, remove, retrait panier",
        "checkout": "checkout, checkout started, order completed, begin checkout, start checkout, transaction, "
        "purchase, paiement, achat",
        "search": "search, products searched, view search results, recherche",
        "login": "login, log in, sign in, connexion",
        "help": "help, support, aide",
        "feature_use": "feature use, feature, use, usage",
    },
    "touches": {
        "sent": "sent, send, delivered, deliver, received, envoye, envoi, recu",
        "open": "open, opened, opens, ouvert, ouverture",
        "click": "click, clicked, clicks, clic, clique",
        "unsubscribe": "unsubscribe, unsubscribed, unsub, opt out, desabonne, desabonnement, desinscription",
        "bounce": "bounce, bounced, hard bounce, soft bounce, rejete",
    },
    "feedback": {
        "nps": "nps",
        "csat": "csat, satisfaction",
        "review": "review, avis",
        "ticket": "ticket, case, claim, reclamation, sav",
    },
    "loyalty": {
        "earn": "earn, earned, credit, gain, gained, gagne, gagnes, acquis, ajout",
        "spend": "spend, spent, redeem, redeemed, redemption, burn, debit, utilise, utilises, utilisation, depense",
        "tier": "tier, tier change, upgrade, downgrade, palier, niveau, changement de statut",
    },
}
"""By table, the words of each canonical kind."""

NO_SALE = frozenset({
    "cancelled", "canceled", "cancel", "voided", "void", "failed", "pending", "unpaid", "expired", "draft",
    "declined", "abandoned", "annule", "annulee", "annulees", "echoue", "echouee", "refuse", "refusee", "impaye",
    "brouillon",
})  # fmt: skip
"""States of orders that were never paid for."""

YES = ("true", "yes", "y", "1", "oui", "o", "vrai", "subscribed", "opted in", "opt-in", "abonné", "inscrit")
NO = ("false", "no", "n", "0", "non", "faux", "unsubscribed", "opted out", "opt-out", "désabonné", "désinscrit")
"""Answers to the question for consent; any other is unknown."""


def kind_of(table: str, level: str) -> str | None:
    """The canonical kind that a shop's word stands for.

    >>> kind_of("touches", "Email Opened"), kind_of("events", "view_item"), kind_of("events", "foo")
    ('open', 'product_view', None)
    """
    words = words_of(level)
    for exact in (True, False):
        for kind, phrases in KINDS[table].items():
            for phrase in (kind.replace("_", " "), *phrases.split(", ")):
                wanted = tuple(phrase.split())
                if words == wanted or (not exact and len(words) > len(wanted) and set(wanted) <= set(words)):
                    return kind
    return None


def unpaid(levels: Iterable[str]) -> list[str]:
    """Those of a status column's values that say that nothing was bought."""
    return [level for level in levels if NO_SALE.intersection(words_of(level))]
