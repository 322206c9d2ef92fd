"""Names that shops give to their columns and files, in English and French, likeliest first.

Names are compared as :func:`words_of` reads them, so ``orderId``, ``Order ID`` and ``order_id`` are one name, and so
are ``Qté`` and ``QTE``. A name that is not a canonical column is a part of one: ``total`` is the money of a whole line.
"""

import re
import unicodedata
from collections.abc import Mapping

_AT = (
    "order date, ordered at, order datetime, purchase date, purchased at, invoice date, transaction date, "
    "transaction timestamp, sale date, sold on, sold at, order timestamp, created at, date created, timestamp, "
    "datetime, date time, happened at, date, at, day, paid at, payment date, date commande, date de commande, "
    "commande le, date achat, date d achat, date vente, date de vente, date facture, date de facturation, "
    "date ticket, date de creation, cree le, horodatage, date heure, jour, time, created date time, date add, ts, "
    "event ts"
)
_CUSTOMER = (
    "customer id, customer no, customer number, customer code, customer, client id, client no, client number, user id, "
    "member id, account id, buyer id, shopper id, household id, household key, contact id, visitor id, id client, "
    "no client, n client, numero client, num client, code client, ref client, identifiant client, client, id adherent, "
    "adherent, numero carte, no carte, carte fidelite, loyalty card, card no, card number, user, member, buyer, "
    "acheteur, cust account, account num, account no, "
    "customer email, email client, email, e mail, mail, courriel, adresse email, adresse mail"
)
_PRODUCT = (
    "product id, sku, product sku, item sku, product code, item code, item id, article id, stock code, article no, "
    "variant sku, id produit, ref produit, reference produit, code produit, id article, ref article, "
    "reference article, code article, reference, ref, ean, upc, gtin, code barre, gencod, barcode, product, item, "
    "article, produit, product name, item name, nom produit, nom article, designation, libelle, description"
)
_CLOCK = "order time, time, purchase time, heure, heure commande, heure achat, heure de vente"
_CHANNEL = "channel, sales channel, order channel, canal, canal de vente, store, magasin, boutique, point de vente"
_KNOWN = "recorded at, known at"

