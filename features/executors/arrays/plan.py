"""Plans of Polars as programs: each table of the plan is a set of columns that are computed if they are asked for."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import polars as pl

from features.executors.arrays import columns, groups, joins, texts
from features.executors.arrays.expressions import Expressions, Scope, Value, kind_of
from features.executors.arrays.program import Program, Register, Untranslated

VISITOR = 16
"""The version of Polars' view of plans that this file reads; of any other the plan is left to Polars."""
_MARK = "\0table "
_FEWER = ("Semi", "Anti")
_GROUPS_TO_ROWS = "groups_to_rows"

Later = Callable[[], Value]


@dataclass(frozen=True)
class Table:
    """Columns by name and the number of rows, neither computed before it is asked for.

    No two rows are equal in all ``unique`` columns; None if that is not known.
    """

    columns: Mapping[str, Later]
    rows_n: Callable[[], Register]
    unique: frozenset[str] | None = None


def scan_of(name: str, schema: Mapping[str, Any]) -> pl.LazyFrame:
    """What a plan reads the table ``name`` from; it is known by an additional column."""
    own = {column: dtype for column, dtype in schema.items() if not column.startswith(_MARK)}
    return pl.DataFrame(schema={**own, _MARK + name: pl.Null}).lazy()


class Translation:
    """Plans added to one program, which may read the tables ``known`` by name."""

    def __init__(self, program: Program, known: dict[str, Table]) -> None:
        self._program = program
        self._known = known

    def table(self, plan: pl.LazyFrame) -> Table:
        """The plan's result."""
        visitor = plan._ldf.with_optimizations(pl.QueryOptFlags.none()._pyoptflags).visit()
        if visitor.version()[0] != VISITOR:
            raise Untranslated(f"plans of version {visitor.version()}")
        return _Plan(visitor, self._program, self._known).table(visitor.get_node())


