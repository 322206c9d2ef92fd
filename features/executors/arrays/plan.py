"""Plans of Polars as programs: each table of the plan is a set of columns that are computed if they are asked for."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from features.executors.arrays import columns, groups, joins, ones, texts
from features.executors.arrays.expressions import Expressions, Value, kind_of
from features.executors.arrays.program import Program, Register, Untranslated
from features.executors.arrays.scopes import Groups, Rows, Whole

VISITOR = 16
"""The version of Polars' view of plans that this file reads; of any other the plan is left to Polars."""
_MARK = "\0table "
_FEWER = {"Semi": joins.semi_join, "Anti": joins.anti_join}
_JOINS = {"Left": joins.left_join, "Inner": joins.inner_join, **_FEWER}

Later: TypeAlias = Callable[[], Value]


@dataclass(frozen=True)
class Table:
    """Columns by name and the number of rows, neither computed before it is asked for.

    No two rows are equal in all ``unique`` columns; None if that is not known. A table of ``one`` row, or none, has
    single values as columns; they mean nothing if it has none.
    """

    columns: Mapping[str, Later]
    rows_n: Callable[[], Register]
    unique: frozenset[str] | None = None
    one: bool = False


def scan_of(name: str, schema: Mapping[str, Any]) -> pl.LazyFrame:
    """What a plan reads the table ``name`` from; it is known by an additional column."""
    own = {column: dtype for column, dtype in schema.items() if not column.startswith(_MARK)}
    return pl.DataFrame(schema={**own, _MARK + name: pl.Null}).lazy()