NAMES: Mapping[str, Mapping[str, str]] = {
    "orders": {
        "order_id": "order id, order no, order number, order nr, order ref, order reference, order code, invoice id, "
        "invoice no, invoice number, transaction id, transaction no, basket id, receipt id, receipt no, ticket id, "
        "ticket no, sale id, sales id, bill no, order, invoice, receipt, ticket, no commande, n commande, "
        "numero commande, "
        "numero de commande, num commande, id commande, ref commande, reference commande, commande, numero facture, "
        "no facture, n facture, facture, numero ticket, no ticket, ticket de caisse, id panier, panier, id vente, "
        "id",
        "customer_id": _CUSTOMER,
        "at": _AT,
        "clock": _CLOCK,
        "product_id": _PRODUCT,
        "quantity": "quantity, qty, quantity ordered, sales qty, units, item quantity, number of items, quantite, qte, "
        "quantite commandee, qte commandee, nombre, nb, nb articles, unites, pieces, count",
        "unit_price": "unit price, price per unit, price each, item price, item cost, sale price, selling price, "
        "price, prix unitaire, prix unitaire ttc, prix u, pu, pu ttc, prix de vente, prix vente, prix ttc, prix, "
        "tarif, montant unitaire, prix unitaire ht, pu ht, prix ht",
        "total": "line total, line amount, item total, sales value, total price, amount, total amount, order total, "
        "grand total, total, net amount, subtotal, revenue, sales, dollar value, spend, montant ligne, total ligne, "
        "montant ttc, total ttc, prix total, montant total, total commande, montant, ca ttc, ca, montant ht, total ht",
        "discount": "line discount, discount amount, discount, rebate, remise, montant remise, reduction, rabais",
        "channel": _CHANNEL,
        "kind": "order type, transaction type, line type, sale type, type de vente, type commande, type ligne, "
        "nature, sens, type, kind",
        "status": "order status, financial status, payment status, status, state, statut commande, etat commande, "
        "statut, etat",
        "currency": "currency, currency code, devise, monnaie",
    },
    "customers": {
        "customer_id": _CUSTOMER.replace("customer id,", "customer id, id, customer key,", 1),
        "signed_up_at": "signed up at, sign up date, signup date, registered at, registration date, join date, "
        "joined at, joined on, member since, customer since, created at, date created, date inscription, "
        "date d inscription, inscrit le, date adhesion, date d adhesion, date de creation, date creation, cree le",
        "birth_year": "birth year, year of birth, annee naissance, annee de naissance",
        "birth_date": "birth date, birthdate, date of birth, birthday, dob, date naissance, date de naissance, ne le",
        "gender": "gender, sex, sexe, genre, civilite",
        "income_band": "income band, income, tranche revenu, tranche de revenu, revenu",
        "family_status": "family status, marital status, situation familiale, etat civil",
        "education": "education, education level, diplome, niveau etudes",
        "country": "country, country code, billing country, pays, code pays",
        "region": "region, state, province, county, departement",
        "city": "city, town, billing city, ville, commune",
        "language": "language, locale, langue",
        "interests": "interests, centres d interet",
        "acquisition_channel": "acquisition channel, utm source, acquired by, canal acquisition, canal d acquisition, "
        "origine",
        "company_id": "company id, siret, siren, company, entreprise, societe, raison sociale",
        "sector": "sector, industry, secteur, secteur activite",
        "status": "account status, status, statut",
        "consent": "consent, accepts marketing, accepts email marketing, marketing consent, opt in, optin, newsletter, "
        "consentement, accepte marketing, abonne newsletter",
        "known_at": _KNOWN,
    },
    "products": {
        "product_id": _PRODUCT.replace("product id,", "product id, id,", 1),
        "name": "product name, item name, name, title, nom produit, nom article, nom, designation, libelle, titre, "
        "description",
        "category": "category, product category, product type, type, department, categories, categorie, famille, "
        "rayon, gamme, type de produit",
        "brand": "brand, vendor, manufacturer, marque, fabricant",
        "price": "list price, regular price, retail price, price, variant price, prix catalogue, prix de vente, "
        "prix ttc, prix",
        "unit_cost": "unit cost, cost price, cost, cost per item, purchase price, cout, prix achat, prix d achat, "
        "prix de revient, pa ht",
    },
    "events": {
        "customer_id": _CUSTOMER,
        "at": _AT.replace("order date", "event timestamp, event time, event date, order date", 1),
        "clock": _CLOCK,
        "kind": "event name, event type, event, action, activity, kind, evenement, type evenement, nom evenement, type",
        "session_id": "session id, session, visit id, visit, user session, id session, visite",
        "product_id": _PRODUCT,
        "duration_s": "duration s, duration seconds, seconds, duration, duree, duree s",
        "channel": "device, platform, device category, channel, appareil, canal",
    },
    "touches": {
        "customer_id": _CUSTOMER,
        "at": _AT.replace("order date", "sent at, send time, date envoi, date d envoi, order date", 1),
        "campaign_id": "campaign id, campaign, campaign name, mailing, id campagne, campagne, nom campagne, "
        "newsletter id",
        "channel": "channel, medium, message type, canal",
        "kind": "reaction, event, action, activity, event type, kind, status, evenement, statut, type",
    },
    "feedback": {
        "customer_id": _CUSTOMER,
        "at": _AT.replace("order date", "answered at, response date, review date, date avis, order date", 1),
        "score": "score, rating, nps, nps score, csat, stars, note, etoiles",
        "topic": "topic, theme, sujet",
        "text": "text, comment, review, review text, feedback, message, body, commentaire, avis, verbatim, texte",
        "kind": "kind, survey, survey type, type, enquete",
    },
    "subscriptions": {
        "customer_id": _CUSTOMER,
        "plan": "plan, plan name, plan id, subscription plan, contract type, formule, abonnement, offre, "
        "type abonnement",
        "price": "price, fee, plan amount, monthly fee, amount, tarif, prix, montant, mensualite",
        "started_at": "started at, start date, subscription start, start, created at, date debut, "
        "date de debut, debut",
        "renews_at": "renews at, renewal date, next billing date, current period end, date renouvellement, echeance",
        "ended_at": "ended at, end date, cancelled at, canceled at, ended, date fin, date de fin, "
        "date resiliation, fin",
    },
    "campaigns": {
        "campaign_id": "campaign id, campaign code, campaign, id campagne, code campagne, campagne, id, code",
        "name": "campaign name, name, title, subject, nom campagne, nom de la campagne, nom, titre, objet, libelle",
        "channel": "channel, medium, message type, canal, support",
        "strategy": "strategy, objective, goal, objectif, strategie, but",
        "topics": "topics, topic, themes, theme, sujet, thematique",
        "offer": "offer, promotion, promo, incentive, offre, avantage",
        "cost": "cost, total cost, budget, cout, cout total, depense",
        "starts_at": "starts at, start date, launch date, launched at, sent at, send time, start, date debut, "
        "date de debut, date de lancement, date envoi, date d envoi, debut, date",
        "ends_at": "ends at, end date, end, date fin, date de fin, fin",
    },
    "loyalty": {
        "customer_id": _CUSTOMER,
        "at": _AT,
        "kind": "movement type, movement, operation, transaction type, kind, type, type mouvement, mouvement, "
        "type operation, sens",
        "points": "points, points n, number of points, nb points, nombre de points",
        "tier": "tier, loyalty tier, level, status, palier, niveau, statut fidelite, statut",
    },
    "market": {
        "period": "period, month, quarter, year, periode, mois, trimestre, annee",
        "competitor": "competitor, player, retailer, concurrent, enseigne, acteur",
        "customers_n": "customers n, customers, buyers, households, clients, acheteurs, foyers",
        "spend": "spend, sales, revenue, market size, turnover, ventes, ca, chiffre d affaires, depenses",
        "margin": "margin, marge",
        "source": "source",
    },
    "contacts": {
        "email": "email, e mail, email address, mail, courriel, adresse email, adresse mail, adresse e mail",
        "phone": "phone, phone number, telephone, telephone number, mobile, mobile phone, tel, portable, "
        "numero de telephone, no telephone, tel portable",
        "first_name": "first name, firstname, given name, forename, prenom",
        "last_name": "last name, lastname, surname, family name, nom de famille, nom",
        "address_street": "address street, street, address, address 1, address line 1, street address, rue, adresse, "
        "adresse postale, adresse 1",
        "address_postcode": "address postcode, postcode, postal code, zip code, zip, code postal, cp",
        "address_city": "address city, city, town, ville, commune",
        "address_region": "address region, region, state, province, county, departement",
        "address_country": "address country, country, country code, pays, code pays",
        "consent_email": "consent email, email consent, accepts email marketing, email opt in, optin email, "
        "email marketing consent, accepts marketing, newsletter, opt in, optin, consent, consentement email, "
        "accepte email, abonne newsletter",
        "consent_sms": "consent sms, sms consent, accepts sms marketing, sms opt in, optin sms, consentement sms, "
        "accepte sms",
        "consent_phone": "consent phone, phone consent, phone opt in, optin phone, consentement telephone",
        "consent_post": "consent post, post consent, postal opt in, consentement courrier, accepte courrier",
    },
}  # fmt: skip
"""By table, the phrases for each canonical column, or for a part of one (``clock``, ``total``, ``birth_date``, ...)."""

