"""The shop's customer register: a profile at sign-up, and a new version of it when the customer reports a change.

Demography leans on the segment, too little to name it. Interests are tied to tastes, what brought customers here to
how long they stay (:mod:`population`), the company to what its contacts do (:mod:`companies`).
"""

import numpy as np
import polars as pl

from pipelines.simulation.people import companies
from pipelines.simulation.people.guests import Guests
from pipelines.simulation.people.population import FAMILY, REACHED_BY, Population, customer_numbers, numbered, pick
from pipelines.simulation.shop import towns
from pipelines.simulation.shop.product_catalogue import CATEGORIES
from pipelines.simulation.shop.segments import Bools, Floats, labels
from pipelines.simulation.shop.world import World

MOVES_A_DAY = 1 / 3000
_INCOME = ("low", "middle", "high")
_EDUCATION = ("school", "college", "university")
_FUNCTIONS = ("owner", "buyer", "office")
_MEAN_AGE = np.array([48, 44, 36, 46, 31, 38])
_SURVEYED = ("income_band", "family_status", "education")


def describe_customers(
    rng: np.random.Generator, world: World, population: Population, guests: Guests, unsubscribed_at: Floats
) -> pl.DataFrame:
    """One row a version of a profile; ``_at`` is when it was written, ``_registered`` when the customer signed up."""
    size = population.size
    registered = np.where(np.isfinite(guests.until), guests.until, population.registered)
    agreed = population.consent_from <= registered
    first = _profiles(rng, population).with_columns(
        _at=pl.Series(registered),
        _registered=pl.Series(registered),
        newsletter=labels(("no", "yes"), agreed.astype(np.int64)),
        status=labels(("lead", "customer"), (population.buys & (registered >= population.joined)).astype(np.int64)),
    )
    moves_at = registered + rng.exponential(1 / MOVES_A_DAY, size)
    moved = pl.DataFrame(towns.described(towns.elsewhere(rng, population.town)))
    changes: list[tuple[Floats, Bools, dict[str, pl.Expr | pl.Series]]] = [
        (population.joined, population.buys & (registered < population.joined), {"status": pl.lit("customer")}),
        (population.consent_from, ~agreed, {"newsletter": pl.lit("yes")}),
        (unsubscribed_at + 0.5, np.ones(size, dtype=np.bool_), {"newsletter": pl.lit("no")}),
        (moves_at, np.ones(size, dtype=np.bool_), {name: moved[name] for name in moved.columns}),
    ]
    return _versions(world, first, changes)


def _versions(
    world: World, first: pl.DataFrame, changes: list[tuple[Floats, Bools, dict[str, pl.Expr | pl.Series]]]
) -> pl.DataFrame:
    """The first profiles and, for each change, the profile with it and all that changed before."""
    changed = {name for _, _, columns in changes for name in columns}
    blank = [pl.lit(None, dtype=first.schema[name]).alias(name) for name in changed]
    versions = [first]
    for at, who, columns in changes:
        happens = who & (at < world.days) & (at > first["_registered"].to_numpy())
        written = first.with_columns(_at=pl.Series(at)).with_columns(*blank).with_columns(**columns)
        versions.append(written.filter(pl.Series(happens)))
    ordered = pl.concat(versions).sort("customer_no", "_at", maintain_order=True)
    return ordered.with_columns(pl.col(name).forward_fill().over("customer_no") for name in sorted(changed))


def _profiles(rng: np.random.Generator, population: Population) -> pl.DataFrame:
    size = population.size
    age = np.clip(rng.normal(_MEAN_AGE[population.segment], 12), 18, 90)
    interest = np.argsort(population.tastes, axis=1)[:, ::-1]
    company = population.companies
    frame = pl.DataFrame(
        {
            "customer_no": customer_numbers(population, np.arange(size)),
            "birth_year": pl.Series((2024 - age).astype(np.int64)).cast(pl.String),
            "gender": pick(rng, ("f", "m", "x"), (0.55, 0.43, 0.02), size),
            "income_band": pick(rng, _INCOME, (0.3, 0.5, 0.2), size),
            "family_status": labels(FAMILY, population.family),
            "education": pick(rng, _EDUCATION, (0.35, 0.3, 0.35), size),
            **towns.described(population.town),
            "reached_by": labels(REACHED_BY, population.reached_by),
            "interests": labels(CATEGORIES, interest[:, 0]) + ";" + labels(CATEGORIES, interest[:, 1]),
            "company_no": numbered("B", population.first + company.number + 1, 7),
            "sector": labels(companies.SECTORS, company.sector),
            "company_size": labels(companies.SIZES, company.size),
            "turnover": labels(companies.TURNOVERS, company.turnover),
            "contact_function": pick(rng, _FUNCTIONS, (0.6, 0.25, 0.15), size),
        }
    )
    firm, answered = pl.Series(company.number >= 0), pl.Series(rng.random(size) >= 0.3)
    firmographic = ("company_no", "sector", "company_size", "turnover", "contact_function")
    return frame.with_columns(
        [pl.when(firm).then(pl.col(name)).alias(name) for name in firmographic]
        + [pl.when(answered).then(pl.col(name)).alias(name) for name in _SURVEYED]
    )