def table_of(plan: pl.LazyFrame, program: Program, known: Mapping[str, Table]) -> Table:
    """The plan's result, added to the program; ``known`` are the tables that it reads, by name.

    Raises:
        Untranslated: here or when a column is asked for.
    """
    visitor: Any = plan._ldf.with_optimizations(pl.QueryOptFlags.none()._pyoptflags).visit()
    if visitor.version()[0] != VISITOR:
        raise Untranslated(f"plans of version {visitor.version()}")
    return _Plan(visitor, program, known).table(visitor.get_node())


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
            "Union": self._union,
            "Cache": lambda view: self.table(view.input),
        }

    def table(self, node: int) -> Table:
        self._visitor.set_node(node)
        view = self._visitor.view_current_node()
        kind = type(view).__name__
        if kind == "SimpleProjection":
            names = list(self._visitor.get_schema())
            table = self.table(view.input)
            chosen = {name: table.columns[name] for name in names}
            return Table(chosen, table.rows_n, _among(table.unique, names), table.one)
        if kind not in self._by_name:
            raise Untranslated(f"table {kind}")
        return self._by_name[kind](view)

    def _scan(self, view: Any) -> Table:
        frame = pl.DataFrame._from_pydf(view.df)
        name = next((name.removeprefix(_MARK) for name in frame.columns if name.startswith(_MARK)), None)
        if name is not None:
            table = self._known[name]
            mark = Value(self._program.constant("null", None), "null", one=True)
            return Table({**table.columns, _MARK + name: lambda: mark}, table.rows_n, table.unique, table.one)
        constants = {column.name: cache(partial(self._constant, column)) for column in frame}
        return Table(constants, lambda: self._program.constant(("rows", frame.height), frame.height))

    def _constant(self, column: pl.Series) -> Value:
        kind = kind_of(column.dtype)
        return Value(self._program.constant(object(), column_of(column, kind, self._program.texts)), kind)

    def _select(self, view: Any) -> Table:
        table = self.table(view.input)
        aggregates = [self._expressions.is_aggregate(each.node) for each in view.expr]
        if not any(aggregates):
            unique = self._renamed(view.expr, table.unique)
            return Table(dict(self._computed(view.expr, table)), table.rows_n, unique, table.one)
        if not all(aggregates):
            raise Untranslated("aggregates beside columns")
        scope = Whole(self._expressions, self._program, table)
        return Table(dict(self._values(view.expr, scope)), lambda: self._program.constant(("rows", 1), 1), one=True)

    def _with_columns(self, view: Any) -> Table:
        table = self.table(view.input)
        computed = dict(self._computed(view.exprs, table))
        same = _among(table.unique, set(table.columns) - set(computed))
        return Table({**table.columns, **computed}, table.rows_n, same, table.one)

    def _renamed(self, expressions: Any, unique: frozenset[str] | None) -> frozenset[str] | None:
        """The names that unique columns have after a selection; None if one is not selected."""
        views = {each.output_name: self._expressions.view(each.node) for each in expressions}
        names = {view.name: name for name, view in views.items() if type(view).__name__ == "Column"}
        return None if unique is None or not unique <= set(names) else frozenset(names[name] for name in unique)

    def _computed(self, expressions: Any, table: Table) -> Iterator[tuple[str, Later]]:
        return self._values(expressions, Rows(self._expressions, self._program, table))

    def _values(self, expressions: Any, scope: Any) -> Iterator[tuple[str, Later]]:
        for each in expressions:
            yield each.output_name, cache(partial(self._expressions.value, each.node, scope))

    def _filter(self, view: Any) -> Table:
        table = self.table(view.input)
        scope = Rows(self._expressions, self._program, table)
        condition = cache(partial(self._expressions.truth, view.predicate.node, scope))
        add = self._program.add
        if table.one:
            rows_n = cache(lambda: add(ones.kept, condition().register, table.rows_n()))
            return Table(table.columns, rows_n, table.unique, one=True)
        rows = cache(lambda: add(columns.rows_where, self._expressions.full(condition(), table.rows_n).register))
        kept = {name: cache(partial(self._taken, column, columns.take, rows)) for name, column in table.columns.items()}
        return Table(kept, cache(lambda: add(_rows_left, rows(), table.rows_n())), table.unique)

    def _taken(self, column: Later, take: Callable[..., Any], rows: Callable[[], Register]) -> Value:
        """The column at some rows; one value is the same in any."""
        value = column()
        return value if value.one else value._replace(register=self._program.add(take, value.register, rows()))

    def _group_by(self, view: Any) -> Table:
        if view.apply or any(type(self._expressions.view(each.node)).__name__ != "Column" for each in view.keys):
            raise Untranslated("groups of something else than columns")
        return self._grouped(self.table(view.input), [each.output_name for each in view.keys], view.aggs)

    def _grouped(self, table: Table, keys: list[str], aggregates: Any) -> Table:
        values = {name: table.columns[name]() for name in keys}
        several = [value.register for value in values.values() if not value.one]
        if not several:
            return self._one_group(table, keys, aggregates)
        found = cache(lambda: self._program.add(groups.group, table.rows_n(), *several))
        made = {name: cache(partial(self._taken, table.columns[name], groups.first_of, found)) for name in keys}
        scope = Groups(self._expressions, self._program, table, found)
        return Table({**made, **dict(self._values(aggregates, scope))}, scope.rows_n, frozenset(keys))

    def _one_group(self, table: Table, keys: list[str], aggregates: Any) -> Table:
        scope = Whole(self._expressions, self._program, table)
        made = {**{name: table.columns[name] for name in keys}, **dict(self._values(aggregates, scope))}
        rows_n = cache(lambda: self._program.add(ones.at_most_one, table.rows_n()))
        return Table(made, rows_n, frozenset(keys), one=True)

    def _distinct(self, view: Any) -> Table:
        strategy, subset, *_ = view.options
        if strategy != "any" or subset is not None:
            raise Untranslated(f"distinct rows by {view.options}")
        table = self.table(view.input)
        return self._grouped(table, list(table.columns), ())

    def _union(self, view: Any) -> Table:
        """The rows of several tables with the same columns."""
        tables = [self.table(node) for node in view.inputs]
        stacked = {name: cache(partial(self._stacked, name, tables)) for name in tables[0].columns}
        rows_n = cache(lambda: self._program.add(ones.plus, *(table.rows_n() for table in tables)))
        return Table(stacked, rows_n)

    def _stacked(self, name: str, tables: Sequence[Table]) -> Value:
        values = [table.columns[name]() for table in tables]
        if values[0].one and len(set(values)) == 1:
            return values[0]
        if len({value.kind for value in values}) > 1:
            raise Untranslated("columns of different kinds below each other")
        full = [self._expressions.full(value, table.rows_n) for value, table in zip(values, tables, strict=True)]
        return Value(self._program.add(columns.stack, *(each.register for each in full)), values[0].kind)

    def _join(self, view: Any) -> Table:
        how, nulls_equal, piece, suffix, coalesce, _ = view.options
        left, right = self.table(view.input_left), self.table(view.input_right)
        names = [tuple(map(self._key, keys)) for keys in zip(view.left_on, view.right_on, strict=True)]
        if nulls_equal or piece or (how in ("Left", "Inner") and not coalesce) or how not in (*_JOINS, "Cross"):
            raise Untranslated(f"join {view.options}")
        dropped = {other for _, other in names} if how != "Cross" else set()
        added = {name: column for name, column in right.columns.items() if name not in dropped and how not in _FEWER}
        renamed = {name + suffix if name in left.columns else name: column for name, column in added.items()}
        if how == "Cross":
            return self._beside_all(left, right, renamed)
        keys = [(left.columns[one](), right.columns[other]()) for one, other in names]
        # What is the same on both sides, a single customer's id, tells no rows apart.
        telling = [(one, other) for one, other in keys if not (one == other and one.one)]
        if not telling:
            return self._beside(how, left, right, renamed)
        unique = right.unique is not None and right.unique <= dropped
        return self._paired(how, left, right, renamed, cache(partial(self._pairs, how, left, right, telling)), unique)

    def _key(self, each: Any) -> str:
        view = self._expressions.view(each.node)
        if type(view).__name__ != "Column":
            raise Untranslated("a join by something else than columns")
        return str(view.name)

    def _beside(self, how: str, left: Table, right: Table, added: Mapping[str, Later]) -> Table:
        """A join with the only row of the right table, if it has one."""
        made = {name: cache(partial(self._only_row, column, right)) for name, column in added.items()}
        if how == "Left":
            return Table({**left.columns, **made}, left.rows_n, left.unique, left.one)
        if how != "Inner" or not (left.one and right.one):
            raise Untranslated(f"join {how} of one customer's rows")
        rows_n = cache(lambda: self._program.add(ones.product, left.rows_n(), right.rows_n()))
        return Table({**left.columns, **made}, rows_n, left.unique, one=True)

    def _only_row(self, column: Later, table: Table) -> Value:
        value = column()
        if value.one:
            return value._replace(register=self._program.add(ones.present, value.register, table.rows_n()))
        return Value(self._program.add(ones.only_row, value.register), value.kind, one=True)

    def _beside_all(self, left: Table, right: Table, added: Mapping[str, Later]) -> Table:
        if not right.one:
            raise Untranslated("every row with every row")
        # Only a table of aggregates is always there.
        if self._program.is_constant(right.rows_n()):
            return Table({**left.columns, **added}, left.rows_n, left.unique, left.one)
        raise Untranslated("every row with a row that may be missing")

    def _paired(
        self,
        how: str,
        left: Table,
        right: Table,
        added: Mapping[str, Later],
        paired: Callable[[], Register],
        unique: bool,
    ) -> Table:
        made = dict(left.columns)
        # With unique keys on the right, a left join leaves the left table as it is.
        same = how == "Left" and unique and not left.one
        if not same:
            made = {name: cache(partial(self._taken, column, joins.from_left, paired)) for name, column in made.items()}
        for name, column in added.items():
            made[name] = cache(partial(self._from_right, how, column, right, paired))
        if same:
            return Table(made, left.rows_n, left.unique)
        rows_n = cache(lambda: self._program.add(joins.pairs_n, paired()))
        return Table(made, rows_n, left.unique if how in _FEWER else None)

    def _from_right(self, how: str, column: Later, right: Table, paired: Callable[[], Register]) -> Value:
        # Beside a row without a match even one value is null.
        value = self._expressions.full(column(), right.rows_n) if how == "Left" else column()
        return self._taken(lambda: value, joins.from_right, paired)

    def _pairs(self, how: str, left: Table, right: Table, keys: list[tuple[Value, Value]]) -> Register:
        add = self._program.add
        if any(one.kind != other.kind for one, other in keys):
            raise Untranslated("a join of columns of different kinds")
        mine = [self._expressions.full(one, left.rows_n).register for one, _ in keys]
        others = [self._expressions.full(other, right.rows_n).register for _, other in keys]
        return add(_JOINS[how], add(joins.by_key, *others), *mine)