class _Plan:
    def __init__(self, visitor: Any, program: Program, known: Mapping[str, Table]) -> None:
        self._visitor = visitor
        self._program = program
        self._known = known
        self._expressions = Expressions(visitor, program)
        self._by_name: dict[str, Callable[[Any], Table]] = {
            "DataFrameScan": self._scan,
            "Select": self._select,
            "HStack": self._with_columns,
            "Filter": self._filter,
            "GroupBy": self._group_by,
            "Join": self._join,
            "Distinct": self._distinct,
            "Cache": lambda view: self.table(view.input),
        }

    def table(self, node: int) -> Table:
        self._visitor.set_node(node)
        view = self._visitor.view_current_node()
        kind = type(view).__name__
        if kind == "SimpleProjection":
            names = list(self._visitor.get_schema())
            table = self.table(view.input)
            return Table({name: table.columns[name] for name in names}, table.rows_n, _among(table.unique, names))
        if kind not in self._by_name:
            raise Untranslated(f"table {kind}")
        return self._by_name[kind](view)

    def _scan(self, view: Any) -> Table:
        frame = pl.DataFrame._from_pydf(view.df)
        name = next((name.removeprefix(_MARK) for name in frame.columns if name.startswith(_MARK)), None)
        if name is not None:
            table = self._known[name]
            return Table({**table.columns, _MARK + name: partial(self._mark, table)}, table.rows_n, table.unique)
        constants = {column.name: cache(partial(self._constant, column)) for column in frame}
        return Table(constants, lambda: self._program.constant(("rows", frame.height), frame.height))

    def _mark(self, table: Table) -> Value:
        null = self._program.constant(("null", "null"), columns.null_of("null"))
        return Value(self._program.add(columns.full, null, table.rows_n()), "null")

    def _constant(self, column: pl.Series) -> Value:
        kind = kind_of(column.dtype)
        return Value(self._program.constant(object(), column_of(column, kind, self._program.texts)), kind)

    def _select(self, view: Any) -> Table:
        table = self.table(view.input)
        aggregates = [self._expressions.is_aggregate(each.node) for each in view.expr]
        if not any(aggregates):
            return Table(dict(self._computed(view.expr, table)), table.rows_n, self._renamed(view.expr, table.unique))
        if not all(aggregates):
            raise Untranslated("aggregates beside columns")

        def one_group() -> Register:
            return self._program.add(groups.whole, table.rows_n())

        return self._aggregated(view.expr, table, cache(one_group))

    def _with_columns(self, view: Any) -> Table:
        table = self.table(view.input)
        computed = dict(self._computed(view.exprs, table))
        same = _among(table.unique, set(table.columns) - set(computed))
        return Table({**table.columns, **computed}, table.rows_n, same)

    def _renamed(self, expressions: Any, unique: frozenset[str] | None) -> frozenset[str] | None:
        """The names that unique columns have after a selection; None if one is not selected."""
        views = {each.output_name: self._expressions.view(each.node) for each in expressions}
        names = {view.name: name for name, view in views.items() if type(view).__name__ == "Column"}
        return None if unique is None or not unique <= set(names) else frozenset(names[name] for name in unique)

    def _computed(self, expressions: Any, table: Table) -> Iterator[tuple[str, Later]]:
        scope = _Rows(self._expressions, self._program, table)
        for each in expressions:
            yield each.output_name, cache(partial(self._in_rows, each.node, scope, table.rows_n))

    def _in_rows(self, node: int, scope: Scope, rows_n: Callable[[], Register]) -> Value:
        value = self._expressions.value(node, scope)
        if not value.literal:
            return value
        return Value(self._program.add(columns.full, value.register, rows_n()), value.kind)

    def _filter(self, view: Any) -> Table:
        predicate = view.predicate.node
        table = self.table(view.input)
        scope = _Rows(self._expressions, self._program, table)
        add = self._program.add

        @cache
        def rows() -> Register:
            return add(columns.rows_where, self._in_rows(predicate, scope, table.rows_n).register)

        def taken(column: Later) -> Value:
            value = column()
            return value._replace(register=add(columns.take, value.register, rows()))

        kept = {name: cache(partial(taken, column)) for name, column in table.columns.items()}
        return Table(kept, cache(lambda: add(_rows_left, rows(), table.rows_n())), table.unique)

    def _group_by(self, view: Any) -> Table:
        keys = [each.output_name for each in view.keys]
        if view.apply or any(type(self._expressions.view(each.node)).__name__ != "Column" for each in view.keys):
            raise Untranslated("groups of something else than columns")
        table = self.table(view.input)
        found = cache(partial(self._grouped, keys, table))
        return self._aggregated(view.aggs, table, found, keys)

    def _aggregated(
        self, expressions: Any, table: Table, found: Callable[[], Register], keys: list[str] | None = None
    ) -> Table:
        rows_n = cache(lambda: self._program.add(groups.groups_n, found()))
        scope = _Groups(self._expressions, self._program, table, found)

        def key(name: str) -> Value:
            value = table.columns[name]()
            return value._replace(register=self._program.add(groups.first_of, value.register, found()))

        made = {name: cache(partial(key, name)) for name in keys or ()}
        for each in expressions:
            made[each.output_name] = cache(partial(self._in_rows, each.node, scope, rows_n))
        return Table(made, rows_n, frozenset(keys or ()))

    def _grouped(self, keys: list[str], table: Table) -> Register:
        registers = [table.columns[name]().register for name in keys]
        return self._program.add(groups.group, table.rows_n(), *registers)

    def _distinct(self, view: Any) -> Table:
        strategy, subset, *_ = view.options
        table = self.table(view.input)
        if strategy != "any" or subset is not None:
            raise Untranslated(f"distinct rows by {view.options}")
        found = cache(partial(self._grouped, list(table.columns), table))
        return self._aggregated((), table, found, list(table.columns))

    def _join(self, view: Any) -> Table:
        how, nulls_equal, piece, suffix, coalesce, _ = view.options
        left, right = self.table(view.input_left), self.table(view.input_right)
        on = [[self._key(each.node) for each in side] for side in (view.left_on, view.right_on)]
        if nulls_equal or piece or (how in ("Left", "Inner") and not coalesce):
            raise Untranslated(f"join {view.options}")
        paired = cache(partial(self._pairs, how, left, right, on))
        add = self._program.add

        def side(column: Later, take: Callable[..., Any]) -> Value:
            value = column()
            return value._replace(register=add(take, value.register, paired()))

        # With unique keys on the right, a left join leaves the left table as it is.
        same = how == "Left" and right.unique is not None and right.unique <= set(on[1])
        made = dict(left.columns)
        if not same:
            made = {name: cache(partial(side, column, joins.from_left)) for name, column in left.columns.items()}
        if how not in _FEWER:
            for name, column in right.columns.items():
                if how == "Cross" or name not in on[1]:
                    named = name + suffix if name in left.columns else name
                    made[named] = cache(partial(side, column, joins.from_right))
        if same:
            return Table(made, left.rows_n, left.unique)
        return Table(made, cache(lambda: add(joins.pairs_n, paired())), left.unique if how in _FEWER else None)

    def _key(self, node: int) -> str:
        view = self._expressions.view(node)
        if type(view).__name__ != "Column":
            raise Untranslated("a join by something else than columns")
        return str(view.name)

    def _pairs(self, how: str, left: Table, right: Table, on: list[list[str]]) -> Register:
        add = self._program.add
        if how == "Cross":
            return add(joins.cross_join, left.rows_n(), right.rows_n())
        kinds = {"Left": joins.left_join, "Inner": joins.inner_join, "Semi": joins.semi_join, "Anti": joins.anti_join}
        if how not in kinds:
            raise Untranslated(f"join {how}")
        mine, other = ([table.columns[name]() for name in keys] for table, keys in zip((left, right), on, strict=True))
        if any(one.kind != another.kind for one, another in zip(mine, other, strict=True)):
            raise Untranslated("a join of columns of different kinds")
        if len(mine) == 1:
            mine_key, other_key = mine[0].register, other[0].register
        else:
            number = self._program.constant(("keys", len(mine)), len(mine))
            keys = add(joins.one_key, number, *(value.register for value in (*mine, *other)))
            mine_key, other_key = add(joins.of_left, keys), add(joins.of_right, keys)
        return add(kinds[how], add(joins.matches, mine_key, add(joins.by_key, other_key)))


