"""A question: what a predictor answers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A task's outcome within its horizons.

    ``target`` is the kind of answer: binary, amount or curve. ``outcome`` is what the label records: lapses, buys,
    net_spend or next_order. ``horizons`` are days, ascending; one number except for a curve.
    """

    task: str
    target: str
    outcome: str
    horizons: tuple[float, ...]

    @property
    def horizon_days(self) -> float:
        """The longest horizon."""
        return self.horizons[-1]
