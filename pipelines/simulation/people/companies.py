"""Companies: contacts who buy for the same one share its appetite, and leave together when it goes elsewhere."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pipelines.simulation.shop.segments import Bools, Floats, Ints

Values = TypeVar("Values", Floats, Ints)

CONTACTS_MAX = 8
LEVEL_SPREAD = 0.6
"""Spread of the logarithm of companies' appetites."""
LIFETIME_DAYS = 450.0
FOLLOWING_DAYS = 10.0
"""Mean days from the company's decision until a contact starts to go."""
SECTORS = ("retail", "hospitality", "education", "events")
_SECTOR_SHARES = (0.4, 0.3, 0.15, 0.15)
_SECTOR_DROPOUT = np.array([0.75, 1.1, 0.65, 1.8])
SIZES = ("1-9", "10-49", "50-249")
TURNOVERS = ("under 1m", "1m-10m", "over 10m")


@dataclass(frozen=True)
class Companies:
    """One entry a customer; ``number`` is -1 for those who buy for themselves."""

    number: Ints
    """The position of the company's first contact in the population, which no other company has."""
    level: Floats
    """What the contacts' purchase rates are multiplied by; 1 for those without a company."""
    cools_at: Floats
    """Day on which the contact starts to go because the company does; infinite if it never concerns them."""
    sector: Ints
    size: Ints
    turnover: Ints


def draw_companies(rng: np.random.Generator, buys_for_company: Bools, joined: Floats) -> Companies:
    """Companies of one to eight contacts; the larger and keener ones have more turnover."""
    contacts = rng.permutation(np.flatnonzero(buys_for_company))
    sizes = np.minimum(1 + rng.poisson(1.8, len(contacts)), CONTACTS_MAX)
    which = np.searchsorted(np.cumsum(sizes), np.arange(len(contacts)), side="right")
    companies_n = int(which[-1]) + 1 if len(which) else 0
    level = np.exp(rng.normal(-(LEVEL_SPREAD**2) / 2, LEVEL_SPREAD, companies_n))
    sector = rng.choice(len(SECTORS), companies_n, p=_SECTOR_SHARES)
    employees = np.digitize(np.log(level) + rng.normal(0, 0.5, companies_n), (0.2, 0.9))
    turnover = np.clip(employees + rng.choice(3, companies_n, p=(0.15, 0.7, 0.15)) - 1, 0, 2)
    first = np.full(companies_n, np.inf)
    np.minimum.at(first, which, joined[contacts])
    leaves_at = first + rng.exponential(LIFETIME_DAYS / _SECTOR_DROPOUT[sector])
    cools_at = leaves_at[which] + rng.exponential(FOLLOWING_DAYS, len(contacts))
    # Whoever comes after the company has gone, comes on an account of their own.
    cools_at = np.where(cools_at > joined[contacts], cools_at, np.inf)
    number = np.full(companies_n, len(joined))
    np.minimum.at(number, which, contacts)
    return Companies(
        number=_spread(contacts, number[which], -1, len(joined)),
        level=_spread(contacts, level[which], 1.0, len(joined)),
        cools_at=_spread(contacts, cools_at, np.inf, len(joined)),
        sector=_spread(contacts, sector[which], 0, len(joined)),
        size=_spread(contacts, employees[which], 0, len(joined)),
        turnover=_spread(contacts, turnover[which], 0, len(joined)),
    )


def _spread(who: Ints, values: Values, otherwise: float, size: int) -> Values:
    """The values at the positions ``who``, and ``otherwise`` for everybody else."""
    full = np.full(size, otherwise, dtype=values.dtype)
    full[who] = values
    return full
