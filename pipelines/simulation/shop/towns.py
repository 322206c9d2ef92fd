"""Where customers live: how they order and how well deliveries reach them differ by town."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulation.shop.segments import Ints, labels


@dataclass(frozen=True)
class Town:
    """A town the shop delivers to."""

    town: str
    region: str
    country: str
    language: str
    urbanity: str
    share: float
    delivery_trouble: float
    """Of deliveries there, over the average."""


TOWNS = (
    Town("London", "London", "United Kingdom", "en", "city", 0.28, 0.8),
    Town("Leeds", "Yorkshire", "United Kingdom", "en", "city", 0.15, 0.8),
    Town("Bath", "South West", "United Kingdom", "en", "suburb", 0.12, 0.9),
    Town("Kendal", "North West", "United Kingdom", "en", "country", 0.12, 1.8),
    Town("Dublin", "Leinster", "Ireland", "en", "city", 0.09, 1.2),
    Town("Lyon", "Auvergne-Rhône-Alpes", "France", "fr", "city", 0.06, 1.0),
    Town("Orléans", "Centre-Val de Loire", "France", "fr", "suburb", 0.03, 1.1),
    Town("Freiburg", "Baden", "Germany", "de", "suburb", 0.05, 0.8),
    Town("Münster", "Westphalia", "Germany", "de", "city", 0.03, 0.8),
    Town("Ghent", "Flanders", "Belgium", "nl", "city", 0.04, 1.0),
    Town("Liège", "Wallonia", "Belgium", "fr", "country", 0.03, 1.7),
)
DELIVERY_TROUBLE = np.array([town.delivery_trouble for town in TOWNS])
DIGITAL_SHIFT = np.array([0.12 if town.urbanity == "country" else 0.0 for town in TOWNS])
"""In the country the way to a store is long."""
_SHARES = np.array([town.share for town in TOWNS])


def draw_towns(rng: np.random.Generator, size: int) -> Ints:
    """Positions in ``TOWNS``, by their shares."""
    return np.asarray(rng.choice(len(TOWNS), size, p=_SHARES / _SHARES.sum()), dtype=np.int64)


def elsewhere(rng: np.random.Generator, town: Ints) -> Ints:
    """For each a town other than the one they live in."""
    return (town + rng.integers(1, len(TOWNS), len(town))) % len(TOWNS)


def described(town: Ints) -> dict[str, pl.Series]:
    """Columns of the register that follow from the town."""
    return {
        name: labels([str(getattr(known, name)) for known in TOWNS], town)
        for name in ("town", "region", "country", "language", "urbanity")
    }
