"""Made-up exports of a whole shop, one file a recipe: as large as a study needs, in exactly the recipe's format.

An exporter defines ``REFUNDS`` (whether the format tells what was paid back), ``ASKED`` (the studies it is asked),
``customer_id(person)`` (the id that the recipe gives a person) and ``write(shop, folder)``.
"""

import importlib
from pathlib import Path
from typing import Protocol, cast

from tests.journeys.exports.shop import Person, Shop


class Exporter(Protocol):
    """What a file of this folder defines."""

    REFUNDS: bool
    ASKED: tuple[str, ...]

    def customer_id(self, person: Person) -> str:
        """The id that the recipe gives a person."""
        ...

    def write(self, shop: Shop, folder: Path) -> None:
        """Write the export into the folder."""
        ...


def exporters() -> dict[str, Exporter]:
    """Every exporter by the name of its recipe."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in {"__init__", "shop"})
    return {name: cast(Exporter, importlib.import_module(f"{__name__}.{name}")) for name in names}


__all__ = ["Exporter", "exporters"]
