"""Expressions of a Polars plan as operations of a program."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, TypeAlias

import polars as pl

from features.executors.arrays import columns, ones, texts
from features.executors.arrays.program import Program, Register, Untranslated


class Value(NamedTuple):
    """Where a value is and of what kind: float, int, bool, text, time or null.

    It is a column, or ``one`` value that is the same in all rows: a literal, and what is known of a single customer.
    """

    register: Register
    kind: str
    one: bool = False


class Scope(Protocol):
    """What an expression may refer to."""

    def rows_n(self) -> Register:
        """How many values an expression has here."""
        ...

    def column(self, name: str) -> Value:
        """A column of the table."""
        ...

    def aggregate(self, name: str, argument: int) -> Value:
        """An aggregate of the groups; ``argument`` is the expression's node."""
        ...

    def window(self, view: Any) -> Value:
        """A value that a row gets from its group."""
        ...


KINDS: dict[Any, str] = {
    pl.Float64: "float",
    pl.Boolean: "bool",
    pl.String: "text",
    pl.Categorical: "text",
    pl.Null: "null",
    **dict.fromkeys((pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32), "int"),
}

Operation: TypeAlias = tuple[Callable[..., Any], Callable[..., Any]]
"""What it does to columns, and to single values."""


def _operations(**names: str) -> dict[str, Operation]:
    return {name: (getattr(columns, ours), getattr(ones, ours)) for name, ours in names.items()}


_ARITHMETIC = _operations(Plus="add", Minus="subtract", Multiply="multiply", TrueDivide="divide")
_EQUALITY = _operations(Eq="equal", NotEq="unequal")
_ORDER = _operations(Lt="less", LtEq="at_most", Gt="more", GtEq="at_least")
_LOGIC = _operations(And="all_of", LogicalAnd="all_of", Or="any_of", LogicalOr="any_of")
_OF_TRUTHS = _operations(And="both_true", LogicalAnd="both_true", Or="either_true", LogicalOr="either_true")
_OF_BOOLS = _operations(Not="negate")
_OF_ANY = _operations(IsNull="is_null", IsNotNull="is_not_null")
_OF_NUMBERS = _operations(floor="floor", abs="absolute", sqrt="root", log="logarithm")
_OF_ROWS = _operations(max_horizontal="largest", sum_horizontal="total")
_FIRST = _operations(coalesce="first_known", fill_null="first_known")
_BETWEEN, _AS_FLOAT, _CHOOSE, _TRUTH = _operations(a="is_between", b="as_float", c="choose", d="truth").values()
_NUMBERS = frozenset({"float", "int"})


def kind_of(dtype: pl.DataType) -> str:
    """The kind of columns of this type."""
    if dtype == pl.Datetime("us"):
        return "time"
    found = KINDS.get(dtype.base_type())
    if found is None:
        raise Untranslated(f"columns of type {dtype}")
    return found