FILES: Mapping[str, str] = {
    "orders": "order orders sale sales transaction transactions line lines invoice invoices basket baskets purchase "
    "purchases receipt receipts commande commandes vente ventes facture factures ligne lignes achat achats caisse",
    "customers": "customer customers client clients member members user users register demographics adherent adherents "
    "clientele contact contacts",
    "products": "product products catalog catalogue article articles item items produit produits stock",
    "events": "event events visit visits click clicks session sessions clickstream web evenement evenements visite "
    "visites navigation",
    "touches": "touch touches email emails campaign campaigns mailing mailings send sends sms push envoi envois "
    "campagne campagnes",
    "feedback": "feedback review reviews nps survey surveys csat rating ratings avis enquete enquetes",
    "subscriptions": "subscription subscriptions contract contracts membership memberships abonnement abonnements "
    "contrat contrats",
    "campaigns": "campaign campaigns campagne campagnes mailing mailings",
    "loyalty": "loyalty points rewards fidelite fidelity",
    "market": "market marche panel competitor competitors concurrent concurrents concurrence",
}
"""By table, words in the names of its files."""

FRENCH = frozenset({
    "commande", "client", "clients", "facture", "prix", "quantite", "qte", "montant", "produit", "article",
    "remise", "achat", "vente", "ventes", "ville", "pays", "naissance", "inscription", "numero", "libelle",
    "designation", "heure", "canal", "statut", "devise",
})  # fmt: skip
"""Words that only French columns and files have."""

WHOLE = frozenset({"id", "type", "kind", "name", "nom", "count", "state", "time"})
"""Phrases that say something only if they are the whole name."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATED = re.compile(r"[^a-z0-9]+")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, without accents or capitals.

    >>> words_of("customerID"), words_of("N° Commande"), words_of("Qté")
    (('customer', 'id'), ('n', 'commande'), ('qte',))
    """
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", name).replace("°", " "))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()
    return tuple(word for word in _SEPARATED.split(letters) if word)


def likeness(name: str, phrases: str) -> int:
    """How well a column's name fits a list of phrases: 100 and less for a phrase itself, 50 and less if it has more.

    >>> likeness("orderNo", NAMES["orders"]["order_id"]) > likeness("my order no", NAMES["orders"]["order_id"]) > 0
    True
    >>> likeness("colour", NAMES["orders"]["order_id"])
    0
    """
    words, best = words_of(name), 0
    for place, phrase in enumerate(phrases.split(", ")):
        wanted = tuple(phrase.split())
        if "".join(wanted) == "".join(words):
            best = max(best, 100 - place)
        elif phrase not in WHOLE and _contains(words, wanted):
            best = max(best, 50 - min(place, 20) - 5 * (len(words) - len(wanted)))
    return best


def _contains(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    n = len(wanted)
    return any(words[k : k + n] == wanted for k in range(len(words) - n + 1))


def is_french(names: Mapping[str, object] | list[str]) -> bool:
    """Whether at least two different French words stand in the names of columns."""
    return len(FRENCH.intersection(word for name in names for word in words_of(name))) >= 2
