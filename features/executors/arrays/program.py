"""A program: operations on registers, made once and run for one request after the other."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from features.executors.arrays.texts import Texts

Register: TypeAlias = int


class Untranslated(Exception):  # noqa: N818 - named like the errors in features.errors
    """The plan has an operation that arrays cannot do here: Polars has to carry it out."""


class _Step(NamedTuple):
    operation: Callable[..., Any]
    arguments: tuple[Register, ...]
    result: Register


class Program:
    """Operations in the order they run; the same operation on the same arguments is there once.

    Operations on constants run when they are added. A program does not change once it is made, and whatever a run
    computes is gone when it ends: any number of threads may run it at once.
    """

    def __init__(self) -> None:
        self.texts = Texts()
        self._registers: list[Any] = []
        self._steps: list[_Step] = []
        self._known: dict[Hashable, Register] = {}
        self._constant: set[Register] = set()
        self._inputs: dict[tuple[Any, ...], Register] = {}
        # Texts of constants have the same numbers in every run, so operations on them may run now.
        self.texts_register = self.constant("texts", self.texts)

    def constant(self, key: Hashable, value: Any) -> Register:
        """A value that is the same in every run; ``key`` tells it from others."""
        key = ("constant", key)
        if key not in self._known:
            self._constant.add(self._new(key, value))
        return self._known[key]

    def input(self, key: tuple[Any, ...]) -> Register:
        """A value that each run is given under ``key``."""
        if key not in self._inputs:
            self._inputs[key] = self._new(("input", key), None)
        return self._inputs[key]

    def add(self, operation: Callable[..., Any], *arguments: Register) -> Register:
        """The register of the operation's result."""
        key = (operation, arguments)
        found = self._known.get(key)
        if found is not None:
            return found
        if self._constant.issuperset(arguments):
            with np.errstate(all="ignore"):
                value = operation(*(self._registers[argument] for argument in arguments))
            result = self._new(key, value)
            self._constant.add(result)
            return result
        result = self._new(key, None)
        self._steps.append(_Step(operation, arguments, result))
        return result

    def is_constant(self, register: Register) -> bool:
        """Whether its value is the same in every run."""
        return register in self._constant

    def value(self, register: Register) -> Any:
        """The value of a constant."""
        return self._registers[register]

    def finish(self, results: Iterable[Register]) -> None:
        """Drop every operation that the ``results`` do not need, and what was needed to add operations."""
        needed = set(results)
        for step in reversed(self._steps):
            if step.result in needed:
                needed.update(step.arguments)
        self._steps = [step for step in self._steps if step.result in needed]
        self._inputs = {key: register for key, register in self._inputs.items() if register in needed}
        self._known.clear()

    @property
    def inputs(self) -> tuple[tuple[Any, ...], ...]:
        """Keys of what a run needs."""
        return tuple(self._inputs)

    def run(self, inputs: Mapping[tuple[Any, ...], Any], texts: Texts, results: tuple[Register, ...]) -> list[Any]:
        """The values of ``results``; ``texts`` is a copy of the program's with the request's texts."""
        registers = self._registers.copy()
        registers[self.texts_register] = texts
        for key, register in self._inputs.items():
            registers[register] = inputs[key]
        with np.errstate(all="ignore"):
            for operation, arguments, result in self._steps:
                registers[result] = operation(*[registers[argument] for argument in arguments])
        return [registers[register] for register in results]

    def _new(self, key: Hashable, value: Any) -> Register:
        self._registers.append(value)
        self._known[key] = len(self._registers) - 1
        return self._known[key]