class Expressions:
    """Translates the expressions of one plan, which ``visitor`` shows."""

    def __init__(self, visitor: Any, program: Program) -> None:
        self._visitor = visitor
        self._program = program
        self._by_name: dict[str, Callable[[Any, Scope], Value]] = {
            "Column": lambda view, scope: scope.column(view.name),
            "Literal": self._literal,
            "BinaryExpr": self._binary,
            "Ternary": self._ternary,
            "Cast": self._cast,
            "Function": self._function,
            "Agg": lambda view, scope: scope.aggregate(view.name, view.arguments[0]),
            "Len": lambda _, scope: scope.aggregate("len", -1),
            "Window": lambda view, scope: scope.window(view),
        }

    def value(self, node: int, scope: Scope) -> Value:
        """The expression's value in the scope."""
        view = self.view(node)
        translate = self._by_name.get(type(view).__name__)
        if translate is None:
            raise Untranslated(f"expression {type(view).__name__}")
        return translate(view, scope)

    def truth(self, node: int, scope: Scope) -> Value:
        """Whether the expression is true; null is not."""
        view = self.view(node)
        name = str(view.op).rpartition(".")[2] if type(view).__name__ == "BinaryExpr" else ""
        if name in _OF_TRUTHS:
            parts = [self.truth(part, scope) for part in (view.left, view.right)]
            return self._add(_OF_TRUTHS[name], "bool", scope, *parts)
        value = self.value(node, scope)
        if value.kind != "bool":
            raise Untranslated(f"a condition of kind {value.kind}")
        return self._add(_TRUTH, "bool", scope, value)

    def view(self, node: int) -> Any:
        return self._visitor.view_expression(node)

    def is_aggregate(self, node: int) -> bool:
        """Whether the expression has one value, or one a group, rather than one a row."""
        view = self.view(node)
        kind = type(view).__name__
        if kind in ("Agg", "Len"):
            return True
        if kind == "BinaryExpr":
            return self.is_aggregate(view.left) or self.is_aggregate(view.right)
        if kind == "Ternary":
            return any(self.is_aggregate(part) for part in (view.predicate, view.truthy, view.falsy))
        if kind == "Cast":
            return self.is_aggregate(view.expr)
        return kind == "Function" and any(self.is_aggregate(part) for part in view.input)

    def full(self, value: Value, rows_n: Callable[[], Register]) -> Value:
        """The value as a column."""
        if not value.one:
            return value
        kind = self._program.constant(("kind", value.kind), value.kind)
        return Value(self._program.add(columns.full, value.register, rows_n(), kind), value.kind)

    def _beside(self, value: Value, scope: Scope) -> Register:
        """The value for use beside columns."""
        if not value.one:
            return value.register
        if self._program.is_constant(value.register) and self._program.value(value.register) is not None:
            return self._program.add(columns.literal, value.register)
        kind = self._program.constant(("kind", value.kind), value.kind)
        return self._program.add(columns.beside, value.register, scope.rows_n(), kind)

    def _add(self, operation: Operation, kind: str, scope: Scope, *values: Value) -> Value:
        of_columns, of_ones = operation
        if all(value.one for value in values):
            return Value(self._program.add(of_ones, *(value.register for value in values)), kind, one=True)
        return Value(self._program.add(of_columns, *(self._beside(value, scope) for value in values)), kind)

    def _literal(self, view: Any, scope: Scope) -> Value:
        del scope
        value = view.value
        if value is None:
            return self._null("null")
        if not isinstance(value, str | bool | int | float):
            raise Untranslated(f"a literal of type {type(value).__name__}")
        kind = "text" if isinstance(value, str) else type(value).__name__
        stored = self._program.texts.number(value) if isinstance(value, str) else value
        return Value(self._program.constant((kind, repr(value)), stored), kind, one=True)

    def _null(self, kind: str) -> Value:
        return Value(self._program.constant("null", None), kind, one=True)

    def _is_null(self, value: Value) -> bool:
        return value.one and value.register == self._null(value.kind).register

    def _alike(self, values: Iterable[Value]) -> tuple[str, list[Value]]:
        """The values with nulls as nulls of the others' kind, and this kind."""
        found = list(values)
        kinds = {value.kind for value in found} - {"null"}
        if len(kinds) > 1 or any(value.kind == "null" and not value.one for value in found):
            raise Untranslated(f"values of the kinds {' and '.join(sorted(kinds))} in one column")
        kind = kinds.pop() if kinds else "null"
        return kind, [value._replace(kind=kind) for value in found]

    def _binary(self, view: Any, scope: Scope) -> Value:
        name = str(view.op).rpartition(".")[2]
        left, right = self.value(view.left, scope), self.value(view.right, scope)
        kinds = {left.kind, right.kind}
        if name in _ARITHMETIC and kinds <= _NUMBERS:
            whole = kinds == {"int"} and name != "TrueDivide"
            return self._add(_ARITHMETIC[name], "int" if whole else "float", scope, left, right)
        if name in _EQUALITY and "null" not in kinds and (len(kinds) == 1 or kinds <= _NUMBERS):
            return self._add(_EQUALITY[name], "bool", scope, left, right)
        if name in _ORDER and (kinds <= _NUMBERS or kinds == {"time"}):
            return self._add(_ORDER[name], "bool", scope, left, right)
        if name in _LOGIC and kinds == {"bool"}:
            return self._add(_LOGIC[name], "bool", scope, left, right)
        raise Untranslated(f"{name} of {left.kind} and {right.kind}")

    def _ternary(self, view: Any, scope: Scope) -> Value:
        condition = self.truth(view.predicate, scope)
        kind, values = self._alike(self.value(node, scope) for node in (view.truthy, view.falsy))
        if self._is_null(values[1]) and not condition.one and not values[0].one:
            return Value(self._program.add(columns.only_where, condition.register, values[0].register), kind)
        return self._add(_CHOOSE, kind, scope, condition, *values)

    def _cast(self, view: Any, scope: Scope) -> Value:
        value, kind = self.value(view.expr, scope), kind_of(view.dtype)
        if value.kind == kind:
            return value
        if self._is_null(value):
            return self._null(kind)
        if kind == "float" and value.kind in ("int", "bool"):
            return self._add(_AS_FLOAT, kind, scope, value)
        if kind == "float" and value.kind == "text":
            return self._text(texts.number_in, kind, value)
        raise Untranslated(f"{value.kind} cast to {kind}")

    def _function(self, view: Any, scope: Scope) -> Value:
        name, *options = view.function_data
        name = str(name)
        if name.startswith("StringFunction."):
            return self._text_function(name.partition(".")[2], options, view, scope)
        name = name.rpartition(".")[2]
        if name == "IsIn":
            return self._is_in(view, scope)
        values = [self.value(node, scope) for node in view.input]
        kinds = {value.kind for value in values}
        if name in _OF_ANY:
            return self._add(_OF_ANY[name], "bool", scope, *values)
        if name in _OF_BOOLS and kinds == {"bool"}:
            return self._add(_OF_BOOLS[name], "bool", scope, *values)
        if name in _OF_NUMBERS and kinds <= _NUMBERS:
            return self._add(_OF_NUMBERS[name], "float", scope, *values)
        if name == "IsBetween" and kinds <= _NUMBERS and options == ["both"]:
            return self._add(_BETWEEN, "bool", scope, *values)
        if name in _OF_ROWS and kinds == {"float"} and options in ([], [True]):
            return self._add(_OF_ROWS[name], "float", scope, *values)
        if name in _FIRST:
            kind, values = self._alike(values)
            if not all(value.one for value in values):
                values = [self.full(value, scope.rows_n) for value in values[:-1]] + values[-1:]
            return self._add(_FIRST[name], kind, scope, *values)
        if name == "TimeStamp" and kinds == {"time"} and options == ["us"]:
            return values[0]._replace(kind="int")
        raise Untranslated(f"function {name} {options} of {sorted(kinds)}")

    def _is_in(self, view: Any, scope: Scope) -> Value:
        value, levels = self.value(view.input[0], scope), self.view(view.input[1])
        if value.kind != "text" or type(levels).__name__ != "Literal":
            raise Untranslated(f"is_in of {value.kind}")
        if not all(isinstance(level, str) for level in levels.value):
            raise Untranslated("is_in with other levels than texts")
        numbers = frozenset(self._program.texts.number(level) for level in levels.value)
        return self._on_column(columns.is_in, "bool", (), value, (self._program.constant(numbers, numbers),))

    def _text_function(self, name: str, options: list[Any], view: Any, scope: Scope) -> Value:
        value = self.value(view.input[0], scope)
        if value.kind != "text":
            raise Untranslated(f"{name} of {value.kind}")
        stated = [self._stated(node) for node in view.input[1:]]
        if name == "Lowercase":
            return self._text(texts.lower, "text", value)
        if name == "StripChars" and stated == [None]:
            return self._text(texts.strip, "text", value)
        if name == "LenChars":
            return self._text(texts.length, "int", value)
        pattern = stated[0] if stated else None
        if name == "Contains" and options == [False, True] and pattern is not None and texts.is_plain(pattern):
            return self._text(texts.contains, "bool", value, pattern)
        if name == "Replace" and options[0] == -1 and None not in stated and "$" not in str(stated[1]):
            literal = bool(options[1])
            if literal or texts.is_plain(str(pattern)):
                return self._text(texts.replace, "text", value, *stated, literal)
        raise Untranslated(f"{name} {options}")

    def _stated(self, node: int) -> str | None:
        """A parameter of a text function."""
        view = self.view(node)
        if type(view).__name__ != "Literal" or not isinstance(view.value, str | None):
            raise Untranslated("a text function whose parameters are columns")
        return view.value

    def _text(self, operation: Callable[..., Any], kind: str, value: Value, *parameters: Any) -> Value:
        further = tuple(self._program.constant(("parameter", parameter), parameter) for parameter in parameters)
        return self._on_column(operation, kind, (self._program.texts_register,), value, further)

    def _on_column(
        self,
        operation: Callable[..., Any],
        kind: str,
        before: tuple[Register, ...],
        value: Value,
        after: tuple[Register, ...],
    ) -> Value:
        """An operation that takes columns only; one value is a column of one row."""
        column = self.full(value, lambda: self._program.constant(("rows", 1), 1))
        found = self._program.add(operation, *before, column.register, *after)
        return Value(self._program.add(ones.only_row, found), kind, one=True) if value.one else Value(found, kind)
