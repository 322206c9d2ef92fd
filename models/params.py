"""Parameters of learners and clusterers: how a search space asks a tuner, and what a study may set."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from features.errors import BadConfig

Choice = TypeVar("Choice", bound=str | int | float | bool | None)


class Trial(Protocol):
    """What a search space asks of a tuner; Optuna's trial is one, and a test can write its own."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A real number in [low, high]."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number in [low, high]."""

    def suggest_categorical(self, name: str, choices: Sequence[Choice]) -> Choice:
        """One of the choices."""


def complete_params(name: str, defaults: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """``params`` over the defaults of the plug-in ``name``; an unknown one is refused by name."""
    unknown = sorted(set(params) - set(defaults))
    if unknown:
        known = ", ".join(defaults) or "it takes none"
        raise BadConfig(f"{name} has no parameter {', '.join(unknown)}: choose from {known}")
    return {**defaults, **params}
