"""Finding plug-ins: every module in a folder that names itself is one, and nothing has to be registered."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Any, Protocol, TypeVar

from features.errors import BadConfig, NotFound

Choice = TypeVar("Choice", bound=str | int | float | bool | None)


class Trial(Protocol):
    """What a search space asks of a tuner; Optuna's trial is one, and a test can write its own."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A real number in [low, high]."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number in [low, high]."""

    def suggest_categorical(self, name: str, choices: Sequence[Choice]) -> Choice:
        """One of the choices."""


@cache
def plugins(package: str) -> dict[str, ModuleType]:
    """Modules directly inside ``package`` that have a ``NAME``, by that name, in alphabetical order."""
    folder = importlib.import_module(package).__path__
    names = sorted(found.name for found in pkgutil.iter_modules(folder) if not found.name.startswith("_"))
    modules = [importlib.import_module(f"{package}.{name}") for name in names]
    return {module.NAME: module for module in modules if hasattr(module, "NAME")}


def plugin(package: str, kind: str, name: str) -> ModuleType:
    """The plug-in called ``name``; NotFound lists those there are."""
    found = plugins(package)
    if name not in found:
        raise NotFound(f"no {kind} is called {name!r}: choose one of {', '.join(found)}")
    return found[name]


def complete_params(name: str, defaults: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """``params`` over the defaults of the plug-in ``name``; an unknown one is refused by name."""
    unknown = sorted(set(params) - set(defaults))
    if unknown:
        known = ", ".join(defaults) or "it takes none"
        raise BadConfig(f"{name} has no parameter {', '.join(unknown)}: choose from {known}")
    return {**defaults, **params}