def _among(unique: frozenset[str] | None, names: Collection[str]) -> frozenset[str] | None:
    """``unique`` if all are among these."""
    return unique if unique is not None and unique <= set(names) else None


def _rows_left(rows: columns.Index | None, rows_n: int) -> int:
    return rows_n if rows is None else len(rows)


_LARGEST = 2.0**53
_NULL_TIME = np.iinfo(np.int64).min


def column_of(series: pl.Series, kind: str, numbers: texts.Texts) -> columns.Column:
    """A column of Polars as an engine's column.

    Raises:
        Untranslated: a number is not finite, or so large that sums depend on their order.
    """
    if kind == "text":
        return numbers.column(series.to_list())
    nulls_n = series.null_count()
    if nulls_n == len(series):
        return columns.full(None, nulls_n, kind)
    if kind == "bool":
        return series.fill_null(value=False).to_numpy(), series.is_not_null().to_numpy() if nulls_n else None
    values = series.to_numpy()
    if kind == "time":
        # Microseconds; null is the least number there is.
        moments = values.view(np.int64)
        return moments, moments != _NULL_TIME if nulls_n else None
    if not nulls_n and -_LARGEST < np.add.reduce(values) < _LARGEST:
        return values, None
    known = np.abs(values) < _LARGEST
    if nulls_n != len(values) - np.count_nonzero(known):
        raise Untranslated(f"a number in {series.name} that is not finite, or not below 2**53")
    return values, known if nulls_n else None
