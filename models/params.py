"""Parameters of learners and clusterers: the tuner that a search space draws from, and the check of their names."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from features.errors import BadConfig

Choice = TypeVar("Choice", bound=str | int | float | bool | None)


class Trial(Protocol):
    """The tuner's methods that a search space may call; an ``optuna.Trial`` has them."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A real number in [low, high]."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number in [low, high]."""

    def suggest_categorical(self, name: str, choices: Sequence[Choice]) -> Choice:
        """One of the choices."""


def complete_params(name: str, defaults: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """The plug-in's ``defaults``, overridden by ``params``; BadConfig names a parameter that it does not have."""
    unknown = sorted(set(params) - set(defaults))
    if unknown:
        known = ", ".join(defaults) or "it takes none"
        raise BadConfig(f"{name} has no parameter {', '.join(unknown)}: choose from {known}")
    return {**defaults, **params}
