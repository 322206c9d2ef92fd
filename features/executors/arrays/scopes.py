"""What an expression may refer to: the rows of a table, its groups, or all of its rows as one group."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from features.executors.arrays import groups, ones, texts
from features.executors.arrays.expressions import Expressions, Value
from features.executors.arrays.program import Program, Register, Untranslated

_GROUPS_TO_ROWS = "groups_to_rows"
_ANY = frozenset({"float", "int", "bool", "text", "time"})
_ORDERED = frozenset({"float", "int", "time", "text"})
_AGGREGATES: dict[str, tuple[str, frozenset[str], str | None]] = {
    "sum": ("sum_of", frozenset({"float", "int"}), None),
    "count": ("count_of", _ANY, "int"),
    "min": ("min_of", _ORDERED, None),
    "max": ("max_of", _ORDERED, None),
    "median": ("median_of", frozenset({"float"}), None),
    "n_unique": ("distinct_of", _ANY, "int"),
}
"""By Polars' name: the operation, the kinds it takes, and the kind it gives (None: the same)."""


class Source(Protocol):
    """The table that a scope is about."""

    @property
    def columns(self) -> Mapping[str, Callable[[], Value]]: ...

    @property
    def rows_n(self) -> Callable[[], Register]: ...


class Rows:
    """Expressions with one value a row."""

    def __init__(self, expressions: Expressions, program: Program, table: Source) -> None:
        self._expressions, self._program, self._table = expressions, program, table

    def rows_n(self) -> Register:
        return self._table.rows_n()

    def column(self, name: str) -> Value:
        return self._table.columns[name]()

    def aggregate(self, name: str, argument: int) -> Value:
        raise Untranslated(f"{name} of expression {argument} beside columns")

    def window(self, view: Any) -> Value:
        if view.options.kind != _GROUPS_TO_ROWS:
            raise Untranslated(f"windows by {view.options.kind}")
        add, expressions = self._program.add, self._expressions
        keys = [expressions.value(node, self) for node in view.partition_by]
        several = [key.register for key in keys if not key.one]
        if view.order_by is None:
            if not expressions.is_aggregate(view.function):
                raise Untranslated("a window without an aggregate")
            if not several:
                return expressions.value(view.function, Whole(expressions, self._program, self._table))
            found = add(groups.group, self.rows_n(), *several)
            scope = Groups(expressions, self._program, self._table, lambda: found)
            value = expressions.full(expressions.value(view.function, scope), scope.rows_n)
            return value._replace(register=add(groups.spread, value.register, found))
        return self._ordered(view, add(groups.group, self.rows_n(), *several))

    def _ordered(self, view: Any, found: Register) -> Value:
        add, inner = self._program.add, self._expressions.view(view.function)
        if type(inner).__name__ != "Function" or view.order_by_descending or view.order_by_nulls_last:
            raise Untranslated("a window that is ordered in another way than ascending")
        argument, *further = (self._expressions.value(node, self) for node in inner.input)
        order = self._expressions.full(self._expressions.value(view.order_by, self), self.rows_n)
        argument = self._expressions.full(argument, self.rows_n)
        rows = add(groups.sorted_within, order.register, found)
        if inner.function_data == ("shift",) and further[0].one:
            return argument._replace(register=add(groups.shifted, argument.register, further[0].register, found, rows))
        if inner.function_data == ("cum_sum", False):
            return argument._replace(register=add(groups.running_sum, argument.register, found, rows))
        raise Untranslated(f"a window of {inner.function_data}")


class _Aggregates:
    """Expressions with one value a group."""

    def __init__(self, expressions: Expressions, program: Program, table: Source) -> None:
        self._expressions, self._program, self._table = expressions, program, table

    def column(self, name: str) -> Value:
        raise Untranslated(f"a list of the values of {name}")

    def window(self, view: Any) -> Value:
        raise Untranslated(f"a window in groups, {view.options.kind}")

    def _argument(self, node: int) -> Value:
        value = self._expressions.value(node, Rows(self._expressions, self._program, self._table))
        return self._expressions.full(value, self._table.rows_n)

    def _truths(self, name: str, node: int) -> Value | None:
        """The condition whose truths are counted, if the aggregate does that."""
        view: Any = self._expressions.view(node) if name == "sum" else None
        if type(view).__name__ != "Cast":
            return None
        scope = Rows(self._expressions, self._program, self._table)
        if self._expressions.value(view.expr, scope).kind != "bool":
            return None
        return self._expressions.full(self._expressions.truth(view.expr, scope), self._table.rows_n)

    def _checked(self, name: str, value: Value) -> tuple[str, str]:
        """The operation and the kind of its result."""
        if name not in _AGGREGATES or value.kind not in _AGGREGATES[name][1]:
            raise Untranslated(f"{name} of {value.kind}")
        operation, _, kind = _AGGREGATES[name]
        return operation, kind or value.kind


class Whole(_Aggregates):
    """All rows as one group, with single values."""

    def rows_n(self) -> Register:
        return self._program.constant(("rows", 1), 1)

    def aggregate(self, name: str, argument: int) -> Value:
        add = self._program.add
        if name == "len":
            return Value(add(ones.size, self._table.rows_n()), "int", one=True)
        truths = self._truths(name, argument)
        if truths:
            return Value(add(ones.true_n, truths.register), "float", one=True)
        value = self._argument(argument)
        operation, kind = self._checked(name, value)
        if value.kind == "text" and name in ("min", "max"):
            extreme = ones.min_text if name == "min" else ones.max_text
            return Value(add(extreme, self._program.texts_register, value.register), kind, one=True)
        return Value(add(getattr(ones, operation), value.register), kind, one=True)


class Groups(_Aggregates):
    """Rows with equal keys; ``found`` is where the groups are."""

    def __init__(
        self, expressions: Expressions, program: Program, table: Source, found: Callable[[], Register]
    ) -> None:
        super().__init__(expressions, program, table)
        self._found = found

    def rows_n(self) -> Register:
        return self._program.add(groups.groups_n, self._found())

    def aggregate(self, name: str, argument: int) -> Value:
        add = self._program.add
        if name == "len":
            return Value(add(groups.sizes, self._found()), "int")
        truths = self._truths(name, argument)
        if truths:
            return Value(add(groups.true_n, truths.register, self._found()), "float")
        value = self._argument(argument)
        operation, kind = self._checked(name, value)
        if value.kind == "text" and name in ("min", "max"):
            all_texts = self._program.texts_register
            places = add(getattr(groups, operation), add(texts.ranks, all_texts, value.register), self._found())
            return Value(add(texts.at_ranks, all_texts, places, value.register), kind)
        return Value(add(getattr(groups, operation), value.register, self._found()), kind)