def _among(unique: frozenset[str] | None, names: Collection[str]) -> frozenset[str] | None:
    """``unique`` if all are among these."""
    return unique if unique is not None and unique <= set(names) else None


def _rows_left(rows: columns.Index | None, rows_n: int) -> int:
    return rows_n if rows is None else len(rows)


class _Rows:
    """Expressions with one value a row."""

    def __init__(self, expressions: Expressions, program: Program, table: Table) -> None:
        self._expressions, self._program, self._table = expressions, program, table

    def column(self, name: str) -> Value:
        return self._table.columns[name]()

    def aggregate(self, name: str, argument: int) -> Value:
        raise Untranslated(f"{name} beside columns")

    def window(self, view: Any) -> Value:
        if view.options.kind != _GROUPS_TO_ROWS:
            raise Untranslated(f"windows by {view.options.kind}")
        add, expressions = self._program.add, self._expressions
        keys = [expressions.value(node, self).register for node in view.partition_by]
        found = add(groups.group, self._table.rows_n(), *keys)
        inner = expressions.view(view.function)
        if view.order_by is None:
            value = _Groups(expressions, self._program, self._table, lambda: found).of(view.function)
            return value._replace(register=add(groups.spread, value.register, found))
        if type(inner).__name__ != "Function" or view.order_by_descending or view.order_by_nulls_last:
            raise Untranslated("a window that is ordered in another way than ascending")
        argument, *further = (expressions.value(node, self) for node in inner.input)
        rows = add(groups.sorted_within, expressions.value(view.order_by, self).register, found)
        if inner.function_data == ("shift",):
            return argument._replace(register=add(groups.shifted, argument.register, further[0].register, found, rows))
        if inner.function_data == ("cum_sum", False):
            return argument._replace(register=add(groups.running_sum, argument.register, found, rows))
        raise Untranslated(f"a window of {inner.function_data}")


class _Groups:
    """Expressions with one value a group."""

    def __init__(
        self, expressions: Expressions, program: Program, table: Table, found: Callable[[], Register]
    ) -> None:
        self._expressions, self._program, self._table, self._found = expressions, program, table, found

    def of(self, node: int) -> Value:
        """The value of an aggregate."""
        if not self._expressions.is_aggregate(node):
            raise Untranslated("a window without an aggregate")
        return self._expressions.value(node, self)

    def column(self, name: str) -> Value:
        raise Untranslated(f"a list of the values of {name}")

    def window(self, view: Any) -> Value:
        raise Untranslated("a window in groups")

    def aggregate(self, name: str, argument: int) -> Value:
        add = self._program.add
        if name == "len":
            return Value(add(groups.sizes, self._found()), "int")
        value = self._expressions.value(argument, _Rows(self._expressions, self._program, self._table))
        if value.literal:
            value = Value(add(columns.full, value.register, self._table.rows_n()), value.kind)
        if name not in _AGGREGATES or value.kind not in _AGGREGATES[name][1]:
            raise Untranslated(f"{name} of {value.kind}")
        operation, _, kind = _AGGREGATES[name]
        if value.kind == "text" and name in ("min", "max"):
            return self._extreme_text(operation, value)
        return Value(add(operation, value.register, self._found()), kind or value.kind)

    def _extreme_text(self, operation: Callable[..., Any], value: Value) -> Value:
        add, all_texts = self._program.add, self._program.texts_register
        places = add(operation, add(texts.ranks, all_texts, value.register), self._found())
        return value._replace(register=add(texts.at_ranks, all_texts, places, value.register))


_LARGEST = 2.0**53
_ANY = frozenset({"float", "int", "bool", "text", "time"})
_AGGREGATES: dict[str, tuple[Callable[..., Any], frozenset[str], str | None]] = {
    "sum": (groups.sum_of, frozenset({"float", "int"}), None),
    "count": (groups.count_of, _ANY, "int"),
    "min": (groups.min_of, frozenset({"float", "int", "time", "text"}), None),
    "max": (groups.max_of, frozenset({"float", "int", "time", "text"}), None),
    "median": (groups.median_of, frozenset({"float"}), None),
    "n_unique": (groups.distinct_of, _ANY, "int"),
}


def column_of(series: pl.Series, kind: str, numbers: texts.Texts) -> columns.Column:
    """A column of Polars as an engine's column.

    Raises:
        Untranslated: a number is not finite, or an int beside null too large for a float64.
    """
    if kind == "text":
        return numbers.column(series.to_list())
    nulls_n = series.null_count()
    if nulls_n == len(series):
        return columns.full(columns.null_of(kind), nulls_n)
    if kind == "bool":
        return series.fill_null(value=False).to_numpy(), series.is_not_null().to_numpy() if nulls_n else None
    values = (series.to_physical() if kind == "time" else series).to_numpy()
    known = np.abs(values) < _LARGEST
    unknown_n = len(values) - int(np.add.reduce(known))
    if unknown_n != nulls_n:
        raise Untranslated(f"a number in {series.name} that is not below 2**53")
    return values, known if nulls_n else None
