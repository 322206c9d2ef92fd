"""Expressions of a Polars plan as operations of a program."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np
import polars as pl

from features.executors.arrays import columns, groups, texts
from features.executors.arrays.program import Program, Register, Untranslated


class Value(NamedTuple):
    """A column: where it is, of what kind (float, int, bool, text, time or null), and whether it is a literal."""

    register: Register
    kind: str
    literal: bool = False


class Scope(Protocol):
    """What an expression may refer to."""

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

_ARITHMETIC = {
    "Plus": columns.add,
    "Minus": columns.subtract,
    "Multiply": columns.multiply,
    "TrueDivide": columns.divide,
}
_EQUALITY = {"Eq": columns.equal, "NotEq": columns.unequal}
_ORDER = {"Lt": columns.less, "LtEq": columns.at_most, "Gt": columns.more, "GtEq": columns.at_least}
_LOGIC = {"And": columns.all_of, "LogicalAnd": columns.all_of, "Or": columns.any_of, "LogicalOr": columns.any_of}
_OF_BOOLS = {"Not": columns.negate}
_OF_ANY = {"IsNull": columns.is_null, "IsNotNull": columns.is_not_null}
_OF_NUMBERS = {"floor": columns.floor, "abs": columns.absolute, "sqrt": columns.root, "log": columns.logarithm}
_OF_ROWS = {"max_horizontal": columns.largest, "sum_horizontal": columns.total}
_OF_EQUAL_KINDS = {"coalesce": columns.first_known, "fill_null": columns.first_known}
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
            "Len": lambda view, scope: scope.aggregate("len", -1),
            "Window": lambda view, scope: scope.window(view),
        }

    def value(self, node: int, scope: Scope) -> Value:
        """The expression's value in the scope."""
        view = self.view(node)
        translate = self._by_name.get(type(view).__name__)
        if translate is None:
            raise Untranslated(f"expression {type(view).__name__}")
        return translate(view, scope)

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

    def _literal(self, view: Any, scope: Scope) -> Value:
        del scope
        value = view.value
        if value is None:
            return self._null("null")
        makers: dict[type, Callable[[Any], Any]] = {bool: np.bool_, int: np.int64, float: np.float64}
        if isinstance(value, str):
            kind, scalar = "text", np.int64(self._program.texts.number(value))
        elif type(value) in makers:
            kind, scalar = type(value).__name__, makers[type(value)](value)
        else:
            raise Untranslated(f"a literal of type {type(value).__name__}")
        return Value(self._program.constant((kind, repr(value)), (scalar, None)), kind, literal=True)

    def _null(self, kind: str) -> Value:
        """A literal null of this kind."""
        return Value(self._program.constant(("null", kind), columns.null_of(kind)), kind, literal=True)

    def _alike(self, values: Iterable[Value]) -> tuple[str, list[Value]]:
        """The values with literal nulls as nulls of the others' kind, and this kind."""
        found = list(values)
        kinds = {value.kind for value in found} - {"null"}
        if len(kinds) > 1 or any(value.kind == "null" and not value.literal for value in found):
            raise Untranslated(f"values of the kinds {' and '.join(sorted(kinds))} in one column")
        kind = kinds.pop() if kinds else "null"
        return kind, [self._null(kind) if value.kind == "null" else value for value in found]

    def _add(self, operation: Callable[..., Any], kind: str, *values: Value) -> Value:
        literal = all(value.literal for value in values)
        return Value(self._program.add(operation, *(value.register for value in values)), kind, literal)

    def _binary(self, view: Any, scope: Scope) -> Value:
        name = str(view.op).rpartition(".")[2]
        left, right = self.value(view.left, scope), self.value(view.right, scope)
        kinds = {left.kind, right.kind}
        if "null" in kinds:
            raise Untranslated("arithmetic with a literal null")
        if name in _ARITHMETIC and kinds <= _NUMBERS:
            whole = kinds == {"int"} and name != "TrueDivide"
            return self._add(_ARITHMETIC[name], "int" if whole else "float", left, right)
        if name in _EQUALITY and (len(kinds) == 1 or kinds <= _NUMBERS):
            return self._add(_EQUALITY[name], "bool", left, right)
        if name in _ORDER and (kinds <= _NUMBERS or kinds == {"time"}):
            return self._add(_ORDER[name], "bool", left, right)
        if name in _LOGIC and kinds == {"bool"}:
            return self._add(_LOGIC[name], "bool", left, right)
        raise Untranslated(f"{name} of {left.kind} and {right.kind}")

    def _ternary(self, view: Any, scope: Scope) -> Value:
        condition = self.value(view.predicate, scope)
        if condition.kind != "bool":
            raise Untranslated(f"a condition of kind {condition.kind}")
        kind, values = self._alike(self.value(node, scope) for node in (view.truthy, view.falsy))
        if values[1] == self._null(kind) and not (values[0].literal or condition.literal):
            return self._add(columns.only_where, kind, condition, values[0])
        return self._add(columns.choose, kind, condition, *values)

    def _cast(self, view: Any, scope: Scope) -> Value:
        value, kind = self.value(view.expr, scope), kind_of(view.dtype)
        if value.kind == kind:
            return value
        if value.kind == "null" and value.literal:
            return self._null(kind)
        if kind == "float" and value.kind in ("int", "bool"):
            return self._add(columns.as_float, kind, value)
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
            return self._add(_OF_ANY[name], "bool", *values)
        if name in _OF_BOOLS and kinds == {"bool"}:
            return self._add(_OF_BOOLS[name], "bool", *values)
        if name in _OF_NUMBERS and kinds <= _NUMBERS:
            return self._add(_OF_NUMBERS[name], "float", *values)
        if name == "IsBetween" and kinds <= _NUMBERS and options == ["both"]:
            return self._add(columns.is_between, "bool", *values)
        if name in _OF_ROWS and kinds == {"float"} and options in ([], [True]):
            return self._add(_OF_ROWS[name], "float", *values)
        if name in _OF_EQUAL_KINDS:
            kind, values = self._alike(values)
            return self._add(_OF_EQUAL_KINDS[name], kind, *values)
        if name == "TimeStamp" and kinds == {"time"} and options == ["us"]:
            return values[0]._replace(kind="int")
        raise Untranslated(f"function {name} {options} of {sorted(kinds)}")

    def _is_in(self, view: Any, scope: Scope) -> Value:
        value, levels = self.value(view.input[0], scope), self.view(view.input[1])
        if value.kind != "text" or value.literal or type(levels).__name__ != "Literal":
            raise Untranslated(f"is_in of {value.kind}")
        if not all(isinstance(level, str) for level in levels.value):
            raise Untranslated("is_in with other levels than texts")
        numbers = frozenset(self._program.texts.number(level) for level in levels.value)
        register = self._program.add(columns.is_in, value.register, self._program.constant(numbers, numbers))
        return Value(register, "bool")

    def _text_function(self, name: str, options: list[Any], view: Any, scope: Scope) -> Value:
        value, *parameters = (self.value(node, scope) for node in view.input)
        if value.kind != "text" or value.literal:
            raise Untranslated(f"{name} of {value.kind}")
        if name == "Lowercase":
            return self._text(texts.lower, "text", value)
        if name == "StripChars" and [parameter.kind for parameter in parameters] == ["null"]:
            return self._text(texts.strip, "text", value)
        if name == "LenChars":
            return self._text(texts.length, "int", value)
        found = [self._stated(node) for node in view.input[1:]]
        if name == "Contains" and options == [False, True] and texts.is_plain(found[0]):
            return self._text(texts.contains, "bool", value, found[0])
        if name == "Replace" and options[0] == -1 and "$" not in found[1]:
            literal = bool(options[1])
            if literal or texts.is_plain(found[0]):
                return self._text(texts.replace, "text", value, *found, literal)
        raise Untranslated(f"{name} {options}")

    def _stated(self, node: int) -> str:
        view = self.view(node)
        if type(view).__name__ != "Literal" or not isinstance(view.value, str):
            raise Untranslated("a text function whose parameters are columns")
        return str(view.value)

    def _text(self, operation: Callable[..., Any], kind: str, value: Value, *parameters: Any) -> Value:
        further = [self._program.constant(("parameter", parameter), parameter) for parameter in parameters]
        return Value(self._program.add(operation, self._program.texts_register, value.register, *further), kind)

